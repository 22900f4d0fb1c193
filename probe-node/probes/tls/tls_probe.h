// The TLS stage of a check: connect, shake hands, look at what was presented.
#ifndef PROBEMESH_PROBE_NODE_PROBES_TLS_TLS_PROBE_H_
#define PROBEMESH_PROBE_NODE_PROBES_TLS_TLS_PROBE_H_

#include <memory>

#include "absl/status/statusor.h"
#include "probe-node/engine/probe.h"

namespace probemesh::node {

// Port 443 by default. One Exchange (the TCP handshake), stages CONNECT and TLS_HANDSHAKE.
// ANSWERED: the handshake completed and chain, name and dates are good (no name is required
// without a server_name). BAD_ANSWER: completed with a bad certificate, or an alert, or no TLS.
// REFUSED, ICMP_ERROR, LOCAL_ERROR, SILENT: no connection. RESET, CLOSED, HUNG: no handshake.
// A server that asks for a client certificate in TLS 1.3 gets 300 ms to object to having none.
// INVALID_ARGUMENT names the field at fault.
absl::StatusOr<std::unique_ptr<Probe>> MakeTlsProbe(const v1::ProbeSpec& spec,
                                                    ProbeContext& context);

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_TLS_TLS_PROBE_H_
