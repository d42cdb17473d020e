package com.circleci.runnerinit.clients.runner.http;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.configuration.Secret;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.impl.io.DefaultHttpRequestWriter;
import org.apache.hc.core5.http.impl.io.SessionOutputBufferImpl;
import org.apache.hc.core5.http.message.BasicClassicHttpRequest;

/** The head of a request, whose target is written as it is given: a path, a URL or an authority. */
final class RequestHead extends BasicClassicHttpRequest {
  private static final long serialVersionUID = 1L;
  private static final int BUFFER_BYTES = 4096;

  private final String target;

  RequestHead(String method, String target) {
    super(method, "/");
    this.target = requireNonNull(target, "target is null");
  }

  @Override
  public String getRequestUri() {
    return target;
  }

  void add(HeaderField field) {
    addHeader(field.name(), field.value().reveal());
  }

  void addProxyAuthorization(Secret credentials) {
    add(new HeaderField("Proxy-Authorization", credentials));
  }

  /** The head and a body in one piece: two writes over TLS would meet a delayed ACK. */
  byte[] with(byte[] body) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    SessionOutputBufferImpl buffer = new SessionOutputBufferImpl(BUFFER_BYTES);
    try {
      new DefaultHttpRequestWriter().write(this, buffer, bytes);
    } catch (HttpException e) {
      throw new ExchangeException("the request can't be written");
    }
    buffer.flush(bytes);
    bytes.writeBytes(body);
    return bytes.toByteArray();
  }
}
