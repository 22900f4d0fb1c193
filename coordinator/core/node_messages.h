// What a node may say: checks of every message before it is believed.
#ifndef PROBEMESH_COORDINATOR_CORE_NODE_MESSAGES_H_
#define PROBEMESH_COORDINATOR_CORE_NODE_MESSAGES_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "probemesh/v1/node_service.pb.h"

namespace probemesh::coordinator {

// INVALID_ARGUMENT with the reason. A message that passes holds no text or list longer than
// coordinator/core/limits.h allows, but for the observation of a result.
absl::Status CheckNodeMessage(const v1::NodeMessage& message);

// What is kept of an observation that is too large to be kept whole: that there was one, and
// nothing that could count as a failure of the target. `why` ends "it took N octets, ...".
v1::Observation RefusedObservation(const v1::Observation& observation, absl::string_view why);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_CORE_NODE_MESSAGES_H_
