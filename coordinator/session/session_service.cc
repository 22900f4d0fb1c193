#include "coordinator/session/session_service.h"

#include "absl/strings/str_cat.h"
#include "common/log/log.h"
#include "common/rpc/peer.h"
#include "common/rpc/status_bridge.h"
#include "coordinator/session/session_stream.h"

namespace probemesh::coordinator {
namespace {

class RefusedStream final
    : public grpc::ServerBidiReactor<v1::NodeMessage, v1::CoordinatorMessage> {
 public:
  explicit RefusedStream(const absl::Status& status) { Finish(ToGrpc(status)); }
  void OnDone() override { delete this; }
};

}  // namespace

grpc::ServerBidiReactor<v1::NodeMessage, v1::CoordinatorMessage>* SessionService::Connect(
    grpc::CallbackServerContext* context) {
  const absl::StatusOr<VerifiedPeer> peer =
      PeerInRole(*context->auth_context(), Identity::Role::kNode, clock_.Wall());
  if (!peer.ok()) {
    LogWarning("session_refused",
               {{"peer", context->peer()}, {"reason", peer.status().ToString()}});
    return new RefusedStream(peer.status());
  }
  PeerIdentity identity;
  identity.node = absl::StrCat("nodes/", peer->identity.name);
  identity.serial = peer->serial;
  identity.not_after = peer->not_after;
  return SessionStream::Start(gate_, context, std::move(identity));
}

}  // namespace probemesh::coordinator
