package com.circleci.runnerinit.nativeimage;

import com.oracle.svm.core.annotate.Substitute;
import com.oracle.svm.core.annotate.TargetClass;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.net.spi.InetAddressResolver.LookupPolicy;
import java.util.stream.Stream;

/**
 * The JDK's own reader of a hosts file, which a system property turns on that nobody can set for
 * the executable. Names are looked up by {@code clients.net.Resolver}.
 */
@TargetClass(value = InetAddress.class, innerClass = "HostsFileResolver")
@SuppressWarnings({"unused", "DoNotCallSuggester"}) // the names are the JDK's
final class NoHostsFileResolver {
  private NoHostsFileResolver() {}

  @Substitute
  public String lookupByAddress(byte[] address) throws UnknownHostException {
    throw new UnknownHostException();
  }

  @Substitute
  public Stream<InetAddress> lookupByName(String host, LookupPolicy policy)
      throws UnknownHostException {
    throw new UnknownHostException(host);
  }
}
