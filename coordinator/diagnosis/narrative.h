// The conclusion in words: one sentence, what to do, what would tell more.
#ifndef PROBEMESH_COORDINATOR_DIAGNOSIS_NARRATIVE_H_
#define PROBEMESH_COORDINATOR_DIAGNOSIS_NARRATIVE_H_

#include <string>
#include <vector>

#include "coordinator/diagnosis/conclusion.h"

namespace probemesh::coordinator {

v1::Judgement::ConfidenceLabel LabelOf(int64_t confidence);

// Names the fault domain, the place and how sure; uses the judgement's verdict, locus and scope.
std::string Summarise(const v1::Judgement& judgement, const EvidenceView& view, const Gate& gate);

// The same sentence with the sureness that the judgement has now.
std::string WithSureness(const std::string& summary, const v1::Judgement& judgement);

std::vector<std::string> WouldResolve(const Conclusion& conclusion, const EvidenceView& view);

// "TARGET": the name that JSON readers see.
std::string DomainName(v1::Judgement::FaultDomain domain);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_DIAGNOSIS_NARRATIVE_H_
