// TARGET of `probemesh probe`: split into what a probe needs. The coordinator checks it again.
#ifndef PROBEMESH_COORDINATOR_CLI_PROBE_TARGET_H_
#define PROBEMESH_COORDINATOR_CLI_PROBE_TARGET_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/net/ip_address.h"

namespace probemesh::cli {

enum class PortRule {
  kNone,      // a port makes no sense
  kOptional,  // 0 or the default when absent
  kRequired,
};

// "host", "host:port", "[v6]:port", a bare IPv6 address. INVALID_ARGUMENT that says what is wrong.
absl::StatusOr<HostPort> ParseProbeTarget(absl::string_view text, PortRule rule,
                                          uint16_t default_port);

// Host and port of an http or https URL (RFC 3986 3.2); user names are refused.
absl::StatusOr<HostPort> ParseUrlAuthority(absl::string_view url);

}  // namespace probemesh::cli

#endif  // PROBEMESH_COORDINATOR_CLI_PROBE_TARGET_H_
