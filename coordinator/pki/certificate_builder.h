// One X.509 certificate in the making: a thin front over OpenSSL that remembers whether every step
// succeeded.
#ifndef PROBEMESH_COORDINATOR_PKI_CERTIFICATE_BUILDER_H_
#define PROBEMESH_COORDINATOR_PKI_CERTIFICATE_BUILDER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/random.h"
#include "common/pki/openssl_handles.h"

namespace probemesh::coordinator {

class CertificateBuilder {
 public:
  CertificateBuilder();

  // 128 random bits (RFC 5280 4.1.2.2 allows up to 20 octets).
  CertificateBuilder& RandomSerial(Random& random);
  CertificateBuilder& Validity(absl::Time not_before, absl::Time not_after);
  CertificateBuilder& CommonName(const std::string& name);
  CertificateBuilder& PublicKey(EVP_PKEY* key);
  // nullptr: self-signed. Before any extension that names a key.
  CertificateBuilder& Issuer(X509* issuer);
  // `value` in the syntax of x509v3_config(5); must not hold text from outside that is unchecked.
  CertificateBuilder& Extension(int nid, const std::string& value);

  // INTERNAL if any step failed.
  absl::StatusOr<CertificatePtr> Sign(EVP_PKEY* issuer_key);

 private:
  CertificateBuilder& Step(bool succeeded);

  CertificatePtr certificate_;
  X509* issuer_ = nullptr;
  bool failed_ = false;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_PKI_CERTIFICATE_BUILDER_H_
