package com.circleci.runnerinit.nativeimage;

import static java.util.Map.entry;

import java.lang.reflect.Method;
import java.security.Provider;
import java.security.Security;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.graalvm.nativeimage.hosted.Feature;

/**
 * Takes out of the builder's security providers what a client of TLS 1.2 and 1.3 does not use, so
 * that it does not get into the executable. {@code TlsAlgorithmsTest} speaks with what is left;
 * docs/decisions/0016-diet.md has the why.
 */
public final class ClientSecurityServices implements Feature {
  /** Algorithms by the type of service. */
  private static final Map<String, Set<String>> KEPT =
      Map.ofEntries(
          entry(
              "AlgorithmParameters",
              Set.of("ChaCha20-Poly1305", "DiffieHellman", "EC", "GCM", "RSASSA-PSS")),
          entry("CertPathBuilder", Set.of("PKIX")),
          entry("CertPathValidator", Set.of("PKIX")),
          entry("CertStore", Set.of("Collection")),
          entry("CertificateFactory", Set.of("X.509")),
          entry("Cipher", Set.of("AES", "AES/GCM/NoPadding", "ChaCha20-Poly1305")),
          entry("KDF", Set.of("HKDF-SHA256", "HKDF-SHA384")),
          entry("KeyAgreement", Set.of("DiffieHellman", "ECDH", "X25519", "X448", "XDH")),
          entry(
              "KeyFactory",
              Set.of(
                  "DiffieHellman",
                  "EC",
                  "Ed25519",
                  "Ed448",
                  "EdDSA",
                  "RSA",
                  "RSASSA-PSS",
                  "X25519",
                  "X448",
                  "XDH")),
          entry("KeyGenerator", Set.of("SunTls12Prf", "SunTlsKeyMaterial", "SunTlsMasterSecret")),
          entry("KeyPairGenerator", Set.of("DiffieHellman", "EC", "X25519", "X448", "XDH")),
          entry("Mac", Set.of("HmacSHA1", "HmacSHA256", "HmacSHA384")),
          entry("MessageDigest", Set.of("SHA-1", "SHA-224", "SHA-256", "SHA-384", "SHA-512")),
          entry("SSLContext", Set.of("TLS")),
          entry("SecureRandom", Set.of("NativePRNG")),
          entry(
              "Signature",
              Set.of(
                  "Ed25519",
                  "Ed448",
                  "EdDSA",
                  // JSSE asks for it to see whether there are elliptic curves at all.
                  "NONEwithECDSA",
                  "RSASSA-PSS",
                  "SHA1withECDSA",
                  "SHA1withRSA",
                  "SHA224withECDSA",
                  "SHA224withRSA",
                  "SHA256withECDSA",
                  "SHA256withRSA",
                  "SHA384withECDSA",
                  "SHA384withRSA",
                  "SHA512withECDSA",
                  "SHA512withRSA")),
          entry("TrustManagerFactory", Set.of("PKIX")),
          // Not used, but the builder wants one of each type that code can ask for: the smallest.
          entry("AlgorithmParameterGenerator", Set.of("DiffieHellman")),
          entry("Configuration", Set.of("JavaLoginConfig")),
          entry("KEM", Set.of("DHKEM")),
          entry("KeyManagerFactory", Set.of("SunX509")),
          entry("KeyStore", Set.of("DKS")),
          entry("SecretKeyFactory", Set.of("DES")));

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
    return KEPT.getOrDefault(service.getType(), Set.of()).contains(service.getAlgorithm());
  }
}
