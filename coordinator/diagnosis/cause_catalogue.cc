#include "coordinator/diagnosis/cause_catalogue.h"

#include <algorithm>
#include <map>

namespace probemesh::coordinator {
namespace {

using J = v1::Judgement;

constexpr Millinats kNever =
    -20'000;  // never a hypothesis of its own: a twin, or the outcome of a rule

// Next steps that several causes share.
constexpr absl::string_view kAskHostAdmin =
    "Ask whoever runs the host: log in out of band, look at the console and the hypervisor.";
constexpr absl::string_view kCheckFirewalls =
    "Ask whoever runs the firewall: host firewall, security group, edge access list.";
constexpr absl::string_view kCallCarrier =
    "Call the operator of the named router or segment and give them both addresses and the "
    "vantages.";
constexpr absl::string_view kCallUpstream =
    "Call the target's upstream providers: is the prefix announced, is it null-routed?";
constexpr absl::string_view kServiceOwner =
    "Ask whoever runs the service; network and host answer.";
constexpr absl::string_view kDnsOwner = "Ask whoever runs the zone and its name servers.";

// What would tell more.
constexpr absl::string_view kNeighbor =
    "a neighbour of the target in the same prefix (--neighbor HOST)";
constexpr absl::string_view kInside = "a node at the target's site, best on the same LAN";
constexpr absl::string_view kWaitForArp =
    "a second diagnosis in 60 s: once the last hop's neighbour entry expires, a host that is gone "
    "is "
    "reported host-unreachable";
constexpr absl::string_view kBaseline =
    "a diagnosis made while the target works: it teaches which router is the last hop";
constexpr absl::string_view kSecondPrefix =
    "a second vantage in the affected network, another prefix";
constexpr absl::string_view kOneWay = "a node near the target that can see whether packets arrive";
constexpr absl::string_view kQueue = "`ss -lnt` on the host: a full accept queue looks the same";
constexpr absl::string_view kMoreGroups = "vantages in at least three different networks";

std::vector<CauseEntry> DegradedCauses() {
  return {
      {Cause::kHealthy,
       "healthy",
       J::HEALTHY,
       J::NONE,
       -1204,
       "the service contract is met",
       {},
       {},
       {}},
      {Cause::kFamilyFailure,
       "family_failure",
       J::DEGRADED,
       J::UNKNOWN,
       kNever,
       "one of IPv4 and IPv6 works, the other does not",
       {},
       {"Fix the failing address family or withdraw its DNS record."},
       {}},
      {Cause::kIntermittentLoss,
       "intermittent_loss",
       J::DEGRADED,
       J::NETWORK,
       -3507,
       "the service works, but some connection attempts get no answer",
       {{Cause::kListenQueueFull, 200}},
       {"Look for packet loss, one bad leg of a parallel path, or a full accept queue."},
       {"more flows: repeated diagnoses while it lasts"}},
      {Cause::kIntermittentErrors,
       "intermittent_errors",
       J::DEGRADED,
       J::TARGET,
       kNever,
       "the service works, but some requests from the same vantage fail",
       {},
       {"Look for one bad replica behind the load balancer, or an overloaded service."},
       {}},
      {Cause::kFailingForSome,
       "failing_for_some",
       J::DEGRADED,
       J::UNKNOWN,
       -3507,
       "the service answers everyone, but fails for some vantages",
       {},
       {"Compare what the affected and the other vantages reached: replica, middlebox, address."},
       {kSecondPrefix}},
  };
}

std::vector<CauseEntry> ServiceCauses() {
  const std::vector<absl::string_view> owner = {kServiceOwner};
  return {
      {Cause::kRefused,
       "service_refused",
       J::SERVICE_DOWN,
       J::TARGET,
       -2303,
       "the host refuses connections: nothing listens on the port",
       {{Cause::kForgedReset, 60}},  // without privileges nobody sees how far a reset came
       {kServiceOwner, "Is the process running and listening on this address and port?"},
       {kInside}},
      {Cause::kHung,
       "service_hung",
       J::SERVICE_DOWN,
       J::TARGET,
       -2813,
       "connections are accepted, then nothing is said",
       {{Cause::kPathMtu, 80}},
       {kServiceOwner, "Is the process frozen, out of workers or waiting for a backend?"},
       {"a longer deadline: slow or hung", "small and large answers compared: a path MTU hole"}},
      {Cause::kReset,
       "service_reset",
       J::SERVICE_DOWN,
       J::TARGET,
       -3912,
       "connections are accepted, then reset",
       {{Cause::kForgedReset, 80}},
       owner,
       {kInside}},
      {Cause::kClosed,
       "service_closed",
       J::SERVICE_DOWN,
       J::TARGET,
       -3912,
       "connections are accepted, then closed without an answer",
       {},
       owner,
       {}},
  };
}

std::vector<CauseEntry> AnswerCauses() {
  const std::vector<absl::string_view> owner = {kServiceOwner};
  return {
      {Cause::kTlsCertificate,
       "tls_certificate",
       J::SERVICE_DOWN,
       J::TARGET,
       -3507,
       "the certificate is not acceptable",
       {},
       {kServiceOwner, "Renew or replace the certificate; check dates, name and chain."},
       {}},
      {Cause::kTlsHandshake,
       "tls_handshake",
       J::SERVICE_DOWN,
       J::TARGET,
       -4605,
       "the TLS handshake fails",
       {},
       {kServiceOwner, "Check protocol versions, cipher suites, certificate and SNI."},
       {}},
      {Cause::kHttpServerError,
       "http_5xx",
       J::SERVICE_DOWN,
       J::TARGET,
       -2996,
       "the service answers with a server error",
       {},
       {kServiceOwner, "Look at the service's logs and at the backends behind it."},
       {}},
      {Cause::kBadResponse,
       "bad_response",
       J::SERVICE_DOWN,
       J::TARGET,
       -4605,
       "the service answers, but not with a valid response",
       {},
       owner,
       {}},
      {Cause::kListenQueueFull,
       "listen_queue_full",
       J::SERVICE_DOWN,
       J::TARGET,
       kNever,
       "the accept queue is full, so that SYNs are dropped",
       {},
       owner,
       {}},
  };
}

std::vector<CauseEntry> HostCauses() {
  return {
      {Cause::kHostUnreachable,
       "host_unreachable",
       J::HOST_DOWN,
       J::TARGET,
       -2813,
       "the last hop looked for the host on its LAN and did not find it",
       {},
       {kAskHostAdmin, "Check power, cable, switch port, VM state and the configured address."},
       {}},
      {Cause::kHostUnreachableBehindProxy,
       "host_unreachable_behind_proxy",
       J::HOST_DOWN,
       J::TARGET,
       -5521,
       "a middlebox completes handshakes for a host that is gone",
       {},
       {kAskHostAdmin},
       {}},
      {Cause::kLanDown,
       "lan_down",
       J::SITE_DOWN,
       J::TARGET,
       -3912,
       "the last hop finds neither the host nor its neighbour on the LAN",
       {},
       {"Ask whoever runs the site: switch, hypervisor, power.", kAskHostAdmin},
       {}},
      {Cause::kSiteDark,
       "site_dark",
       J::SITE_DOWN,
       J::TARGET,
       -3912,
       "nothing behind the providers' edge answers",
       {},
       {"Ask the site out of band (mobile, console): power, edge router, both uplinks.",
        kCallUpstream},
       {"out-of-band access to the site's edge", kInside}},
  };
}

std::vector<CauseEntry> SilenceCauses() {
  return {
      {Cause::kTargetSilent,
       "target_silent",
       J::TARGET_SILENT,
       J::UNKNOWN,
       -2813,
       "packets get to the last hop; the host answers nothing",
       {{Cause::kHostDownUnwitnessed, 450}, {Cause::kSilentHostFilter, 450}},
       {kAskHostAdmin, kCheckFirewalls},
       {kWaitForArp, kNeighbor, kInside}},
      {Cause::kHostDownUnwitnessed,
       "host_down_unwitnessed",
       J::TARGET_SILENT,
       J::TARGET,
       kNever,
       "the host is down and the last hop does not say so",
       {},
       {},
       {}},
      {Cause::kSilentHostFilter,
       "host_filter_silent",
       J::TARGET_SILENT,
       J::POLICY,
       kNever,
       "a filter at the host or its last hop drops everything silently",
       {},
       {},
       {}},
  };
}

std::vector<CauseEntry> PolicyCauses() {
  const std::vector<absl::string_view> firewalls = {kCheckFirewalls};
  return {
      {Cause::kPortSilent,
       "port_silent",
       J::FILTERED,
       J::POLICY,
       -2813,
       "the host is alive, this port is silent",
       {{Cause::kListenQueueFull, 100}},
       firewalls,
       {kQueue, "a source that an allow-list may name"}},
      {Cause::kRejectProhibited,
       "reject_prohibited",
       J::FILTERED,
       J::POLICY,
       -2813,
       "a router says that policy forbids it",
       {},
       {"Ask whoever runs the named router for the rule that rejects this traffic."},
       {}},
      {Cause::kRejectPortUnreachable,
       "reject_port_unreachable",
       J::FILTERED,
       J::POLICY,
       -2813,
       "a firewall answers TCP with port unreachable",
       {},
       {"Ask whoever runs the named router for the rule that rejects this traffic."},
       {}},
      {Cause::kRejectUnreachable,
       "reject_unreachable",
       J::FILTERED,
       J::POLICY,
       -1900,
       "the last hop says unreachable at once, without looking for the host",
       {{Cause::kUnreachableRoute, 100}},
       {"Ask whoever runs the named router for the rule or route that rejects this traffic."},
       {}},
      {Cause::kForgedReset,
       "reset_by_middlebox",
       J::FILTERED,
       J::POLICY,
       -6200,
       "connections are reset in the host's name by somebody else",
       {},
       firewalls,
       {kInside}},
      {Cause::kSourceFiltered,
       "source_filtered",
       J::FILTERED,
       J::POLICY,
       -3912,
       "some networks get nothing back although their packets get to the last hop",
       {{Cause::kReturnPath, 100}},
       {kCheckFirewalls, "Look for allow-lists, geo or AS blocks, bans."},
       {kSecondPrefix, kOneWay}},
  };
}

std::vector<CauseEntry> PathCauses() {
  const std::vector<absl::string_view> carrier = {kCallCarrier};
  const auto hole = [&](Cause cause, absl::string_view id, absl::string_view description) {
    return CauseEntry{cause, id,      J::PATH_FAILURE,       J::NETWORK, -2813, description,
                      {},    carrier, {kOneWay, kMoreGroups}};
  };
  return {
      hole(Cause::kBlackhole, "blackhole", "packets vanish on a segment before the site"),
      hole(Cause::kBlackholeHost, "blackhole_host",
           "packets to this host vanish on a segment; its neighbours are reached"),
      hole(Cause::kBlackholePrefix, "blackhole_prefix",
           "packets to the whole prefix vanish on a segment; the routers there answer"),
      hole(Cause::kLinkDown, "link_down",
           "nothing gets through a segment, not even to its far end"),
  };
}

std::vector<CauseEntry> RouteCauses() {
  const std::vector<absl::string_view> carrier = {kCallCarrier};
  return {
      {Cause::kSeveralSegments,
       "several_segments",
       J::PATH_FAILURE,
       J::NETWORK,
       -3907,
       "packets vanish at several places before the site",
       {},
       {kCallUpstream},
       {kMoreGroups}},
      {Cause::kNoRoute,
       "no_route",
       J::PATH_FAILURE,
       J::NETWORK,
       -2813,
       "a router has no route to the target",
       {},
       carrier,
       {}},
      {Cause::kUnreachableRoute,
       "unreachable_route",
       J::PATH_FAILURE,
       J::NETWORK,
       -2813,
       "a router has a route that says unreachable",
       {{Cause::kRejectUnreachable, 150}},
       carrier,
       {}},
      {Cause::kNextHopUnreachable,
       "next_hop_unreachable",
       J::PATH_FAILURE,
       J::NETWORK,
       -3912,
       "a router on the way cannot reach its own next hop",
       {},
       carrier,
       {}},
      {Cause::kRoutingLoop,
       "routing_loop",
       J::PATH_FAILURE,
       J::NETWORK,
       -3507,
       "packets circle between routers until they expire",
       {},
       carrier,
       {}},
      {Cause::kReturnPath,
       "return_path",
       J::PATH_FAILURE,
       J::NETWORK,
       -3507,
       "packets of some networks, or the answers to them, are lost on a segment that others cross",
       {{Cause::kSourceFiltered, 250}},
       {kCallCarrier, "Check the route back to the affected networks."},
       {kSecondPrefix, kOneWay}},
      {Cause::kPathMtu,
       "path_mtu",
       J::PATH_FAILURE,
       J::NETWORK,
       kNever,
       "large packets are lost and nobody says so",
       {},
       carrier,
       {}},
  };
}

std::vector<CauseEntry> PrefixCauses() {
  return {
      {Cause::kPrefixWithdrawn,
       "prefix_withdrawn",
       J::PREFIX_UNREACHABLE,
       J::NETWORK,
       -4200,
       "several providers have no route to the target's prefix",
       {},
       {kCallUpstream},
       {"a BGP looking glass or route collector for the prefix"}},
      {Cause::kUpstreamBlackhole,
       "upstream_blackhole",
       J::PREFIX_UNREACHABLE,
       J::NETWORK,
       -4605,
       "everyone is stopped before the site, in several providers",
       {},
       {kCallUpstream},
       {"a BGP looking glass or route collector for the prefix", kNeighbor}},
  };
}

std::vector<CauseEntry> NameCauses() {
  const std::vector<absl::string_view> owner = {kDnsOwner};
  const auto name = [&](Cause cause, absl::string_view id, absl::string_view description) {
    return CauseEntry{
        cause,   id,     J::NAME_FAILURE,
        J::NAME, kNever, description,
        {},      owner,  {"the same question put to the zone's authoritative servers"}};
  };
  return {
      name(Cause::kNameNotFound, "name_not_found", "the name does not exist (NXDOMAIN)"),
      name(Cause::kNameNoAddress, "name_no_address", "the name exists but has no address"),
      name(Cause::kNameServfail, "name_servfail",
           "the resolvers cannot resolve the name (SERVFAIL)"),
      name(Cause::kNameRefused, "name_refused", "the resolvers refuse the question"),
      name(Cause::kNameMalformed, "name_malformed", "the resolvers' answers are no valid answers"),
      name(Cause::kNameServersSilent, "name_servers_silent", "no resolver answers"),
  };
}

std::vector<CauseEntry> OtherCauses() {
  const auto unknown = [](Cause cause, absl::string_view id, absl::string_view description,
                          std::vector<absl::string_view> resolve) {
    return CauseEntry{cause, id, J::INCONCLUSIVE,   J::UNKNOWN, kNever, description,
                      {},    {}, std::move(resolve)};
  };
  return {
      {Cause::kVantageFault,
       "vantage_fault",
       J::VANTAGE_FAULT,
       J::VANTAGE,
       -3912,
       "only vantages whose own network fails see a failure",
       {},
       {"Check the named nodes' own network: link, route, firewall, provider."},
       {kMoreGroups}},
      unknown(Cause::kNoEvidence, "no_evidence", "no vantage looked at the target", {kMoreGroups}),
      unknown(Cause::kInProgress, "in_progress", "no fit vantage has a result", {}),
      unknown(Cause::kNothingAnswers, "nothing_answers",
              "neither the target nor any control answers any vantage",
              {"controls that are known to work", kMoreGroups}),
      unknown(Cause::kStopUnknown, "stop_unknown",
              "nothing answers, and it is not known how far the packets get",
              {kBaseline, kNeighbor, kWaitForArp, kInside, kMoreGroups}),
      unknown(Cause::kFailsForSomeUnknown, "fails_for_some_unknown",
              "some vantages get no answer, and it is not known where their packets stop",
              {kSecondPrefix, kOneWay, kMoreGroups}),
      unknown(Cause::kUnmodelled, "unmodelled", "no known cause explains what was seen",
              {"a second diagnosis: is the situation changing?", kInside}),
  };
}

const std::map<Cause, CauseEntry>& Catalogue() {
  static const std::map<Cause, CauseEntry>& catalogue = *new std::map<Cause, CauseEntry>([] {
    std::map<Cause, CauseEntry> all;
    for (const auto& part : {DegradedCauses(), ServiceCauses(), HostCauses(), PolicyCauses(),
                             PathCauses(), RouteCauses(), PrefixCauses(), SilenceCauses(),
                             AnswerCauses(), NameCauses(), OtherCauses()}) {
      for (const CauseEntry& entry : part) all.emplace(entry.cause, entry);
    }
    return all;
  }());
  return catalogue;
}

}  // namespace

const CauseEntry& EntryOf(Cause cause) { return Catalogue().at(cause); }

Cause CauseOf(ServiceResult result) {
  switch (result) {
    case ServiceResult::kHung:
      return Cause::kHung;
    case ServiceResult::kReset:
      return Cause::kReset;
    case ServiceResult::kClosed:
      return Cause::kClosed;
    case ServiceResult::kTlsCertificate:
      return Cause::kTlsCertificate;
    case ServiceResult::kTlsHandshake:
      return Cause::kTlsHandshake;
    case ServiceResult::kHttpServerError:
      return Cause::kHttpServerError;
    default:
      return Cause::kBadResponse;
  }
}

Cause CauseOf(NameResult result) {
  switch (result) {
    case NameResult::kNxdomain:
      return Cause::kNameNotFound;
    case NameResult::kNoData:
      return Cause::kNameNoAddress;
    case NameResult::kServfail:
      return Cause::kNameServfail;
    case NameResult::kRefused:
      return Cause::kNameRefused;
    case NameResult::kSilent:
      return Cause::kNameServersSilent;
    default:
      return Cause::kNameMalformed;
  }
}

const std::vector<CauseInfo>& CauseCatalogue() {
  static const std::vector<CauseInfo>& sorted = *new std::vector<CauseInfo>([] {
    std::vector<CauseInfo> all;
    for (const auto& [cause, entry] : Catalogue()) {
      all.push_back(CauseInfo{entry.id, entry.verdict, entry.domain, entry.description});
    }
    std::sort(all.begin(), all.end(),
              [](const CauseInfo& a, const CauseInfo& b) { return a.id < b.id; });
    return all;
  }());
  return sorted;
}

}  // namespace probemesh::coordinator
