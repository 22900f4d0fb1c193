// The lab's internet as data: who exists, who is wired to whom, and what follows from that
// (addresses and routes). Pure: nothing here touches the system.
//
//      va -- ra --\          /-- m1 -- p1 --\          /-- t   target, nginx 80/443
//      vc -- rc -- b1 ----- /  \             e (edge, firewall) -- n   neighbour, nginx
//                     \    / \               |         \-- in  host on the target's LAN
//                      \  /   \              |
//      vb -- rb -- b2 ----- -- m2 -- p2 ----/     x, d behind m1; y behind m2
//      vd -- rd --/
//
// b1 prefers m1 and b2 prefers m2, so AS 65001 and 65003 reach the target through p1 and AS 65002
// and 65004 through p2; the edge returns the same way. Both carriers are wired to both transits and
// reach each control by the shortest way. Five routers lie between a vantage and the target. There
// is no ECMP, and only hosts have a default route: a router without a route says so (ICMP 3/0,
// 1/0).
//
// Every AS with index i has number 65000+i and owns 10.i.0.0/16 and fd00:i::/32 (the target's site
// only 10.50.0.0/24 and fd00:50::/64). A link is numbered from the AS of its first router.
#ifndef PROBEMESH_TESTS_LAB_TOPOLOGY_H_
#define PROBEMESH_TESTS_LAB_TOPOLOGY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace probemesh::lab {

enum class Role { kVantage, kRouter, kWeb, kDns, kInside, kCoordinator };

enum class Family { kV4, kV6 };

absl::string_view RoleName(Role role);

// One end of a wire, or a bridge.
struct Interface {
  std::string name;
  std::string v4;         // "10.1.0.10/24"; empty for a bridge port
  std::string v6;         // "fd00:1::10/64"
  std::string peer_node;  // empty for a bridge
  std::string peer_name;  // the interface at the other end
  std::string bridge;     // the bridge of the same node that it is a port of
  bool is_bridge = false;
  bool creates_wire = false;  // exactly one end of each wire has it
};

struct Route {
  std::string prefix;  // "10.50.0.0/24", "default"
  std::string via;     // next hop's address
  Family family = Family::kV4;
};

struct Node {
  std::string name;
  Role role = Role::kRouter;
  uint32_t asn = 0;  // 0: outside the lab's internet (the coordinator)
  std::vector<Interface> interfaces;
  std::vector<Route> routes;

  // The address by which others know a host: that of its first interface; "" if there is none.
  std::string Address(Family family) const;
  // Every address of the node on the lab's internet, without the prefix length.
  std::vector<std::string> Addresses() const;
  const Interface* FindInterface(absl::string_view name) const;
};

struct Topology {
  std::vector<Node> nodes;

  const Node* Find(absl::string_view name) const;
  // The node must exist.
  const Node& Get(absl::string_view name) const;
  std::vector<std::string> NamesOf(Role role) const;
  // The next hop's address on the wire from `from` to its direct neighbour `to`; "" if there is
  // none.
  std::string WireAddress(absl::string_view from, absl::string_view to, Family family) const;
};

// Computed once; lives as long as the process.
const Topology& LabTopology();

inline constexpr uint32_t kFirstAsn = 65000;
inline constexpr char kZone[] = "lab.test";
inline constexpr char kTargetName[] = "www.lab.test";
inline constexpr char kSitePrefixV4[] = "10.50.0.0/24";
inline constexpr char kSitePrefixV6[] = "fd00:50::/64";
// The out-of-band network that carries the mesh's own traffic, so that faults cannot cut it.
inline constexpr char kManagementInterface[] = "mgmt0";
inline constexpr char kCoordinatorAddress[] = "192.168.77.1";

}  // namespace probemesh::lab

#endif  // PROBEMESH_TESTS_LAB_TOPOLOGY_H_
