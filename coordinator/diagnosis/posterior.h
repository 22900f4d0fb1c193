// Which faults explain the evidence best: single hypotheses, and pairs where no single one fits.
#ifndef PROBEMESH_COORDINATOR_DIAGNOSIS_POSTERIOR_H_
#define PROBEMESH_COORDINATOR_DIAGNOSIS_POSTERIOR_H_

#include <cstdint>
#include <vector>

#include "coordinator/diagnosis/hypothesis.h"

namespace probemesh::coordinator {

// One fault, or two at once.
struct Explanation {
  const Hypothesis* primary = nullptr;    // the one that accounts for more of the failing vantages
  const Hypothesis* secondary = nullptr;  // may be null
  Millinats score = 0;
  int64_t share = 0;  // of one million

  bool Witnessed() const { return primary->witnessed && (!secondary || secondary->witnessed); }
  // The fault that acts on this seat's packets; null when none does.
  const Hypothesis* ActingOn(size_t seat) const;
};

struct Posterior {
  std::vector<Hypothesis> hypotheses;
  std::vector<Explanation> ranked;  // best first; at least one
  // How much worse the best explanation is than the best that could be said of each vantage alone.
  Millinats surprise = 0;        // weighted sum
  Millinats worst_surprise = 0;  // of a single vantage
};

Posterior Score(const Scene& scene);

// Log-likelihood of one kind of evidence from the given seats, weighted.
Millinats WeightedAtom(const Scene& scene, const Explanation& explanation, Atom atom,
                       const SeatSet& seats);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_DIAGNOSIS_POSTERIOR_H_
