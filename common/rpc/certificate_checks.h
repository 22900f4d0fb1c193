// The decisions behind our TLS credentials, free of gRPC.
#ifndef PROBEMESH_COMMON_RPC_CERTIFICATE_CHECKS_H_
#define PROBEMESH_COMMON_RPC_CERTIFICATE_CHECKS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace probemesh {

// UNAUTHENTICATED unless the one URI names a coordinator.
absl::Status CheckCoordinatorUris(const std::vector<std::string>& uris);

// UNAUTHENTICATED unless the chain (PEM, leaf first) holds a CA whose SPKI has this SHA-256, that
// CA issued the leaf, the leaf is valid now and may serve TLS, and it names a coordinator.
absl::Status CheckPinnedChain(absl::string_view chain_pem, absl::string_view ca_spki_sha256);

}  // namespace probemesh

#endif  // PROBEMESH_COMMON_RPC_CERTIFICATE_CHECKS_H_
