#include "tests/lab/faults.h"

namespace probemesh::lab {
namespace {

// x sits behind m1 and so crosses p1; y crosses m2 and p2. Both end in the edge.
std::vector<Witness> Both(const std::string& from, TrialKind kind, int port = 0,
                          const std::string& to = "t", int ttl = 0) {
  return {{from, to, {kind, Family::kV4, port, ttl}}, {from, to, {kind, Family::kV6, port, ttl}}};
}

std::vector<Witness> operator+(std::vector<Witness> a, const std::vector<Witness>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

constexpr char kNotNeighbourDiscovery[] =
    "icmpv6 type != { nd-neighbor-solicit, nd-neighbor-advert }";

// The same match towards the target in both families.
std::vector<FirewallRule> ToTarget(const std::string& match, const std::string& verdict_v4,
                                   const std::string& verdict_v6) {
  return {{"ip daddr @T4@ " + match, verdict_v4}, {"ip6 daddr @T6@ " + match, verdict_v6}};
}

std::vector<FirewallRule> DropToTarget(const std::string& match) {
  return ToTarget(match, "drop", "drop");
}

FirewallFault EdgeForward(std::vector<FirewallRule> rules, std::vector<Witness> witnesses) {
  return {"e", "forward", std::move(rules), std::move(witnesses)};
}

// Everything but the neighbour discovery that keeps the wire itself alive, as ARP does for IPv4.
FirewallFault DropEverythingAt(const std::string& node, std::vector<Witness> witnesses) {
  return {
      node,
      "prerouting",
      {{"meta nfproto ipv4 iifname != \"lo\"", "drop"},
       {std::string("meta l4proto ipv6-icmp iifname != \"lo\" ") + kNotNeighbourDiscovery, "drop"},
       {"meta nfproto ipv6 meta l4proto != ipv6-icmp iifname != \"lo\"", "drop"}},
      std::move(witnesses)};
}

FirewallFault MuteRouter(const std::string& node, const std::string& from, int ttl) {
  return {node,
          "output",
          {{"icmp type time-exceeded", "drop"}, {"icmpv6 type time-exceeded", "drop"}},
          Both(from, TrialKind::kUdp, 33434, "t", ttl)};
}

const Expectation kHealthy = {{"HEALTHY"}, {"NONE"}, {0}, {}, {}};
const Expectation kFilteredForAll = {{"FILTERED"}, {"POLICY"}, {2}, {}, {}};
const Expectation kFilteredForSome = {
    {"FILTERED", "PATH_FAILURE", "INCONCLUSIVE"}, {"POLICY", "NETWORK", "UNKNOWN"}, {1, 3}, {}, {}};
const Expectation kSilent = {
    {"TARGET_SILENT", "INCONCLUSIVE"}, {"UNKNOWN", "POLICY"}, {2, 3}, {}, {}};
const Expectation kServiceDown = {{"SERVICE_DOWN"}, {"TARGET"}, {2}, {}, {}};
const Expectation kPathP1 = {{"PATH_FAILURE"}, {"NETWORK"}, {1}, {"m1", "p1"}, {}};
const Expectation kPathToSite = {{"PREFIX_UNREACHABLE"}, {"NETWORK"}, {2}, {}, {}};
const Expectation kNameFailure = {{"NAME_FAILURE"}, {"NAME"}, {2}, {}, {}};

Expectation HealthyWithout(std::vector<std::string> discarded) {
  Expectation expectation = kHealthy;
  expectation.discarded = std::move(discarded);
  return expectation;
}

std::vector<Fault> HostFaults() {
  const Expectation host_down = {{"HOST_DOWN"}, {"TARGET"}, {2}, {}, {}};
  const std::vector<Witness> https = Both("x", TrialKind::kTcp, 443);
  return {
      {"dead_host",
       "the target is unplugged; the edge asks for it and says host-unreachable after 3 s",
       host_down,
       {LinkFault{"e", {"to-t"}, NeighbourCache::kFlushed}}},
      {"dead_host_warm",
       "the target is unplugged, the edge still believes its neighbour entry",
       {{"TARGET_SILENT", "HOST_DOWN", "INCONCLUSIVE"},
        {"TARGET", "POLICY", "UNKNOWN"},
        {2, 3},
        {},
        {}},
       {LinkFault{"e", {"to-t"}, NeighbourCache::kWarmed}}},
      {"host_drop_port",
       "the target's own firewall drops port 443",
       kFilteredForAll,
       {FirewallFault{"t", "input", DropToTarget("tcp dport 443"), https}}},
      {"host_drop_all",
       "the target's own firewall drops everything",
       kSilent,
       {DropEverythingAt("t", https + Both("x", TrialKind::kEcho))}},
      {"service_stopped",
       "nginx on the target is killed: ports refuse",
       kServiceDown,
       {ServiceFault{ServiceFaultKind::kWebStopped}}},
      {"service_frozen",
       "nginx on the target is stopped in its tracks: it accepts and says nothing",
       kServiceDown,
       {ServiceFault{ServiceFaultKind::kWebFrozen}}},
      {"http_503",
       "the target answers 503",
       kServiceDown,
       {ServiceFault{ServiceFaultKind::kWebUnavailable}}},
      {"tls_expired",
       "the target's certificate expired yesterday",
       kServiceDown,
       {ServiceFault{ServiceFaultKind::kWebExpired}}},
      {"icmp_filtered",
       "the target ignores pings; the service works",
       kHealthy,
       {FirewallFault{"t",
                      "input",
                      {{"icmp type echo-request", "drop"}, {"icmpv6 type echo-request", "drop"}},
                      Both("x", TrialKind::kEcho)}}},
      {"udp_filtered",
       "the target ignores UDP; the service works",
       kHealthy,
       {FirewallFault{"t", "input", DropToTarget("meta l4proto udp"),
                      Both("x", TrialKind::kUdp, 33434)}}},
      {"lan_down",
       "target, neighbour and inside host are unplugged",
       {{"SITE_DOWN", "HOST_DOWN"}, {"TARGET"}, {2}, {}, {}},
       {LinkFault{"e", {"to-t", "to-n", "to-in"}, NeighbourCache::kFlushed}}},
  };
}

std::vector<Fault> PolicyFaults() {
  const std::vector<Witness> https = Both("x", TrialKind::kTcp, 443);
  const std::vector<Witness> vb_https = Both("vb", TrialKind::kTcp, 443);
  const std::string web = "tcp dport { 80, 443 }";
  return {
      {"edge_drop_port",
       "the edge drops port 443 to the target",
       kFilteredForAll,
       {EdgeForward(DropToTarget("tcp dport 443"), https)}},
      {"edge_drop_all",
       "the edge drops everything to the target",
       kSilent,
       {EdgeForward(DropToTarget(""), https)}},
      {"founding_firewall",
       "the edge drops pings and ports 80 and 443 to the target, nothing else",
       {{"FILTERED", "TARGET_SILENT"}, {"POLICY", "UNKNOWN"}, {2}, {}, {}},
       {EdgeForward({{"ip daddr @T4@ icmp type echo-request", "drop"},
                     {"ip6 daddr @T6@ icmpv6 type echo-request", "drop"},
                     {"ip daddr @T4@ " + web, "drop"},
                     {"ip6 daddr @T6@ " + web, "drop"}},
                    https + Both("x", TrialKind::kEcho))}},
      {"reject_admin",
       "the edge rejects ports 80 and 443 with administratively-prohibited",
       {{"FILTERED"}, {"POLICY"}, {2}, {"e"}, {}},
       {EdgeForward(ToTarget(web, "reject with icmp type admin-prohibited",
                             "reject with icmpv6 type admin-prohibited"),
                    https)}},
      {"reject_port_unreach",
       "the edge rejects ports 80 and 443 with port-unreachable",
       {{"FILTERED"}, {"POLICY"}, {2}, {"e"}, {}},
       {EdgeForward(ToTarget(web, "reject with icmp type port-unreachable",
                             "reject with icmpv6 type port-unreachable"),
                    https)}},
      // An unprivileged vantage cannot see the TTL of a RST, so a forged one looks like the host's.
      {"reject_rst",
       "the edge rejects ports 80 and 443 with a TCP reset in the target's name",
       {{"FILTERED", "SERVICE_DOWN", "INCONCLUSIVE"},
        {"POLICY", "TARGET", "UNKNOWN"},
        {2, 3},
        {},
        {}},
       {EdgeForward(ToTarget(web, "reject with tcp reset", "reject with tcp reset"), https)}},
      {"geo_block_as2",
       "the edge drops everything from AS 65002",
       kFilteredForSome,
       {EdgeForward({{"ip saddr 10.2.0.0/24", "drop"}, {"ip6 saddr fd00:2::/64", "drop"}},
                    vb_https)}},
      {"allow_list",
       "the edge lets only AS 65003 through to the target",
       kFilteredForSome,
       {EdgeForward({{"ip daddr @T4@ ip saddr != 10.3.0.0/24", "drop"},
                     {"ip6 daddr @T6@ ip6 saddr != fd00:3::/64", "drop"}},
                    https)}},
  };
}

std::vector<Fault> FaultsOfOneProvider() {
  const auto p1 = [](RouteKind kind, RouteScope scope) {
    return RouteFault{"p1", kind, scope, "m1"};
  };
  return {
      {"blackhole_p1",
       "provider p1 discards packets to the target's address",
       kPathP1,
       {p1(RouteKind::kBlackhole, RouteScope::kTarget)}},
      {"blackhole_prefix_p1",
       "provider p1 discards packets to the whole site",
       kPathP1,
       {p1(RouteKind::kBlackhole, RouteScope::kSite)}},
      {"unreachable_route_p1",
       "provider p1 answers host-unreachable at once for the target",
       kPathP1,
       {p1(RouteKind::kUnreachable, RouteScope::kTarget)}},
      {"prohibit_route_p1",
       "provider p1 answers administratively-prohibited for the target",
       {{"FILTERED", "PATH_FAILURE"}, {"POLICY", "NETWORK"}, {1}, {"p1"}, {}},
       {p1(RouteKind::kProhibit, RouteScope::kTarget)}},
      {"no_route_p1",
       "provider p1 has no route to the site",
       kPathP1,
       {p1(RouteKind::kDeleted, RouteScope::kSite)}},
      {"loop_p1",
       "provider p1 sends the site's packets back to m1: a loop",
       kPathP1,
       {p1(RouteKind::kBackTo, RouteScope::kSite)}},
  };
}

std::vector<Fault> FaultsOfSeveralNetworks() {
  const Expectation as2 = {{"PATH_FAILURE", "FILTERED", "INCONCLUSIVE"},
                           {"NETWORK", "POLICY", "UNKNOWN"},
                           {1, 3},
                           {},
                           {}};
  return {
      {"withdrawn_prefix",
       "both providers have lost the route to the site",
       kPathToSite,
       {RouteFault{"p1", RouteKind::kDeleted, RouteScope::kSite, ""},
        RouteFault{"p2", RouteKind::kDeleted, RouteScope::kSite, ""}}},
      {"rtbh_both",
       "both providers discard packets to the target's address",
       {{"PREFIX_UNREACHABLE", "PATH_FAILURE"}, {"NETWORK"}, {2}, {}, {}, {"n"}},
       {RouteFault{"p1", RouteKind::kBlackhole, RouteScope::kTarget, ""},
        RouteFault{"p2", RouteKind::kBlackhole, RouteScope::kTarget, ""}}},
      {"uplinks_cut",
       "both links between providers and edge are down",
       {{"PREFIX_UNREACHABLE", "SITE_DOWN"}, {"NETWORK", "TARGET"}, {2}, {}, {}},
       {LinkFault{"p1", {"to-e"}, NeighbourCache::kUntouched},
        LinkFault{"p2", {"to-e"}, NeighbourCache::kUntouched}}},
      {"edge_frozen",
       "the edge swallows every packet; its links stay up",
       {{"SITE_DOWN", "PREFIX_UNREACHABLE", "TARGET_SILENT", "INCONCLUSIVE"},
        {"TARGET", "NETWORK", "UNKNOWN"},
        {2, 3},
        {},
        {}},
       {DropEverythingAt("e", Both("x", TrialKind::kTcp, 443) + Both("x", TrialKind::kEcho))}},
      {"transit_dark_m2",
       "transit m2 swallows every packet",
       {{"PATH_FAILURE"}, {"NETWORK"}, {1}, {"m2", "b2"}, {}},
       {DropEverythingAt("m2", Both("y", TrialKind::kTcp, 443) + Both("y", TrialKind::kEcho))}},
      {"reverse_as2",
       "provider p2 discards what goes back to AS 65002",
       as2,
       {RouteFault{"p2", RouteKind::kBlackhole, RouteScope::kAs2, ""}}},
      {"reverse_as2_edge",
       "the edge discards what goes back to AS 65002",
       as2,
       {RouteFault{"e", RouteKind::kBlackhole, RouteScope::kAs2, ""}}},
      {"mute_routers",
       "carriers, transits and providers send no time-exceeded; all else works",
       kHealthy,
       {MuteRouter("b1", "ra", 1), MuteRouter("b2", "rb", 1), MuteRouter("m1", "x", 1),
        MuteRouter("p1", "x", 2), MuteRouter("m2", "y", 1), MuteRouter("p2", "y", 2)}},
  };
}

std::vector<Fault> NameAndVantageFaults() {
  return {
      {"broken_name",
       "the zone was reloaded without www.lab.test",
       kNameFailure,
       {ServiceFault{ServiceFaultKind::kNameGone}}},
      {"dns_dead",
       "the name server process is gone",
       kNameFailure,
       {ServiceFault{ServiceFaultKind::kDnsStopped}}},
      {"dns_broken_vb",
       "the resolver that vb is told to use does not exist",
       kHealthy,
       {ResolverFault{"vb"}}},
      {"broken_vantage_vb",
       "vb can send nothing but to the management network",
       HealthyWithout({"vb"}),
       {FirewallFault{"vb",
                      "output",
                      {{"oifname != { \"lo\", \"mgmt0\" }", "drop"}},
                      Both("vb", TrialKind::kTcp, 443)}}},
      {"vantage_isp_as2",
       "the access router of AS 65002 forwards nothing",
       HealthyWithout({"vb"}),
       {FirewallFault{"rb",
                      "forward",
                      {{"meta nfproto ipv4", "drop"}, {"meta nfproto ipv6", "drop"}},
                      Both("vb", TrialKind::kTcp, 443)}}},
  };
}

}  // namespace

const std::vector<Fault>& FaultCatalogue() {
  static const std::vector<Fault>& catalogue = *new std::vector<Fault>([] {
    std::vector<Fault> all;
    for (const auto& part : {HostFaults(), PolicyFaults(), FaultsOfOneProvider(),
                             FaultsOfSeveralNetworks(), NameAndVantageFaults()}) {
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }());
  return catalogue;
}

const Fault* FindFault(absl::string_view name) {
  for (const Fault& fault : FaultCatalogue()) {
    if (fault.name == name) return &fault;
  }
  return nullptr;
}

}  // namespace probemesh::lab
