// The probes of a diagnosis, spelt out. Timeouts are the caller's.
#ifndef PROBEMESH_COORDINATOR_PLANNER_PROBE_SPECS_H_
#define PROBEMESH_COORDINATOR_PLANNER_PROBE_SPECS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/net/ip_address.h"
#include "probemesh/v1/probe.pb.h"
#include "probemesh/v1/target.pb.h"

namespace probemesh::coordinator {

// Asked of the system's resolvers.
v1::ProbeSpec DnsSpec(v1::ProbeRole role, const std::string& name, v1::AddressFamily family,
                      bool over_tcp, absl::Duration timeout);
v1::ProbeSpec TcpSpec(v1::ProbeRole role, const IpAddress& address, uint32_t port,
                      absl::Duration timeout);
// One echo request.
v1::ProbeSpec EchoSpec(v1::ProbeRole role, const IpAddress& address, absl::Duration timeout);
// To a port of traceroute's range, which moves with the attempt.
v1::ProbeSpec ClosedPortSpec(const IpAddress& address, uint32_t attempt, absl::Duration timeout);
// GET of the target's URL, pinned to `address`, following no redirect.
v1::ProbeSpec HttpSpec(const v1::Target& target, const IpAddress& address, absl::Duration timeout);

struct WalkShape {
  v1::TraceProbe::Protocol protocol = v1::TraceProbe::TCP;
  uint32_t port = 0;
  uint32_t first_ttl = 1;
  uint32_t last_ttl = 0;
  bool reprobe = false;  // ask silent distances again; TCP does that by itself after 1 s
};
v1::ProbeSpec WalkSpec(const IpAddress& address, const WalkShape& shape, absl::Duration timeout);

v1::AddressFamily FamilyOf(const IpAddress& address);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_PLANNER_PROBE_SPECS_H_
