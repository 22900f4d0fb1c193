// What is concluded from one view of the evidence, before it is put into words.
#ifndef PROBEMESH_COORDINATOR_DIAGNOSIS_CONCLUSION_H_
#define PROBEMESH_COORDINATOR_DIAGNOSIS_CONCLUSION_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "coordinator/diagnosis/posterior.h"

namespace probemesh::coordinator {

struct Conclusion {
  Conclusion() = default;
  Conclusion(Conclusion&&) = default;
  Conclusion& operator=(Conclusion&&) = default;
  Conclusion(const Conclusion&) = delete;  // `best` points into `posterior`
  Conclusion& operator=(const Conclusion&) = delete;

  Cause cause = Cause::kNoEvidence;
  int64_t confidence = 0;                                     // of one million, after the ceilings
  std::map<v1::Judgement::FaultDomain, int64_t> domain_mass;  // of one million, before the ceilings
  std::map<Cause, int64_t> cause_mass;
  std::set<std::string> affected;  // node names that see the fault
  v1::Locus locus;
  std::vector<std::string> pending;  // fit vantages without a result

  // Kept for the explanation; empty when no scoring took place.
  Scene scene;
  std::optional<Posterior> posterior;
  const Explanation* best = nullptr;
};

// `view` and `gate` must outlive the result.
Conclusion Conclude(const EvidenceView& view, const Gate& gate);

// Where the fault is, and the finer cause that this shows. Changes `cause` and `locus`.
void LocateFault(Conclusion* conclusion);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_DIAGNOSIS_CONCLUSION_H_
