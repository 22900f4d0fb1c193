// Is a host alive: one datagram to a port that is presumably closed.
#ifndef PROBEMESH_PROBE_NODE_PROBES_UDP_UDP_PROBE_H_
#define PROBEMESH_PROBE_NODE_PROBES_UDP_UDP_PROBE_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "probe-node/engine/probe.h"

namespace probemesh::node {

// Where traceroute has always knocked.
inline constexpr uint16_t kPresumablyClosedPort = 33434;

// One Exchange. ANSWERED: port unreachable (ICMPv4 3/3, ICMPv6 1/4) from the target itself, which
// is the positive answer of a host whose port is closed (the Exchange says ICMP), or a datagram
// (the Exchange says POSITIVE). ICMP_ERROR: every other ICMP error, from whomever: who sent it and
// which it was stands in the Exchange. SILENT, LOCAL_ERROR; NOT_RUN with OVERLOADED: a TTL is asked
// for, and the node's budget of TTL-limited packets did not let it out in time. INVALID_ARGUMENT
// names the field at fault.
absl::StatusOr<std::unique_ptr<Probe>> MakeUdpProbe(const v1::ProbeSpec& spec,
                                                    ProbeContext& context);

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_UDP_UDP_PROBE_H_
