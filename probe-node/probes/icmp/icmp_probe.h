// Does a host answer echo requests: a series of them over one ping socket.
#ifndef PROBEMESH_PROBE_NODE_PROBES_ICMP_ICMP_PROBE_H_
#define PROBEMESH_PROBE_NODE_PROBES_ICMP_ICMP_PROBE_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "probe-node/engine/probe.h"

namespace probemesh::node {

// A reply that takes longer is LATE: it counts as received all the same.
inline constexpr absl::Duration kEchoReplyDeadline = absl::Seconds(1);

// One Exchange for each request that was sent; requests that do not fit into the timeout are not
// sent. Ends when every request has its reply or its ICMP error, or at the timeout.
// ANSWERED: at least one reply. ICMP_ERROR: no reply, and an ICMP error for at least one request.
// LOCAL_ERROR: no request left this node. SILENT: all else. NOT_RUN with OVERLOADED: a TTL is asked
// for, and the node's budget of TTL-limited packets let none out in time.
// A `source_port` is the echo identifier.
// INVALID_ARGUMENT names the field at fault; FAILED_PRECONDITION: this node has no ping sockets.
absl::StatusOr<std::unique_ptr<Probe>> MakeIcmpProbe(const v1::ProbeSpec& spec,
                                                     ProbeContext& context);

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_ICMP_ICMP_PROBE_H_
