#include "coordinator/api/admission.h"

#include "common/log/log.h"
#include "common/rpc/peer.h"
#include "common/rpc/status_bridge.h"

namespace probemesh::coordinator {

CallSlot::CallSlot(ApiCounters& counters) : counters_(counters) {
  ++counters_.calls;
  over_limit_ = ++counters_.calls_in_flight > kMaxCallsInFlight;
  if (over_limit_) ++counters_.calls_over_limit;
}

CallSlot::~CallSlot() { --counters_.calls_in_flight; }

absl::Status CallSlot::status() const {
  if (!over_limit_) return absl::OkStatus();
  return WithReason(absl::ResourceExhaustedError("too many calls at this moment; try again soon"),
                    "TOO_MANY_CALLS");
}

absl::Status CheckOperator(const ApiContext& api, const grpc::CallbackServerContext& context) {
  const absl::StatusOr<VerifiedPeer> peer =
      PeerInRole(*context.auth_context(), Identity::Role::kOperator, api.clock.Wall());
  if (peer.ok()) return absl::OkStatus();
  ++api.counters.calls_refused;
  LogWarning("call_refused", {{"peer", context.peer()}, {"reason", peer.status().ToString()}});
  return peer.status();
}

}  // namespace probemesh::coordinator
