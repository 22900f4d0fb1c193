// How each vantage stands, for people and for the event stream.
#ifndef PROBEMESH_COORDINATOR_DIAGNOSIS_VANTAGE_REPORT_H_
#define PROBEMESH_COORDINATOR_DIAGNOSIS_VANTAGE_REPORT_H_

#include <vector>

#include "coordinator/diagnosis/vantage_gate.h"

namespace probemesh::coordinator {

// In the order of node names, each with its observations. A fit vantage without a result has no
// state.
std::vector<v1::VantageReport> MakeReports(const v1::EvidenceBundle& bundle, const Gate& gate);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_DIAGNOSIS_VANTAGE_REPORT_H_
