// The resolver of the node itself: its hosts file, its resolv.conf. Never getaddrinfo, which
// blocks.
#ifndef PROBEMESH_PROBE_NODE_PROBES_DNS_SYSTEM_RESOLVER_H_
#define PROBEMESH_PROBE_NODE_PROBES_DNS_SYSTEM_RESOLVER_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "probe-node/engine/probe.h"
#include "probe-node/probes/dns/dns_lookup.h"

namespace probemesh::node {

// The plan for `name` by context.resolv_conf as it is now (an unreadable file counts as an empty
// one). Several servers are asked 500 ms apart, a single one again after 1 s, or after the file's
// `timeout` if that is shorter. The servers are the node's own configuration: the target policy is
// not asked about them.
DnsPlan SystemDnsPlan(const ProbeContext& context, absl::string_view name);

// The addresses of `name` in context.hosts_file, as it is now. Reads at most 1 MiB of it.
std::vector<IpAddress> LookUpHostsFile(const ProbeContext& context, absl::string_view name,
                                       IpAddress::Family family);

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_DNS_SYSTEM_RESOLVER_H_
