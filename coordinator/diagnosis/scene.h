// Everything the scoring looks at: the fit vantages that have a result, their weights, and the
// paths.
#ifndef PROBEMESH_COORDINATOR_DIAGNOSIS_SCENE_H_
#define PROBEMESH_COORDINATOR_DIAGNOSIS_SCENE_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "coordinator/diagnosis/evidence_view.h"
#include "coordinator/diagnosis/path_knowledge.h"
#include "coordinator/diagnosis/vantage_gate.h"

namespace probemesh::coordinator {

// One bit for each seat.
using SeatSet = std::vector<bool>;

struct Scene {
  const EvidenceView* view = nullptr;
  const Gate* gate = nullptr;
  std::vector<const GatedVantage*> seats;  // trusted, and the service worked or failed for them
  std::vector<int64_t> weights;            // per mille, CorrelatedWeights
  std::vector<bool> failing;
  PathKnowledge paths;      // by seat
  bool echo_known = false;  // the target answered somebody's echo request in this run

  size_t size() const { return seats.size(); }
  const VantageEvidence& evidence(size_t seat) const { return *seats[seat]->evidence; }
  bool AnyFailing() const;
  bool AllFailing() const;  // false without seats
  // Failing seats to which nothing but silence and ICMP errors came back from the service.
  SeatSet Silent() const;
  std::set<std::string> GroupsOf(const SeatSet& seats) const;
  // Sum of the weights, per mille.
  int64_t WeightOf(const SeatSet& seats) const;
  SeatSet Everyone() const { return SeatSet(seats.size(), true); }
};

// `view` and `gate` must outlive the result.
Scene MakeScene(const EvidenceView& view, const Gate& gate);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_DIAGNOSIS_SCENE_H_
