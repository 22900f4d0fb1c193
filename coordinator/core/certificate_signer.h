// How the core has node certificates made, without knowing the CA.
#ifndef PROBEMESH_COORDINATOR_CORE_CERTIFICATE_SIGNER_H_
#define PROBEMESH_COORDINATOR_CORE_CERTIFICATE_SIGNER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace probemesh::coordinator {

struct SignedCertificate {
  std::string chain_pem;  // leaf first
  std::string ca_bundle_pem;
  std::string serial;  // of the leaf, lower-case hex
  absl::Time expire_time;
};

// Core loop only; quick enough for it (one P-256 signature).
class CertificateSigner {
 public:
  virtual ~CertificateSigner() = default;
  // `node_name` is bare ("fra-1") and already checked. Only the public key of the request is used.
  // INVALID_ARGUMENT when the request is malformed or not signed by its own key.
  virtual absl::StatusOr<SignedCertificate> SignNode(absl::string_view csr_der,
                                                     absl::string_view node_name) = 0;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_CORE_CERTIFICATE_SIGNER_H_
