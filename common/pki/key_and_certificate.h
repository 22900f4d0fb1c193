// X.509 as the mesh uses it: P-256 keys, certificate requests, and reading certificates back.
// Issuing is the coordinator's business (coordinator/pki).
#ifndef PROBEMESH_COMMON_PKI_KEY_AND_CERTIFICATE_H_
#define PROBEMESH_COMMON_PKI_KEY_AND_CERTIFICATE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace probemesh {

// A new P-256 private key as PKCS #8 PEM.
absl::StatusOr<std::string> GeneratePrivateKeyPem();

// A PKCS #10 request signed by the key, DER. Its subject is empty: the signer chooses every name.
absl::StatusOr<std::string> MakeCsrDer(absl::string_view private_key_pem);

// Raw SHA-256 (32 octets) of the DER SubjectPublicKeyInfo, as in RFC 7469 2.4.
absl::StatusOr<std::string> SpkiSha256OfKey(absl::string_view private_key_pem);
// Also proves that the request was signed by its own key: INVALID_ARGUMENT otherwise.
absl::StatusOr<std::string> SpkiSha256OfCsr(absl::string_view csr_der);

struct CertificateFacts {
  std::string common_name;
  std::vector<std::string> uris;  // URI subject alternative names
  std::string serial;             // lower-case hex
  absl::Time not_before;
  absl::Time not_after;
  std::string spki_sha256;  // raw, 32 octets
};

// The first certificate in the PEM text. INVALID_ARGUMENT if there is none.
absl::StatusOr<CertificateFacts> ReadCertificatePem(absl::string_view pem);

}  // namespace probemesh

#endif  // PROBEMESH_COMMON_PKI_KEY_AND_CERTIFICATE_H_
