// Certificates made in memory for tests of TLS: an authority, leaves of every bad kind, and server
// contexts that present them.
#ifndef PROBEMESH_TESTS_SUPPORT_TEST_CERTIFICATES_H_
#define PROBEMESH_TESTS_SUPPORT_TEST_CERTIFICATES_H_

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace probemesh {

struct TestIdentity {
  std::shared_ptr<EVP_PKEY> key;
  std::shared_ptr<X509> certificate;

  std::string CertificatePem() const;
};

struct TestLeaf {
  std::string common_name = "leaf";
  std::string alternative_names = "DNS:localhost,IP:127.0.0.1";  // OpenSSL's syntax; may be empty
  absl::Duration from = -absl::Hours(1);                         // since now
  absl::Duration until = absl::Hours(1);
};

// EC P-256. Aborts if OpenSSL fails.
TestIdentity MakeTestAuthority(const std::string& common_name = "test authority",
                               absl::Duration until = absl::Hours(1));
TestIdentity SignTestLeaf(const TestLeaf& leaf, const TestIdentity& authority);
TestIdentity MakeSelfSignedLeaf(const TestLeaf& leaf);

// A server's context that presents `leaf` and then `others`.
std::shared_ptr<SSL_CTX> MakeServerContext(const TestIdentity& leaf,
                                           const std::vector<TestIdentity>& others = {});
// Makes the server choose the first of its protocols that the client offers; "h2" for example.
void OfferAlpn(SSL_CTX* server, const std::string& protocol);
// Makes the server insist on a client certificate.
void RequireClientCertificate(SSL_CTX* server);

}  // namespace probemesh

#endif  // PROBEMESH_TESTS_SUPPORT_TEST_CERTIFICATES_H_
