// Where the fault is: from the winning hypothesis and the walks, never from a guess at topology.
#include <algorithm>

#include "coordinator/diagnosis/conclusion.h"

namespace probemesh::coordinator {
namespace {

using Locus = v1::Locus;

constexpr int kMaxAddresses = 32;

// Appends in the order first met; addresses never decide anything.
void AddAddress(const std::string& address, Locus* locus) {
  if (address.empty() || locus->addresses_size() >= kMaxAddresses) return;
  for (const std::string& known : locus->addresses()) {
    if (known == address) return;
  }
  locus->add_addresses(address);
}

void AddTarget(const Conclusion& conclusion, Locus* locus) {
  for (const std::string& address : conclusion.scene.view->target_addresses) {
    if (locus->to_address().empty()) locus->set_to_address(address);
    AddAddress(address, locus);
  }
}

bool IsAffected(const Conclusion& conclusion, size_t seat) {
  return conclusion.affected.count(conclusion.scene.evidence(seat).node) > 0;
}

// Last responders of the affected vantages' walks: the stop most of them share comes first.
std::vector<std::string> Stops(const Conclusion& conclusion) {
  const Scene& scene = conclusion.scene;
  std::vector<std::pair<std::string, int64_t>> stops;
  for (size_t i = 0; i < scene.size(); ++i) {
    const Cut& cut = scene.paths.cuts[i];
    if (!IsAffected(conclusion, i) || !cut.known) continue;
    const auto known = std::find_if(stops.begin(), stops.end(), [&](const auto& stop) {
      return stop.first == cut.walk->last_responder;
    });
    if (known == stops.end()) {
      stops.emplace_back(cut.walk->last_responder, scene.weights[i]);
    } else {
      known->second += scene.weights[i];
    }
  }
  std::stable_sort(stops.begin(), stops.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<std::string> addresses;
  for (const auto& [address, weight] : stops) addresses.push_back(address);
  return addresses;
}

bool AnyStopAtLast(const Conclusion& conclusion) {
  for (size_t i = 0; i < conclusion.scene.size(); ++i) {
    if (IsAffected(conclusion, i) && conclusion.scene.paths.cuts[i].LikelyAtLast()) return true;
  }
  return false;
}

// A router behind the stop that answers pings from an affected vantage: had our packet got there,
// it would have said time exceeded. So it is the way out that is broken.
bool ForwardProven(const Conclusion& conclusion) {
  const Scene& scene = conclusion.scene;
  for (size_t i = 0; i < scene.size(); ++i) {
    const Cut& cut = scene.paths.cuts[i];
    if (!IsAffected(conclusion, i) || !cut.known) continue;
    for (const std::string& next : scene.paths.Followers(cut.walk->last_responder)) {
      const auto ping = scene.evidence(i).hop_pings.find(next);
      if (ping != scene.evidence(i).hop_pings.end() && ping->second) return true;
    }
  }
  return false;
}

enum class FarEnd { kUnknown, kAnswers, kSilent };

// What the routers behind the stop say to pings from the affected vantages.
FarEnd AskFarEnd(const Conclusion& conclusion) {
  if (ForwardProven(conclusion)) return FarEnd::kAnswers;
  const Scene& scene = conclusion.scene;
  for (size_t i = 0; i < scene.size(); ++i) {
    const Cut& cut = scene.paths.cuts[i];
    if (!IsAffected(conclusion, i) || !cut.known) continue;
    for (const std::string& next : scene.paths.Followers(cut.walk->last_responder)) {
      if (scene.evidence(i).hop_pings.count(next) > 0) return FarEnd::kSilent;
    }
  }
  return FarEnd::kUnknown;
}

Cause RefineHole(const Conclusion& conclusion) {
  bool neighbor_answers = false;
  bool neighbor_asked = false;
  for (size_t i = 0; i < conclusion.scene.size(); ++i) {
    if (!IsAffected(conclusion, i)) continue;
    const Tally& neighbor = conclusion.scene.evidence(i).neighbor;
    neighbor_answers |= neighbor.positive();
    neighbor_asked |= neighbor.total() > 0;
  }
  if (neighbor_answers) return Cause::kBlackholeHost;
  const FarEnd far_end = AskFarEnd(conclusion);
  if (far_end == FarEnd::kAnswers) {
    return neighbor_asked ? Cause::kBlackholePrefix : Cause::kBlackhole;
  }
  return far_end == FarEnd::kSilent ? Cause::kLinkDown : Cause::kBlackhole;
}

void LocateSegment(const Conclusion& conclusion, Locus* locus) {
  locus->set_kind(Locus::SEGMENT);
  const std::vector<std::string> stops = Stops(conclusion);
  if (stops.empty()) return;
  locus->set_from_address(stops.front());
  for (const std::string& stop : stops) AddAddress(stop, locus);
  for (const std::string& stop : stops) {
    for (const std::string& next : conclusion.scene.paths.Followers(stop)) {
      if (locus->to_address().empty()) locus->set_to_address(next);
      AddAddress(next, locus);
    }
  }
  locus->set_direction(ForwardProven(conclusion) ? Locus::FORWARD : Locus::EITHER);
}

// The last hop and what stands behind it.
void LocateLastHop(const Conclusion& conclusion, Locus* locus) {
  const std::vector<std::string> stops = Stops(conclusion);
  if (!stops.empty()) locus->set_from_address(stops.front());
  for (const std::string& stop : stops) AddAddress(stop, locus);
  AddTarget(conclusion, locus);
}

// Routers that sent the error which the winning hypothesis predicts, to affected vantages.
std::vector<std::string> Offenders(const Conclusion& conclusion) {
  const Effect& effect = conclusion.best->primary->effect;
  std::vector<std::string> offenders;
  for (size_t i = 0; i < conclusion.scene.size(); ++i) {
    if (!IsAffected(conclusion, i)) continue;
    for (const ErrorSeen& seen : conclusion.scene.evidence(i).errors) {
      const bool is_new =
          std::find(offenders.begin(), offenders.end(), seen.offender) == offenders.end();
      const bool predicted = seen.kind == effect.error && effect.offenders.count(seen.offender) > 0;
      if (predicted && is_new) offenders.push_back(seen.offender);
    }
  }
  return offenders;
}

// The sender of an error is the place (DIAGNOSIS 3.5.3), and our packet got to it.
void LocateOffender(const Conclusion& conclusion, Locus* locus) {
  const std::vector<std::string> offenders = Offenders(conclusion);
  const std::set<std::string>& targets = conclusion.scene.view->target_addresses;
  const bool host = !offenders.empty() && targets.count(offenders.front()) > 0;
  locus->set_kind(host ? Locus::HOST : Locus::ROUTER);
  locus->set_direction(Locus::FORWARD);
  if (!offenders.empty()) locus->set_from_address(offenders.front());
  for (const std::string& offender : offenders) AddAddress(offender, locus);
}

void LocateLoop(const Conclusion& conclusion, Locus* locus) {
  locus->set_kind(Locus::SEGMENT);
  locus->set_direction(Locus::FORWARD);
  for (size_t i = 0; i < conclusion.scene.size(); ++i) {
    if (!IsAffected(conclusion, i)) continue;
    for (const Walk& walk : conclusion.scene.evidence(i).walks) {
      for (const std::string& address : walk.loop) AddAddress(address, locus);
    }
  }
  for (const std::string& offender : Offenders(conclusion)) AddAddress(offender, locus);
  if (locus->addresses_size() > 0) locus->set_from_address(locus->addresses(0));
  if (locus->addresses_size() > 1) locus->set_to_address(locus->addresses(1));
}

void LocateHostGone(const Conclusion& conclusion, Locus::Kind kind, Locus* locus) {
  LocateOffender(conclusion, locus);
  locus->set_kind(kind);
  locus->set_direction(Locus::EITHER);
  AddTarget(conclusion, locus);
}

void LocatePrefix(const Conclusion& conclusion, Locus* locus) {
  if (conclusion.best->primary->effect.error) {
    LocateOffender(conclusion, locus);
  } else {
    locus->set_direction(Locus::EITHER);
  }
  locus->set_kind(Locus::SITE);
  const std::vector<std::string> stops = Stops(conclusion);
  if (locus->from_address().empty() && !stops.empty()) locus->set_from_address(stops.front());
  for (const std::string& stop : stops) AddAddress(stop, locus);
}

void LocateTarget(const Conclusion& conclusion, Locus* locus) {
  locus->set_kind(Locus::HOST);
  AddTarget(conclusion, locus);
}

void LocateByCause(const Conclusion& conclusion, Locus* locus) {
  switch (conclusion.cause) {
    case Cause::kHostUnreachable:
    case Cause::kHostUnreachableBehindProxy:
      return LocateHostGone(conclusion, Locus::HOST, locus);
    case Cause::kLanDown:
      return LocateHostGone(conclusion, Locus::SITE, locus);
    case Cause::kPrefixWithdrawn:
    case Cause::kUpstreamBlackhole:
    case Cause::kSiteDark:
      return LocatePrefix(conclusion, locus);
    case Cause::kNoRoute:
    case Cause::kUnreachableRoute:
    case Cause::kNextHopUnreachable:
    case Cause::kRejectProhibited:
    case Cause::kRejectPortUnreachable:
    case Cause::kRejectUnreachable:
      return LocateOffender(conclusion, locus);
    case Cause::kRoutingLoop:
      return LocateLoop(conclusion, locus);
    case Cause::kBlackhole:
    case Cause::kSeveralSegments:
    case Cause::kReturnPath:
      return LocateSegment(conclusion, locus);
    case Cause::kPortSilent:
    case Cause::kSourceFiltered:
      if (!Stops(conclusion).empty() && !AnyStopAtLast(conclusion)) {
        return LocateSegment(conclusion, locus);
      }
      [[fallthrough]];
    case Cause::kTargetSilent:
      locus->set_kind(Locus::LAST_HOP);
      return LocateLastHop(conclusion, locus);
    default:
      return;
  }
}

}  // namespace

void LocateFault(Conclusion* conclusion) {
  Locus& locus = conclusion->locus;
  locus.set_kind(Locus::NONE);
  locus.set_direction(Locus::EITHER);
  switch (EntryOf(conclusion->cause).verdict) {
    case v1::Judgement::NAME_FAILURE:
      locus.set_kind(Locus::NAME);
      return;
    case v1::Judgement::VANTAGE_FAULT:
      locus.set_kind(Locus::VANTAGE);
      return;
    case v1::Judgement::SERVICE_DOWN:
      return LocateTarget(*conclusion, &locus);
    case v1::Judgement::DEGRADED:
      if (EntryOf(conclusion->cause).domain == v1::Judgement::TARGET) {
        LocateTarget(*conclusion, &locus);
      }
      return;
    case v1::Judgement::HEALTHY:
    case v1::Judgement::INCONCLUSIVE:
      return;
    default:
      LocateByCause(*conclusion, &locus);
  }
  if (conclusion->cause == Cause::kBlackhole) {
    const Cause finer = RefineHole(*conclusion);
    const int64_t mass = conclusion->cause_mass[Cause::kBlackhole];
    conclusion->cause_mass.erase(Cause::kBlackhole);
    conclusion->cause_mass[finer] += mass;
    conclusion->cause = finer;
  }
}

}  // namespace probemesh::coordinator
