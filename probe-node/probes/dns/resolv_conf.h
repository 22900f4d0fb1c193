// The system's resolver configuration: resolv.conf(5) and hosts(5), as far as probes need them.
#ifndef PROBEMESH_PROBE_NODE_PROBES_DNS_RESOLV_CONF_H_
#define PROBEMESH_PROBE_NODE_PROBES_DNS_RESOLV_CONF_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/net/ip_address.h"

namespace probemesh::node {

// Defaults and bounds are those of resolv.conf(5).
struct ResolvConf {
  std::vector<Endpoint> servers;    // port 53; at most 3; 127.0.0.1 if the file names none
  std::vector<std::string> search;  // at most 6, without trailing dots
  int ndots = 1;                    // 0 to 15
  int timeout_seconds = 5;          // 1 to 30
  int attempts = 2;                 // 1 to 5
  bool use_vc = false;              // TCP from the start
};

// Never fails: lines that it does not understand are skipped, as the C library does. Servers with a
// scope id (fe80::1%eth0) are skipped too, because Endpoint has no scope. The last of several
// `search` and `domain` lines counts.
ResolvConf ParseResolvConf(absl::string_view text);

// The addresses of `name` (compared without case, a trailing dot ignored) in the text of a hosts
// file, in the order of the file; at most 64.
std::vector<IpAddress> FindInHosts(absl::string_view text, absl::string_view name,
                                   IpAddress::Family family);

// Names to ask for, in the C library's order: only `name` itself if it ends in a dot; first itself
// and then with each search domain appended if it has at least `ndots` dots; otherwise itself last.
struct CandidateNames {
  std::vector<std::string> names;
  size_t as_given = 0;  // index of `name` itself
};
CandidateNames ListCandidateNames(const ResolvConf& conf, absl::string_view name);

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_DNS_RESOLV_CONF_H_
