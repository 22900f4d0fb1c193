// The name stage of a check: one question, and what each server said to it.
#ifndef PROBEMESH_PROBE_NODE_PROBES_DNS_DNS_PROBE_H_
#define PROBEMESH_PROBE_NODE_PROBES_DNS_DNS_PROBE_H_

#include <memory>

#include "absl/status/statusor.h"
#include "probe-node/engine/probe.h"

namespace probemesh::node {

// With an address: that server (port 53 by default), asked again after 1 s from a new port unless a
// source port is given. Without: the hosts file, then the node's resolvers (system_resolver.h).
// Outcome ANSWERED: NOERROR with a record of the asked type. BAD_ANSWER: any other answer.
// Otherwise nobody answered, and the outcome is the most telling of ICMP_ERROR, REFUSED, RESET,
// CLOSED, HUNG (the last four over TCP), SILENT and LOCAL_ERROR.
// INVALID_ARGUMENT names the field at fault.
absl::StatusOr<std::unique_ptr<Probe>> MakeDnsProbe(const v1::ProbeSpec& spec,
                                                    ProbeContext& context);

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_DNS_DNS_PROBE_H_
