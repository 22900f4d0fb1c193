#include "coordinator/diagnosis/evidence_view.h"

#include <algorithm>
#include <tuple>

#include "common/net/ip_address.h"
#include "coordinator/diagnosis/canonical_encoding.h"
#include "coordinator/diagnosis/icmp_meaning.h"
#include "coordinator/diagnosis/observation_reader.h"
#include "coordinator/diagnosis/own_link.h"
#include "coordinator/diagnosis/unreachable_timing.h"

namespace probemesh::coordinator {
namespace {

constexpr size_t kMaxBaseline = 1024;

// Names are evidence for every family.
bool Concerns(const std::string& address, v1::AddressFamily family) {
  const v1::AddressFamily own = FamilyOf(address);
  return family == v1::ADDRESS_FAMILY_UNSPECIFIED || own == v1::ADDRESS_FAMILY_UNSPECIFIED ||
         own == family;
}

bool Concerns(const v1::Observation& observation, v1::AddressFamily family) {
  return observation.spec().has_dns() || Concerns(observation.spec().address(), family);
}

VantageEvidence StartVantage(const v1::BundleVantage& vantage, v1::AddressFamily family) {
  VantageEvidence evidence;
  evidence.node = vantage.node();
  evidence.group = vantage.group().empty() ? vantage.node() : vantage.group();
  const auto site = vantage.labels().find("site");
  if (site != vantage.labels().end()) evidence.site = site->second;
  evidence.lost = vantage.lost();
  evidence.not_run = vantage.not_run();
  evidence.reason = vantage.reason();
  for (const v1::ControlResult& result : vantage.self_check().controls()) {
    const size_t colon = result.control().rfind(':');
    std::string host = result.control().substr(0, colon);
    if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
    if (!Concerns(host, family)) continue;
    ControlSeen& control = evidence.controls[CanonicalAddress(host)];
    control.tcp = result.tcp_ok();
    if (result.icmp_known()) control.icmp = result.icmp_ok();
  }
  return evidence;
}

// One entry for each node name; the first of equal names in the canonical order of their bytes.
std::map<std::string, VantageEvidence> StartVantages(const v1::EvidenceBundle& bundle,
                                                     v1::AddressFamily family) {
  std::map<std::string, std::string> chosen;
  std::map<std::string, VantageEvidence> vantages;
  for (const v1::BundleVantage& vantage : bundle.vantages()) {
    std::string bytes = CanonicalBytes(vantage);
    const auto known = chosen.find(vantage.node());
    if (known != chosen.end() && known->second <= bytes) continue;
    chosen[vantage.node()] = bytes;
    vantages[vantage.node()] = StartVantage(vantage, family);
  }
  return vantages;
}

std::map<std::string, FirstSend> FirstSends(const std::vector<const v1::Observation*>& all) {
  std::map<std::string, FirstSend> first;
  for (const v1::Observation* observation : all) {
    if (!observation->has_start_time() || observation->spec().has_dns()) continue;
    const std::string destination = CanonicalAddress(observation->spec().address());
    const int64_t start = StartMillis(*observation);
    const auto [it, is_new] = first[observation->node()].emplace(destination, start);
    if (!is_new) it->second = std::min(it->second, start);
  }
  return first;
}

bool IsPolicy(const ErrorSeen& seen) {
  return seen.kind == ErrorKind::kProhibited || seen.kind == ErrorKind::kPortReject;
}

// Many routers filter pings or datagrams. That says something of the service only if the same
// router was seen to reject the service's packets as well.
void SettlePolicy(const std::vector<TimedErrors>& vantages) {
  std::set<std::string> rejects_service;
  for (const TimedErrors& vantage : vantages) {
    for (const ErrorSeen& seen : *vantage.errors) {
      if (IsPolicy(seen) && seen.to_service) rejects_service.insert(seen.offender);
    }
  }
  for (const TimedErrors& vantage : vantages) {
    std::vector<ErrorSeen>& errors = *vantage.errors;
    const auto beside = [&](const ErrorSeen& seen) {
      return IsPolicy(seen) && rejects_service.count(seen.offender) == 0;
    };
    errors.erase(std::remove_if(errors.begin(), errors.end(), beside), errors.end());
  }
}

void SettleErrors(std::vector<VantageEvidence>* vantages) {
  std::vector<TimedErrors> target;
  std::vector<TimedErrors> neighbor;
  for (VantageEvidence& vantage : *vantages) {
    const std::optional<int64_t> round_trip = MedianRoundTrip(vantage.hop_round_trips_ms);
    target.push_back({&vantage.errors, round_trip});
    neighbor.push_back({&vantage.neighbor_errors, round_trip});
  }
  SettleUnreachables(target);
  SettleUnreachables(neighbor);
  SettlePolicy(target);
  for (VantageEvidence& vantage : *vantages) {
    const auto order = [](const ErrorSeen& a, const ErrorSeen& b) {
      return std::tie(a.kind, a.offender, a.delay_ms, a.command_id) <
             std::tie(b.kind, b.offender, b.delay_ms, b.command_id);
    };
    std::stable_sort(vantage.errors.begin(), vantage.errors.end(), order);
    std::stable_sort(vantage.neighbor_errors.begin(), vantage.neighbor_errors.end(), order);
  }
}

// A host that gives any sign of life is reachable, whatever it thinks of echo requests. A vantage
// that cannot send those has only the other signs to go by.
void SettleHostTarget(VantageEvidence* vantage) {
  if (vantage->connect.answered > 0) return;
  if (vantage->HostAnswered()) {
    const std::vector<std::string>& commands =
        vantage->echo.positive() ? vantage->echo.commands : vantage->alive.commands;
    vantage->connect = Tally{.answered = 1, .commands = commands};
    vantage->service[ServiceResult::kOk] = 1;
  } else if (vantage->connect.total() == 0) {
    std::swap(vantage->connect, vantage->alive);
  }
}

void SettleService(v1::Target::Scheme scheme, VantageEvidence* vantage) {
  if (scheme == v1::Target::HOST) SettleHostTarget(vantage);
  const auto ok = vantage->service.find(ServiceResult::kOk);
  vantage->service_ok = ok != vantage->service.end();
  const bool reported = vantage->connect.total() > 0;
  const bool under_way = vantage->connect.answered > 0 && vantage->contract_tries == 0;
  vantage->service_failed = reported && !vantage->service_ok && !under_way;
}

uint32_t ServicePort(const v1::EvidenceBundle& bundle,
                     const std::vector<const v1::Observation*>& observations) {
  if (bundle.target().port() != 0) return bundle.target().port();
  for (const v1::Observation* observation : observations) {
    if (observation->spec().role() == v1::SERVICE && !observation->spec().has_dns()) {
      return observation->spec().port();
    }
  }
  return 0;
}

std::set<v1::AddressFamily> FamiliesTried(const v1::EvidenceBundle& bundle,
                                          v1::AddressFamily only) {
  if (only != v1::ADDRESS_FAMILY_UNSPECIFIED) return {only};
  std::set<v1::AddressFamily> families;
  for (const v1::Observation& observation : bundle.observations()) {
    const v1::ProbeSpec& spec = observation.spec();
    if (spec.role() != v1::SERVICE || spec.has_dns() || spec.address().empty()) continue;
    if (observation.outcome() == v1::NOT_RUN || observation.outcome() == v1::CANCELLED) continue;
    const v1::AddressFamily family = FamilyOf(spec.address());
    if (family != v1::ADDRESS_FAMILY_UNSPECIFIED) families.insert(family);
  }
  return families;
}

void ReadBaseline(const v1::EvidenceBundle& bundle, EvidenceView* view) {
  for (const v1::Observation& observation : bundle.baseline()) {
    if (view->baseline.size() >= kMaxBaseline) break;
    if (!observation.has_trace() || !observation.spec().has_trace()) continue;
    Walk walk = NormaliseWalk(observation);
    if (view->target_addresses.count(walk.destination) == 0) continue;
    if (walk.reached && !walk.reached_by_reset) view->baseline.push_back(std::move(walk));
  }
}

}  // namespace

bool VantageEvidence::SawError(ErrorKind kind) const {
  return std::any_of(errors.begin(), errors.end(),
                     [&](const ErrorSeen& seen) { return seen.kind == kind; });
}

bool VantageEvidence::AnythingFromTarget() const {
  return connect.positive() || echo.positive() || alive.positive() || neighbor.positive();
}

ServiceResult VantageEvidence::WorstService() const {
  ServiceResult worst = ServiceResult::kNone;
  int most = 0;
  for (const auto& [result, count] : service) {
    if (result == ServiceResult::kOk) continue;
    if (count > most) {
      worst = result;
      most = count;
    }
  }
  if (worst != ServiceResult::kNone) return worst;
  return service.empty() ? ServiceResult::kNone : ServiceResult::kOk;
}

v1::AddressFamily FamilyOf(const std::string& address) {
  const auto parsed = IpAddress::Parse(address);
  if (!parsed.ok()) return v1::ADDRESS_FAMILY_UNSPECIFIED;
  return parsed->is_v4() ? v1::IPV4 : v1::IPV6;
}

std::vector<const v1::Observation*> CanonicalObservations(const v1::EvidenceBundle& bundle) {
  struct Entry {
    const v1::Observation* observation;
    std::string bytes;
  };
  std::vector<Entry> entries;
  for (const v1::Observation& observation : bundle.observations()) {
    entries.push_back(Entry{&observation, ""});
  }
  const auto key = [](const Entry& e) {
    return std::tie(e.observation->node(), e.observation->command_id());
  };
  std::stable_sort(entries.begin(), entries.end(),
                   [&](const Entry& a, const Entry& b) { return key(a) < key(b); });
  for (size_t i = 1; i < entries.size(); ++i) {
    if (key(entries[i]) != key(entries[i - 1])) continue;
    for (const size_t j : {i - 1, i}) entries[j].bytes = CanonicalBytes(*entries[j].observation);
  }
  std::stable_sort(entries.begin(), entries.end(), [&](const Entry& a, const Entry& b) {
    return std::tie(a.observation->node(), a.observation->command_id(), a.bytes) <
           std::tie(b.observation->node(), b.observation->command_id(), b.bytes);
  });
  std::vector<const v1::Observation*> ordered;
  for (size_t i = 0; i < entries.size(); ++i) {
    const bool same_key = i > 0 && key(entries[i]) == key(entries[i - 1]);
    const bool nameless = entries[i].observation->command_id().empty();
    const bool repeats = same_key && (!nameless || entries[i].bytes == entries[i - 1].bytes);
    if (!repeats) ordered.push_back(entries[i].observation);
  }
  return ordered;
}

EvidenceView ViewEvidence(const v1::EvidenceBundle& bundle, v1::AddressFamily family) {
  EvidenceView view;
  view.scheme = bundle.target().scheme();
  if (view.scheme == v1::Target::SCHEME_UNSPECIFIED) view.scheme = v1::Target::TCP;
  view.named = !bundle.target().is_address();
  view.input = bundle.target().input();
  view.families = FamiliesTried(bundle, family);
  const std::vector<const v1::Observation*> observations = CanonicalObservations(bundle);
  view.port = ServicePort(bundle, observations);
  const std::map<std::string, FirstSend> first_sends = FirstSends(observations);
  std::map<std::string, VantageEvidence> vantages = StartVantages(bundle, family);
  static const FirstSend kNone;
  for (const v1::Observation* observation : observations) {
    const auto vantage = vantages.find(observation->node());
    if (vantage == vantages.end() || observation->outcome() == v1::CANCELLED) continue;
    if (!Concerns(*observation, family)) continue;
    const auto first = first_sends.find(observation->node());
    ReadObservation(*observation, view.scheme, first == first_sends.end() ? kNone : first->second,
                    &vantage->second);
  }
  for (auto& [node, vantage] : vantages) {
    SettleOwnLink(&vantage);
    SettleService(view.scheme, &vantage);
    view.has_neighbors |= vantage.neighbor.total() > 0;
    view.target_addresses.insert(vantage.addresses.begin(), vantage.addresses.end());
    view.vantages.push_back(std::move(vantage));
  }
  SettleErrors(&view.vantages);
  ReadBaseline(bundle, &view);
  return view;
}

}  // namespace probemesh::coordinator
