#include "tests/lab/topology.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace probemesh::lab {
namespace {

struct RouterSpec {
  const char* name;
  uint32_t as_index;
  bool transit;  // carries traffic between others
};

struct WireSpec {
  const char* a;  // owns the link's addresses
  const char* b;
  uint32_t subnet;  // third octet, unique within the AS of `a`
  int cost;
};

struct HostSpec {
  const char* name;
  Role role;
  const char* router;
  uint32_t as_index;
  int host_number;
};

constexpr uint32_t kSite = 50;

constexpr RouterSpec kRouters[] = {
    {"ra", 1, false}, {"rb", 2, false}, {"rc", 3, false},    {"rd", 4, false},
    {"b1", 21, true}, {"b2", 22, true}, {"m1", 11, true},    {"m2", 12, true},
    {"p1", 31, true}, {"p2", 32, true}, {"e", kSite, false},
};

constexpr WireSpec kWires[] = {
    {"b1", "ra", 1, 1}, {"b1", "rc", 2, 1}, {"b2", "rb", 1, 1}, {"b2", "rd", 2, 1},
    {"m1", "b1", 1, 1}, {"m1", "b2", 2, 2}, {"m2", "b2", 1, 1}, {"m2", "b1", 2, 2},
    {"m1", "p1", 3, 1}, {"m2", "p2", 3, 1}, {"p1", "e", 1, 1},  {"p2", "e", 1, 1},
};

constexpr HostSpec kHosts[] = {
    {"va", Role::kVantage, "ra", 1, 10},   {"vb", Role::kVantage, "rb", 2, 10},
    {"vc", Role::kVantage, "rc", 3, 10},   {"vd", Role::kVantage, "rd", 4, 10},
    {"t", Role::kWeb, "e", kSite, 10},     {"n", Role::kWeb, "e", kSite, 20},
    {"in", Role::kInside, "e", kSite, 30}, {"x", Role::kWeb, "m1", 61, 10},
    {"y", Role::kWeb, "m2", 62, 10},       {"d", Role::kDns, "m1", 70, 10},
};

std::string AddressV4(uint32_t as_index, uint32_t subnet, int host) {
  return absl::StrCat("10.", as_index, ".", subnet, ".", host);
}

std::string AddressV6(uint32_t as_index, uint32_t subnet, int host) {
  if (subnet == 0) return absl::StrCat("fd00:", as_index, "::", host);
  return absl::StrCat("fd00:", as_index, ":", subnet, "::", host);
}

std::string AsPrefix(uint32_t as_index, Family family) {
  if (as_index == kSite) return family == Family::kV4 ? kSitePrefixV4 : kSitePrefixV6;
  return family == Family::kV4 ? absl::StrCat("10.", as_index, ".0.0/16")
                               : absl::StrCat("fd00:", as_index, "::/32");
}

class Builder {
 public:
  Topology Build() {
    for (const RouterSpec& router : kRouters) AddNode(router.name, Role::kRouter, router.as_index);
    for (const HostSpec& host : kHosts) AddNode(host.name, host.role, host.as_index);
    topology_.nodes.push_back({"c", Role::kCoordinator, 0, {}, {}});
    for (const WireSpec& wire : kWires) AddWire(wire);
    for (const HostSpec& host : kHosts) AddHost(host);
    AddManagement();
    for (const RouterSpec& router : kRouters) AddRoutes(router.name);
    return std::move(topology_);
  }

 private:
  Node& Mutable(absl::string_view name) { return const_cast<Node&>(topology_.Get(name)); }

  void AddNode(const char* name, Role role, uint32_t as_index) {
    topology_.nodes.push_back({name, role, kFirstAsn + as_index, {}, {}});
  }

  static uint32_t AsIndex(absl::string_view router) {
    for (const RouterSpec& spec : kRouters) {
      if (router == spec.name) return spec.as_index;
    }
    return 0;
  }

  void AddWire(const WireSpec& wire) {
    const uint32_t as = AsIndex(wire.a);
    const auto end = [&](int host, const char* peer, const char* self) {
      Interface interface;
      interface.name = absl::StrCat("to-", peer);
      interface.v4 = absl::StrCat(AddressV4(as, wire.subnet, host), "/30");
      interface.v6 = absl::StrCat(AddressV6(as, wire.subnet, host), "/64");
      interface.peer_node = peer;
      interface.peer_name = absl::StrCat("to-", self);
      interface.creates_wire = host == 1;
      return interface;
    };
    Mutable(wire.a).interfaces.push_back(end(1, wire.b, wire.a));
    Mutable(wire.b).interfaces.push_back(end(2, wire.a, wire.b));
  }

  // Hosts of the site share a LAN, bridged in the edge; every other host has its router's port
  // alone.
  void AddHost(const HostSpec& host) {
    const std::string port = absl::StrCat("to-", host.name);
    const std::string gateway_v4 = AddressV4(host.as_index, 0, 1);
    const std::string gateway_v6 = AddressV6(host.as_index, 0, 1);
    const bool bridged = host.as_index == kSite;
    Node& router = Mutable(host.router);
    if (bridged && router.FindInterface("lan0") == nullptr) {
      router.interfaces.push_back(
          {"lan0", gateway_v4 + "/24", gateway_v6 + "/64", "", "", "", true, false});
    }
    Interface router_end{port, "", "", host.name, "eth0", bridged ? "lan0" : "", false, true};
    if (!bridged) {
      router_end.v4 = gateway_v4 + "/24";
      router_end.v6 = gateway_v6 + "/64";
    }
    router.interfaces.push_back(router_end);
    Node& node = Mutable(host.name);
    node.interfaces.push_back({"eth0", AddressV4(host.as_index, 0, host.host_number) + "/24",
                               AddressV6(host.as_index, 0, host.host_number) + "/64", host.router,
                               port, "", false, false});
    node.routes.push_back({"default", gateway_v4, Family::kV4});
    node.routes.push_back({"default", gateway_v6, Family::kV6});
  }

