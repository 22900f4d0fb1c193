// Is a vantage fit to testify? Decided before any weighing, so that a broken vantage is never
// counted as a failure of the target.
#ifndef PROBEMESH_COORDINATOR_DIAGNOSIS_VANTAGE_GATE_H_
#define PROBEMESH_COORDINATOR_DIAGNOSIS_VANTAGE_GATE_H_

#include <set>
#include <string>
#include <vector>

#include "coordinator/diagnosis/evidence_view.h"
#include "probemesh/v1/diagnosis.pb.h"

namespace probemesh::coordinator {

struct GatedVantage {
  const VantageEvidence* evidence = nullptr;
  v1::VantageReport::State state =
      v1::VantageReport::STATE_UNSPECIFIED;  // unspecified: no result yet
  std::string reason;
  bool trusted = false;        // its evidence on the target counts
  bool verified = false;       // some control, or the target, answered it
  bool icmp_muted = false;     // controls do not answer its echo requests
  bool name_muted = false;     // its resolver fails where others' do not
  bool vantage_fault = false;  // discarded for a fault of its own network or host
};

struct Gate {
  std::vector<GatedVantage> vantages;  // in the view's order
  std::set<std::string> dropped_controls;
  bool controls_known = false;  // some vantage was checked against some control
};

// `view` must outlive the result.
Gate GateVantages(const EvidenceView& view);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_DIAGNOSIS_VANTAGE_GATE_H_
