// TARGET of the command line and the API, parsed.
#ifndef PROBEMESH_COORDINATOR_PLANNER_TARGET_H_
#define PROBEMESH_COORDINATOR_PLANNER_TARGET_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/net/ip_address.h"
#include "probemesh/v1/target.pb.h"

namespace probemesh::coordinator {

// `host`, `host:port`, `[v6]:port`, an address, or an http(s) URL. Names are checked (RFC 1123
// 2.1, at most 253 octets, "_" tolerated) and lower-cased; a trailing dot is dropped.
// INVALID_ARGUMENT that says what is wrong and what would be right.
absl::StatusOr<v1::Target> ParseTarget(absl::string_view text);

// False for the unspecified, multicast and broadcast addresses. Which hosts may be probed is
// another question: the owner of each node answers it.
bool NamesOneHost(const IpAddress& address);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_PLANNER_TARGET_H_
