// The whole node: every part built, wired to the others, and run on one thread.
#ifndef PROBEMESH_PROBE_NODE_NODE_APP_H_
#define PROBEMESH_PROBE_NODE_NODE_APP_H_

#include "absl/status/status.h"
#include "common/event/stop_signals.h"
#include "probe-node/node_options.h"

namespace probemesh::node {

// Enrols if there is a token that was not used yet, and runs until a stop signal. OK after an
// orderly end; otherwise one line for people about what kept the node from starting.
absl::Status RunNode(const NodeOptions& options, StopSignals& signals);

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_NODE_APP_H_
