// The file that holds who the node is.
#ifndef PROBEMESH_PROBE_NODE_IDENTITY_IDENTITY_FILE_H_
#define PROBEMESH_PROBE_NODE_IDENTITY_IDENTITY_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "probemesh/internal/v1/node_identity.pb.h"

namespace probemesh::node {

using NodeIdentity = internal::v1::NodeIdentity;

inline bool IsEnrolled(const NodeIdentity& identity) {
  return !identity.certificate_chain_pem().empty();
}

// NOT_FOUND if there is none yet; FAILED_PRECONDITION naming the file if it is broken (what to do
// included), or if its certificate is not of its key.
absl::StatusOr<NodeIdentity> LoadIdentity(const std::string& path);

// Atomically, mode 0600. UNAVAILABLE or PERMISSION_DENIED naming the file.
absl::Status SaveIdentity(const NodeIdentity& identity, const std::string& path);

// OK if the chain's first certificate is of this key and names this node ("nodes/fra-1").
// INVALID_ARGUMENT with the reason.
absl::Status CheckCertificate(const std::string& chain_pem, const std::string& key_pem,
                              const std::string& node);

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_IDENTITY_IDENTITY_FILE_H_
