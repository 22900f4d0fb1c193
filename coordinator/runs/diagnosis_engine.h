// The judge as a run sees it, so that tests can put another in its place.
#ifndef PROBEMESH_COORDINATOR_RUNS_DIAGNOSIS_ENGINE_H_
#define PROBEMESH_COORDINATOR_RUNS_DIAGNOSIS_ENGINE_H_

#include <functional>
#include <vector>

#include "coordinator/diagnosis/diagnose.h"

namespace probemesh::coordinator {

// Pure functions with the contracts of Diagnose and ReportVantages.
struct DiagnosisEngine {
  std::function<DiagnosisResult(const v1::EvidenceBundle&)> diagnose;
  std::function<std::vector<v1::VantageReport>(const v1::EvidenceBundle&)> report;
};

// Those of coordinator/diagnosis.
DiagnosisEngine DefaultDiagnosisEngine();

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_RUNS_DIAGNOSIS_ENGINE_H_
