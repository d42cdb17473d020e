package com.circleci.runnerinit.health;

import com.circleci.runnerinit.health.ParsedRequest.Refused;
import com.circleci.runnerinit.health.ParsedRequest.Request;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ContentLengthStrategy;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.HttpStatus;
import org.apache.hc.core5.http.HttpVersion;
import org.apache.hc.core5.http.NotImplementedException;
import org.apache.hc.core5.http.ProtocolVersion;
import org.apache.hc.core5.http.RequestHeaderFieldsTooLargeException;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.impl.DefaultContentLengthStrategy;
import org.apache.hc.core5.http.impl.io.DefaultHttpRequestParser;
import org.apache.hc.core5.http.impl.io.SessionInputBufferImpl;
import org.apache.hc.core5.http.message.MessageSupport;
import org.jspecify.annotations.Nullable;

/** Reads a request's head by RFC 9112, for a server that wants no request bodies. */
final class RequestParser {
  private static final int MAX_HEADERS = 100;
  private static final Http1Config CONFIG =
      Http1Config.custom().setMaxHeaderCount(MAX_HEADERS).build();

  private RequestParser() {}

  /** Never throws for what the bytes hold. */
  static ParsedRequest parse(byte[] head) {
    try {
      ClassicHttpRequest message = read(head);
      if (message == null) {
        return new Refused(HttpStatus.SC_BAD_REQUEST);
      }
      ProtocolVersion version = message.getVersion();
      if (version.getMajor() != 1) {
        return new Refused(HttpStatus.SC_HTTP_VERSION_NOT_SUPPORTED);
      }
      boolean modern = version.greaterEquals(HttpVersion.HTTP_1_1);
      int hosts = message.countHeaders(HttpHeaders.HOST);
      if (hosts > 1 || (hosts == 0 && modern)) {
        return new Refused(HttpStatus.SC_BAD_REQUEST);
      }
      // A body isn't read, so what follows the head can't be taken for the next request.
      boolean persistent = keepsAlive(message, modern) && !hasBody(message);
      return new Request(message.getMethod(), path(message.getPath()), persistent);
    } catch (RequestHeaderFieldsTooLargeException e) {
      return new Refused(HttpStatus.SC_REQUEST_HEADER_FIELDS_TOO_LARGE);
    } catch (NotImplementedException e) {
      return new Refused(HttpStatus.SC_NOT_IMPLEMENTED);
    } catch (HttpException | IllegalArgumentException e) {
      return new Refused(HttpStatus.SC_BAD_REQUEST);
    }
  }

  /** Null when nothing but blank lines is there. */
  private static @Nullable ClassicHttpRequest read(byte[] head) throws HttpException {
    SessionInputBufferImpl buffer = new SessionInputBufferImpl(head.length);
    try {
      return new DefaultHttpRequestParser(CONFIG).parse(buffer, new ByteArrayInputStream(head));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean keepsAlive(ClassicHttpRequest message, boolean modern) {
    boolean keepAlive = modern;
    Iterator<String> options = MessageSupport.iterateTokens(message, HttpHeaders.CONNECTION);
    while (options.hasNext()) {
      String option = options.next();
      if (option.equalsIgnoreCase("close")) {
        return false;
      }
      keepAlive |= option.equalsIgnoreCase("keep-alive");
    }
    return keepAlive;
  }

  private static boolean hasBody(ClassicHttpRequest message) throws HttpException {
    long length = DefaultContentLengthStrategy.INSTANCE.determineLength(message);
    return length != 0 && length != ContentLengthStrategy.UNDEFINED;
  }

  private static String path(String target) {
    int query = target.indexOf('?');
    return query < 0 ? target : target.substring(0, query);
  }
}
