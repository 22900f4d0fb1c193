// From evidence to verdict: a pure function. Same bundle, same judgement, on any machine and in any
// order of arrival. No clock, no randomness, no I/O; integer arithmetic throughout (millinats),
// doubles only for display.
#ifndef PROBEMESH_COORDINATOR_DIAGNOSIS_DIAGNOSE_H_
#define PROBEMESH_COORDINATOR_DIAGNOSIS_DIAGNOSE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "probemesh/v1/diagnosis.pb.h"

namespace probemesh::coordinator {

// Changes whenever a table, a weight or a rule changes.
absl::string_view RulesetVersion();

struct DiagnosisResult {
  v1::Judgement judgement;
  // One for each vantage of the bundle, in the bundle's order of node names; with its observations.
  std::vector<v1::VantageReport> vantages;
};

// Never fails: a bundle that proves nothing is judged INCONCLUSIVE. Tolerates hostile and malformed
// observations.
DiagnosisResult Diagnose(const v1::EvidenceBundle& bundle);

// How each vantage stands, without scoring hypotheses: cheap enough to call on every observation.
std::vector<v1::VantageReport> ReportVantages(const v1::EvidenceBundle& bundle);

// "sha256:<hex>" over a canonical encoding that no protobuf version can change and that ignores
// arrival order.
std::string EvidenceDigest(const v1::EvidenceBundle& bundle);

struct CauseInfo {
  absl::string_view id;  // stable snake_case, for example "blackhole_host"
  v1::Judgement::Verdict verdict;
  v1::Judgement::FaultDomain fault_domain;
  absl::string_view description;  // one line for people
};

// Every cause that Diagnose can name, sorted by id.
const std::vector<CauseInfo>& CauseCatalogue();

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_DIAGNOSIS_DIAGNOSE_H_
