#include "coordinator/diagnosis/hypothesis.h"

#include <algorithm>

namespace probemesh::coordinator {
namespace {

// A failing vantage that never proved its own network may be the fault itself.
void AddUnverifiedVantages(const Scene& scene, std::vector<Hypothesis>* all) {
  if (scene.AllFailing()) return;
  SeatSet unverified = scene.Silent();
  for (size_t i = 0; i < scene.size(); ++i) {
    if (scene.seats[i]->verified) unverified[i] = false;
  }
  if (scene.WeightOf(unverified) == 0) return;
  Hypothesis hypothesis = NewHypothesis(Cause::kVantageFault, unverified);
  hypothesis.effect = SilentEffect(Stop::kAnywhere);
  hypothesis.effect.neighbor = Reply::kSilent;
  hypothesis.effect.last_hop = Reply::kSilent;
  hypothesis.rank = Hypothesis::Rank::kVantage;
  all->push_back(hypothesis);
}

}  // namespace

Hypothesis NewHypothesis(Cause cause, SeatSet affected) {
  Hypothesis hypothesis;
  hypothesis.cause = cause;
  hypothesis.affected = std::move(affected);
  hypothesis.prior = EntryOf(cause).prior;
  return hypothesis;
}

Effect SilentEffect(Stop stop) {
  Effect effect;
  effect.connect = Reply::kSilent;
  effect.host = Reply::kSilent;
  effect.neighbor = Reply::kAny;
  effect.last_hop = Reply::kAny;
  effect.stop = stop;
  return effect;
}

std::vector<std::string> OffendersOf(const Scene& scene, ErrorKind kind) {
  std::vector<std::string> offenders;
  for (size_t i = 0; i < scene.size(); ++i) {
    for (const ErrorSeen& seen : scene.evidence(i).errors) {
      const bool is_new =
          std::find(offenders.begin(), offenders.end(), seen.offender) == offenders.end();
      if (seen.kind == kind && is_new) offenders.push_back(seen.offender);
    }
  }
  return offenders;
}

SeatSet SeatsThatSaw(const Scene& scene, ErrorKind kind, const std::string& offender) {
  SeatSet seats(scene.size());
  for (size_t i = 0; i < scene.size(); ++i) {
    for (const ErrorSeen& seen : scene.evidence(i).errors) {
      if (seen.kind == kind && seen.offender == offender) seats[i] = scene.failing[i];
    }
  }
  return seats;
}

std::vector<Hypothesis> EnumerateHypotheses(const Scene& scene) {
  std::vector<Hypothesis> all;
  all.push_back(NewHypothesis(Cause::kHealthy, SeatSet(scene.size(), false)));
  all.back().witnessed = scene.size() > 0 && !scene.AnyFailing();
  AddTargetHypotheses(scene, &all);
  AddPolicyHypotheses(scene, &all);
  AddPathHypotheses(scene, &all);
  AddUnverifiedVantages(scene, &all);
  return all;
}

}  // namespace probemesh::coordinator
