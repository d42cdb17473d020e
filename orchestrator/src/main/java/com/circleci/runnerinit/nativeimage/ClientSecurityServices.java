package com.circleci.runnerinit.nativeimage;

import java.lang.reflect.Method;
import java.security.Provider;
import java.security.Security;
import java.util.List;
import org.graalvm.nativeimage.hosted.Feature;

/**
 * Takes out of the builder's security providers what a client of TLS 1.2 and 1.3 does not use, so
 * that it does not get into the executable. {@code TlsAlgorithmsTest} speaks with what is left;
 * docs/decisions/0016-diet.md has the why.
 */
public final class ClientSecurityServices implements Feature {
  /**
   * A type of service a line, with its algorithms. JSSE asks for NONEwithECDSA to see whether there
   * are elliptic curves at all. Of the types in the last six lines none is used, but the builder
   * wants one of each that code can ask for: the smallest.
   */
  private static final String KEPT =
      """
      AlgorithmParameters ChaCha20-Poly1305 DiffieHellman EC GCM RSASSA-PSS
      CertPathBuilder PKIX
      CertPathValidator PKIX
      CertStore Collection
      CertificateFactory X.509
      Cipher AES AES/GCM/NoPadding ChaCha20-Poly1305
      KDF HKDF-SHA256 HKDF-SHA384
      KeyAgreement DiffieHellman ECDH X25519 X448 XDH
      KeyFactory DiffieHellman EC Ed25519 Ed448 EdDSA RSA RSASSA-PSS X25519 X448 XDH
      KeyGenerator SunTls12Prf SunTlsKeyMaterial SunTlsMasterSecret
      KeyPairGenerator DiffieHellman EC X25519 X448 XDH
      Mac HmacSHA1 HmacSHA256 HmacSHA384
      MessageDigest SHA-1 SHA-224 SHA-256 SHA-384 SHA-512
      SSLContext TLS
      SecureRandom NativePRNG
      Signature Ed25519 Ed448 EdDSA NONEwithECDSA RSASSA-PSS SHA1withECDSA SHA1withRSA
      Signature SHA224withECDSA SHA224withRSA SHA256withECDSA SHA256withRSA
      Signature SHA384withECDSA SHA384withRSA SHA512withECDSA SHA512withRSA
      TrustManagerFactory PKIX
      AlgorithmParameterGenerator DiffieHellman
      Configuration JavaLoginConfig
      KEM DHKEM
      KeyManagerFactory SunX509
      KeyStore DKS
      SecretKeyFactory DES
      """;

  @Override
  public void afterRegistration(AfterRegistrationAccess access) {
    try {
      // Not public: ./do opens java.security to it.
      Method remove = Provider.class.getDeclaredMethod("removeService", Provider.Service.class);
      remove.setAccessible(true);
      for (Provider provider : Security.getProviders()) {
        for (Provider.Service service : List.copyOf(provider.getServices())) {
          if (!isKept(service)) {
            remove.invoke(provider, service);
          }
        }
        if (provider.getServices().isEmpty()) {
          Security.removeProvider(provider.getName());
        }
      }
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("a security provider can't be changed", e);
    }
  }

  private static boolean isKept(Provider.Service service) {
    return KEPT.lines()
        .map(line -> List.of(line.split(" ", -1)))
        .anyMatch(line ->
            line.getFirst().equals(service.getType())
                && line.subList(1, line.size()).contains(service.getAlgorithm()));
  }
}
