// One view of the evidence, judged and put into words.
#ifndef PROBEMESH_COORDINATOR_DIAGNOSIS_JUDGE_H_
#define PROBEMESH_COORDINATOR_DIAGNOSIS_JUDGE_H_

#include <cstdint>

#include "coordinator/diagnosis/vantage_gate.h"

namespace probemesh::coordinator {

// Without ruleset version and digest.
v1::Judgement Judge(const EvidenceView& view, const Gate& gate);

// Of one million, as the number between 0 and 1 with three decimals that people see.
double Shown(int64_t per_million);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_DIAGNOSIS_JUDGE_H_
