// Where do packets stop: TTL-limited packets towards the target, and who answered each.
#ifndef PROBEMESH_PROBE_NODE_PROBES_TRACE_TRACE_PROBE_H_
#define PROBEMESH_PROBE_NODE_PROBES_TRACE_TRACE_PROBE_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "probe-node/engine/probe.h"

namespace probemesh::node {

// Between two packets of a walk. All TTLs are under way together, and yet a target that answers
// within the first packets is spared the rest.
inline constexpr absl::Duration kWalkGap = absl::Milliseconds(10);

// TCP to `port` (required), UDP to `port` (33434 by default), or ICMP echo; with TTLs from first to
// last, each when the node's governor lets it out, and none beyond the TTL at which the target
// answered or a router called it unreachable. TTLs that stayed silent are asked once more,
// `reprobe_after` after the start.
// Ends early when the target has answered (or was called unreachable) and every TTL before that has
// answered, or was asked for the last time 3 round-trip times (at least 200 ms, at most 1 s) ago.
// Without an end it listens until its timeout: a last hop needs 3.1 s to say that a host is gone.
// ANSWERED: the target itself answered, be it with a reset or port unreachable. ICMP_ERROR: it did
// not, and a router called it unreachable. SILENT: neither. LOCAL_ERROR: no packet left. NOT_RUN
// with OVERLOADED: the governor let none out in time. Silence is NO_REPLY_UNKNOWN, which is no
// evidence, where the budget of that distance was spent, the packet still waited for its turn, was
// listened to for less than 200 ms, or somebody answered who quoted too little to know whom
// (udp_walk.h). A `source_port` is the first packet's (TCP), all packets' (UDP) or the identifier
// (ICMP). INVALID_ARGUMENT names the field at fault; FAILED_PRECONDITION: this node has no ping
// sockets.
absl::StatusOr<std::unique_ptr<Probe>> MakeTraceProbe(const v1::ProbeSpec& spec,
                                                      ProbeContext& context);

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_TRACE_TRACE_PROBE_H_
