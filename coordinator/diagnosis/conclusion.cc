#include "coordinator/diagnosis/conclusion.h"

#include <algorithm>

#include "coordinator/diagnosis/ceilings.h"
#include "coordinator/diagnosis/correlated_weights.h"

namespace probemesh::coordinator {
namespace {

using Verdict = v1::Judgement::Verdict;

constexpr int64_t kDecided = kMillion / 2;      // below it no verdict is named
constexpr int64_t kUnsure = 490'000;            // ceiling of what is inconclusive
constexpr int64_t kOthersMaySayMore = 600'000;  // few networks have reported, others have not
constexpr int64_t kPoorFitCeiling = 650'000;
constexpr int64_t kPerhapsTheLan = 850'000;
constexpr Millinats kPoorFit = 6000;  // of one vantage
constexpr Millinats kNoFit = 10;      // total per effective vantage
constexpr size_t kDiverse = 3;        // groups that suffice for an early HEALTHY

void Name(Cause cause, int64_t confidence, Conclusion* conclusion) {
  conclusion->cause = cause;
  conclusion->confidence = confidence;
  conclusion->cause_mass[cause] = confidence;
  conclusion->domain_mass[EntryOf(cause).domain] = confidence;
}

bool HasName(const GatedVantage& vantage) {
  return vantage.trusted && !vantage.name_muted && vantage.evidence->name != NameResult::kNone;
}

// True when the name failed for everyone who asked.
bool ConcludeName(const EvidenceView& view, const Gate& gate, Conclusion* conclusion) {
  if (!view.named) return false;
  std::vector<const VantageEvidence*> asked;
  std::set<std::string> groups;
  bool verified = true;
  for (const GatedVantage& vantage : gate.vantages) {
    if (!HasName(vantage)) continue;
    if (vantage.evidence->name == NameResult::kOk) return false;
    asked.push_back(vantage.evidence);
    groups.insert(vantage.evidence->group);
    verified &= vantage.verified;
  }
  if (asked.empty()) return false;
  const std::vector<int64_t> weights = CorrelatedWeights(asked);
  std::map<NameResult, int64_t> votes;
  int64_t total = 0;
  for (size_t i = 0; i < asked.size(); ++i) {
    votes[asked[i]->name] += weights[i];
    total += weights[i];
    conclusion->affected.insert(asked[i]->node);
  }
  const auto most = std::max_element(
      votes.begin(), votes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  const int64_t ceiling = CeilingForGroups(total, groups.size());
  Name(CauseOf(most->first), std::min<int64_t>(ceiling, verified ? 970'000 : 750'000), conclusion);
  return true;
}

// Nobody who is fit has a result.
void ConcludeWithoutSeats(const Gate& gate, Conclusion* conclusion) {
  std::vector<const VantageEvidence*> broken;
  std::set<std::string> groups;
  for (const GatedVantage& vantage : gate.vantages) {
    if (!vantage.vantage_fault) continue;
    broken.push_back(vantage.evidence);
    groups.insert(vantage.evidence->group);
    conclusion->affected.insert(vantage.evidence->node);
  }
  const bool waiting = !conclusion->pending.empty();
  if (waiting || broken.empty()) {
    conclusion->affected.clear();
    return Name(waiting ? Cause::kInProgress : Cause::kNoEvidence, 0, conclusion);
  }
  int64_t total = 0;
  for (const int64_t weight : CorrelatedWeights(broken)) total += weight;
  Name(Cause::kVantageFault, std::min<int64_t>(900'000, CeilingForGroups(total, groups.size())),
       conclusion);
}

struct Mixture {
  int silent = 0;
  int failed = 0;
  std::set<std::string> silent_at;
  std::set<std::string> failed_at;
};

// Tries that failed where other tries of the same vantage succeeded.
Mixture FindMixture(const Scene& scene) {
  Mixture mixture;
  for (size_t i = 0; i < scene.size(); ++i) {
    const VantageEvidence& seen = scene.evidence(i);
    int failed = seen.connect.reset;
    for (const auto& [result, count] : seen.service) {
      if (result != ServiceResult::kOk) failed += count;
    }
    mixture.silent += seen.connect.silent;
    mixture.failed += failed;
    if (seen.connect.silent > 0) mixture.silent_at.insert(seen.node);
    if (failed > 0) mixture.failed_at.insert(seen.node);
  }
  return mixture;
}

// Every fit vantage that has a result met the service contract.
void ConcludeHealth(Conclusion* conclusion) {
  const Scene& scene = conclusion->scene;
  int64_t ceiling = CeilingFor(Cause::kHealthy, scene, SeatSet(scene.size(), false));
  const bool few = scene.GroupsOf(scene.Everyone()).size() < kDiverse;
  if (few && !conclusion->pending.empty()) ceiling = std::min(ceiling, kOthersMaySayMore);
  const Mixture mixture = FindMixture(scene);
  if (mixture.failed >= 2) {
    conclusion->affected = mixture.failed_at;
    return Name(Cause::kIntermittentErrors, std::min<int64_t>(ceiling, 850'000), conclusion);
  }
  if (mixture.silent >= 2) {
    conclusion->affected = mixture.silent_at;
    return Name(Cause::kIntermittentLoss, std::min<int64_t>(ceiling, 750'000), conclusion);
  }
  Name(Cause::kHealthy, ceiling, conclusion);
}

void SpreadMass(Conclusion* conclusion) {
  int64_t left = kMillion;
  for (const Explanation& explanation : conclusion->posterior->ranked) {
    const CauseEntry& entry = EntryOf(explanation.primary->cause);
    int64_t own = explanation.share;
    left -= explanation.share;
    for (const Twin& twin : entry.twins) {
      const int64_t part = explanation.share * twin.per_mille / 1000;
      conclusion->cause_mass[twin.cause] += part;
      conclusion->domain_mass[EntryOf(twin.cause).domain] += part;
      own -= part;
    }
    conclusion->cause_mass[entry.cause] += own;
    conclusion->domain_mass[entry.domain] += own;
  }
  conclusion->domain_mass[v1::Judgement::UNKNOWN] += left;  // rounding
}

// A LAN that is gone, told by the neighbour's silence alone, proves no more than that the host is.
bool OnlyTheHostIsProven(const Explanation& explanation) {
  return explanation.primary->cause == Cause::kLanDown && !explanation.Witnessed();
}

// Mass of each verdict. What nothing witnesses counts only beside a witnessed explanation of the
// same verdict, and then no more than that.
std::map<Verdict, int64_t> VerdictMass(const Posterior& posterior) {
  std::map<Verdict, int64_t> witnessed;
  std::map<Verdict, int64_t> bare;
  for (const Explanation& explanation : posterior.ranked) {
    const CauseEntry& entry = EntryOf(explanation.primary->cause);
    int64_t share = explanation.share;
    for (const Twin& twin : entry.twins) {
      if (EntryOf(twin.cause).verdict != entry.verdict) {
        share -= explanation.share * twin.per_mille / 1000;
      }
    }
    if (OnlyTheHostIsProven(explanation)) {
      witnessed[v1::Judgement::HOST_DOWN] += share;
      continue;
    }
    (explanation.Witnessed() ? witnessed : bare)[entry.verdict] += share;
  }
  for (auto& [verdict, mass] : witnessed) mass += std::min(mass, bare[verdict]);
  return witnessed;
}

const Explanation* BestOf(Verdict verdict, const Posterior& posterior) {
  for (const Explanation& explanation : posterior.ranked) {
    if (EntryOf(explanation.primary->cause).verdict == verdict && explanation.Witnessed()) {
      return &explanation;
    }
  }
  return nullptr;
}

SeatSet AffectedBy(const Explanation& explanation, const Scene& scene) {
  SeatSet affected(scene.size());
  for (size_t i = 0; i < scene.size(); ++i) {
    affected[i] = scene.failing[i] && explanation.ActingOn(i) == explanation.primary;
  }
  return affected;
}

// Nothing at all answers anybody, the controls included: that is no statement about the target.
bool NothingAnswers(const Scene& scene) {
  if (!scene.AllFailing() || scene.gate->dropped_controls.empty()) return false;
  for (size_t i = 0; i < scene.size(); ++i) {
    if (scene.seats[i]->verified || !scene.evidence(i).errors.empty()) return false;
  }
  return true;
}

void Undecided(Conclusion* conclusion, int64_t leading) {
  const Scene& scene = conclusion->scene;
  const bool silent = scene.WeightOf(scene.Silent()) > 0;
  const bool all_silent = scene.Silent() == scene.Everyone();
  Cause cause = Cause::kUnmodelled;
  if (silent) cause = all_silent ? Cause::kStopUnknown : Cause::kFailsForSomeUnknown;
  if (NothingAnswers(scene)) cause = Cause::kNothingAnswers;
  conclusion->cause = cause;
  for (const auto& [domain, mass] : conclusion->domain_mass) leading = std::max(leading, mass);
  conclusion->confidence = std::min(leading, kUnsure);
  conclusion->best = &conclusion->posterior->ranked.front();
  for (size_t i = 0; i < scene.size(); ++i) {
    if (scene.failing[i]) conclusion->affected.insert(scene.evidence(i).node);
  }
}

void ConcludeFailure(Conclusion* conclusion) {
  const Scene& scene = conclusion->scene;
  conclusion->posterior = Score(scene);
  const Posterior& posterior = *conclusion->posterior;
  SpreadMass(conclusion);
  const std::map<Verdict, int64_t> mass = VerdictMass(posterior);
  Verdict verdict = v1::Judgement::INCONCLUSIVE;
  int64_t leading = 0;
  for (const auto& [candidate, share] : mass) {
    if (share > leading) {
      verdict = candidate;
      leading = share;
    }
  }
  const Explanation* best = BestOf(verdict, posterior);
  const bool no_fit = posterior.surprise > kNoFit * scene.WeightOf(scene.Everyone());
  if (best == nullptr || leading < kDecided || no_fit || NothingAnswers(scene)) {
    return Undecided(conclusion, leading);
  }
  conclusion->best = best;
  conclusion->cause = best->primary->cause;
  const SeatSet affected = AffectedBy(*best, scene);
  for (size_t i = 0; i < scene.size(); ++i) {
    if (affected[i]) conclusion->affected.insert(scene.evidence(i).node);
  }
  conclusion->confidence = std::min(leading, CeilingFor(conclusion->cause, scene, affected));
  if (conclusion->cause == Cause::kHostUnreachable &&
      OnlyTheHostIsProven(posterior.ranked.front())) {
    conclusion->confidence = std::min(conclusion->confidence, kPerhapsTheLan);
  }
  if (posterior.worst_surprise > kPoorFit) {
    conclusion->confidence = std::min(conclusion->confidence, kPoorFitCeiling);
  }
}

}  // namespace

Conclusion Conclude(const EvidenceView& view, const Gate& gate) {
  Conclusion conclusion;
  conclusion.scene = MakeScene(view, gate);
  for (const GatedVantage& vantage : gate.vantages) {
    const bool waiting = vantage.trusted && vantage.state == v1::VantageReport::STATE_UNSPECIFIED;
    if (waiting) conclusion.pending.push_back(vantage.evidence->node);
  }
  if (ConcludeName(view, gate, &conclusion)) {
    LocateFault(&conclusion);
    return conclusion;
  }
  if (conclusion.scene.size() == 0) {
    ConcludeWithoutSeats(gate, &conclusion);
  } else if (!conclusion.scene.AnyFailing()) {
    ConcludeHealth(&conclusion);
  } else {
    ConcludeFailure(&conclusion);
  }
  LocateFault(&conclusion);
  return conclusion;
}

}  // namespace probemesh::coordinator