  void AddManagement() {
    Node& coordinator = Mutable("c");
    coordinator.interfaces.push_back(
        {"mgmt", absl::StrCat(kCoordinatorAddress, "/24"), "", "", "", "", true, false});
    int number = 11;
    for (const HostSpec& host : kHosts) {
      if (host.role != Role::kVantage && host.role != Role::kInside) continue;
      const std::string port = absl::StrCat("to-", host.name);
      coordinator.interfaces.push_back(
          {port, "", "", host.name, kManagementInterface, "mgmt", false, true});
      Mutable(host.name).interfaces.push_back({kManagementInterface,
                                               absl::StrCat("192.168.77.", number++, "/24"), "",
                                               "c", port, "", false, false});
    }
  }

  // Least cost from `source` to every router; through transit routers only. Ties go to the router
  // that comes first in kRouters, so that both directions agree.
  std::map<std::string, std::string> FirstHops(const std::string& source) const {
    std::map<std::string, std::pair<int, std::string>> best = {{source, {0, ""}}};
    std::set<std::string> done;
    while (true) {
      const RouterSpec* next = nullptr;
      for (const RouterSpec& router : kRouters) {
        if (best.count(router.name) == 0 || done.count(router.name) > 0) continue;
        if (next == nullptr || best[router.name].first < best[next->name].first) next = &router;
      }
      if (next == nullptr) break;
      done.insert(next->name);
      if (next->transit || next->name == source) Relax(next->name, source, best);
    }
    std::map<std::string, std::string> hops;
    for (const auto& [router, entry] : best) hops[router] = entry.second;
    return hops;
  }

  static void Relax(const std::string& from, const std::string& source,
                    std::map<std::string, std::pair<int, std::string>>& best) {
    for (const WireSpec& wire : kWires) {
      if (from != wire.a && from != wire.b) continue;
      const std::string to = from == wire.a ? wire.b : wire.a;
      const int cost = best[from].first + wire.cost;
      const std::string hop = from == source ? to : best[from].second;
      const auto known = best.find(to);
      if (known == best.end() || cost < known->second.first) best[to] = {cost, hop};
    }
  }

  void AddRoutes(const std::string& router) {
    const std::map<std::string, std::string> hops = FirstHops(router);
    std::map<uint32_t, std::string> homes;  // AS index -> the router that it hangs off
    for (const RouterSpec& spec : kRouters) homes[spec.as_index] = spec.name;
    for (const HostSpec& host : kHosts) homes[host.as_index] = host.router;
    for (const auto& [as_index, home] : homes) {
      if (home == router) continue;
      const std::string& hop = hops.at(home);
      for (const Family family : {Family::kV4, Family::kV6}) {
        Mutable(router).routes.push_back(
            {AsPrefix(as_index, family), topology_.WireAddress(router, hop, family), family});
      }
    }
  }

  Topology topology_;
};

std::string WithoutLength(absl::string_view cidr) {
  return std::string(cidr.substr(0, cidr.find('/')));
}

}  // namespace

absl::string_view RoleName(Role role) {
  switch (role) {
    case Role::kVantage:
      return "vantage";
    case Role::kRouter:
      return "router";
    case Role::kWeb:
      return "web";
    case Role::kDns:
      return "dns";
    case Role::kInside:
      return "inside";
    case Role::kCoordinator:
      return "coordinator";
  }
  return "";
}

std::string Node::Address(Family family) const {
  if (interfaces.empty()) return "";
  return WithoutLength(family == Family::kV4 ? interfaces[0].v4 : interfaces[0].v6);
}

std::vector<std::string> Node::Addresses() const {
  std::vector<std::string> addresses;
  for (const Interface& interface : interfaces) {
    if (interface.name == kManagementInterface) continue;
    if (!interface.v4.empty()) addresses.push_back(WithoutLength(interface.v4));
    if (!interface.v6.empty()) addresses.push_back(WithoutLength(interface.v6));
  }
  return addresses;
}

const Interface* Node::FindInterface(absl::string_view wanted) const {
  for (const Interface& interface : interfaces) {
    if (interface.name == wanted) return &interface;
  }
  return nullptr;
}

const Node* Topology::Find(absl::string_view name) const {
  for (const Node& node : nodes) {
    if (node.name == name) return &node;
  }
  return nullptr;
}

const Node& Topology::Get(absl::string_view name) const { return *Find(name); }

std::vector<std::string> Topology::NamesOf(Role role) const {
  std::vector<std::string> names;
  for (const Node& node : nodes) {
    if (node.role == role) names.push_back(node.name);
  }
  return names;
}

std::string Topology::WireAddress(absl::string_view from, absl::string_view to,
                                  Family family) const {
  for (const Interface& interface : Get(to).interfaces) {
    if (interface.peer_node != from) continue;
    return WithoutLength(family == Family::kV4 ? interface.v4 : interface.v6);
  }
  return "";
}

const Topology& LabTopology() {
  static const Topology& topology = *new Topology(Builder().Build());
  return topology;
}

}  // namespace probemesh::lab
