// What this node may send packets to. Its owner decides; no coordinator can widen it.
#ifndef PROBEMESH_PROBE_NODE_AGENT_TARGET_POLICY_H_
#define PROBEMESH_PROBE_NODE_AGENT_TARGET_POLICY_H_

#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "common/base/clock.h"
#include "common/net/ip_address.h"

namespace probemesh::node {

struct PolicyRules {
  std::vector<IpPrefix> allow;  // granted although denied by default
  std::vector<IpPrefix> deny;   // never, whatever is granted
};

// Addresses are judged in binary, as they will be used; an IPv4 address inside an IPv6 one (mapped,
// NAT64, 6to4) is judged as well. In this order:
//   1. the owner's deny list;
//   2. cloud metadata services: only if granted by name, that is as a /32 or /128;
//   3. the owner's allow list;
//   4. the node's own addresses and the broadcast addresses of its networks: denied;
//   5. the default deny list: private, loopback, documentation, multicast ... ranges.
class TargetPolicy {
 public:
  // The node's own addresses, as of now.
  using OwnAddresses = std::function<std::vector<IpAddress>()>;

  // `clock` must outlive the policy.
  TargetPolicy(PolicyRules rules, const Clock& clock, OwnAddresses own_addresses);

  // OK, or PERMISSION_DENIED with a reason for people. Loop thread only.
  absl::Status Check(const IpAddress& address) const;

 private:
  absl::Status CheckOne(const IpAddress& address) const;
  bool IsOwn(const IpAddress& address) const;

  const PolicyRules rules_;
  const Clock& clock_;
  const OwnAddresses own_addresses_;
  mutable std::vector<IpAddress> own_;  // as of own_since_
  mutable MonotonicTime own_since_;
};

// The interfaces' addresses, and the broadcast addresses of their networks (getifaddrs(3)).
std::vector<IpAddress> InterfaceAddresses();

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_AGENT_TARGET_POLICY_H_
