// Does a port accept connections: one handshake, and what the kernel learnt from it.
#ifndef PROBEMESH_PROBE_NODE_PROBES_TCP_TCP_PROBE_H_
#define PROBEMESH_PROBE_NODE_PROBES_TCP_TCP_PROBE_H_

#include <memory>

#include "absl/status/statusor.h"
#include "probe-node/engine/probe.h"

namespace probemesh::node {

// One Exchange, one stage CONNECT. ANSWERED: the handshake completed; the connection is then closed
// with a reset, so that no FIN is retransmitted into a path that has broken meanwhile, and the
// source port is free for the next try. REFUSED: a reset, and nothing in the error queue.
// ICMP_ERROR: the first ICMP error, as Linux gives up a handshake at it (it comes up to 3.1 s after
// the SYN when a last hop has looked for the host in vain). SILENT: nothing by the deadline; the
// kernel repeats the SYN meanwhile, after 1 s and 3 s. LOCAL_ERROR: the errno of a call.
// INVALID_ARGUMENT names the field at fault.
absl::StatusOr<std::unique_ptr<Probe>> MakeTcpProbe(const v1::ProbeSpec& spec,
                                                    ProbeContext& context);

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_TCP_TCP_PROBE_H_
