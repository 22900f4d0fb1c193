// The faults worth considering, given what was seen. A hypothesis says whom a fault affects and
// what it does to them; `witnessed` says whether something was seen that this fault explains and
// silence does not. Unwitnessed ones take their share of the mass but never become the verdict.
#ifndef PROBEMESH_COORDINATOR_DIAGNOSIS_HYPOTHESIS_H_
#define PROBEMESH_COORDINATOR_DIAGNOSIS_HYPOTHESIS_H_

#include <string>
#include <vector>

#include "coordinator/diagnosis/cause_catalogue.h"
#include "coordinator/diagnosis/likelihood.h"

namespace probemesh::coordinator {

struct Hypothesis {
  Cause cause = Cause::kHealthy;
  SeatSet affected;
  Effect effect;
  Millinats prior = 0;
  bool witnessed = false;
  // Order along the path: of two faults the one nearer to the vantage acts on its packets.
  enum class Rank { kVantage, kPath, kPolicy, kTarget } rank = Rank::kTarget;
};

// In a fixed order that does not depend on addresses. Always contains kHealthy, first.
std::vector<Hypothesis> EnumerateHypotheses(const Scene& scene);

// Families of hypotheses, one file each.
void AddTargetHypotheses(const Scene& scene, std::vector<Hypothesis>* all);
void AddPolicyHypotheses(const Scene& scene, std::vector<Hypothesis>* all);
void AddPathHypotheses(const Scene& scene, std::vector<Hypothesis>* all);

// Helpers that the families share.
Hypothesis NewHypothesis(Cause cause, SeatSet affected);
Effect SilentEffect(Stop stop);
// Offenders of errors of that kind, in the order of the seats that saw them.
std::vector<std::string> OffendersOf(const Scene& scene, ErrorKind kind);
// Failing seats only.
SeatSet SeatsThatSaw(const Scene& scene, ErrorKind kind, const std::string& offender);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_DIAGNOSIS_HYPOTHESIS_H_
