// Who is at the other end of a call, from the certificate that the TLS handshake verified.
#ifndef PROBEMESH_COMMON_RPC_PEER_H_
#define PROBEMESH_COMMON_RPC_PEER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/pki/identity.h"
#include "grpcpp/grpcpp.h"

namespace probemesh {

struct VerifiedPeer {
  Identity identity;
  std::string serial;  // lower-case hex
  absl::Time not_after;
};

// UNAUTHENTICATED without a certificate of this mesh that is valid at `now`. The validity is looked
// at once more because a resumed TLS session lets an expired certificate in.
absl::StatusOr<VerifiedPeer> PeerOf(const grpc::AuthContext& context, absl::Time now);

// Also PERMISSION_DENIED for a peer in another role.
absl::StatusOr<VerifiedPeer> PeerInRole(const grpc::AuthContext& context, Identity::Role role,
                                        absl::Time now);

}  // namespace probemesh

#endif  // PROBEMESH_COMMON_RPC_PEER_H_
