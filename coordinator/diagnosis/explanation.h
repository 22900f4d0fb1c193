// The proof: what was seen, by whom, and how much it speaks for the verdict against its best rival.
#ifndef PROBEMESH_COORDINATOR_DIAGNOSIS_EXPLANATION_H_
#define PROBEMESH_COORDINATOR_DIAGNOSIS_EXPLANATION_H_

#include <vector>

#include "coordinator/diagnosis/conclusion.h"

namespace probemesh::coordinator {

// The weightiest first; with the commands that each rests on. Never empty when anything was seen.
std::vector<v1::EvidenceItem> ExplainEvidence(const Conclusion& conclusion,
                                              const EvidenceView& view, const Gate& gate);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_DIAGNOSIS_EXPLANATION_H_
