// Vantages that share a network tell less than their number: clones together weigh about one.
#ifndef PROBEMESH_COORDINATOR_DIAGNOSIS_CORRELATED_WEIGHTS_H_
#define PROBEMESH_COORDINATOR_DIAGNOSIS_CORRELATED_WEIGHTS_H_

#include <cstdint>
#include <vector>

#include "coordinator/diagnosis/evidence_view.h"

namespace probemesh::coordinator {

// Per mille: 1000 / sum of correlations (Kish's design effect) with 0.8 within a site, 0.5 within a
// group, 0.05 otherwise.
std::vector<int64_t> CorrelatedWeights(const std::vector<const VantageEvidence*>& vantages);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_DIAGNOSIS_CORRELATED_WEIGHTS_H_
