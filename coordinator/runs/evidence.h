// Small steps between observations, bundles and reports that every run needs.
#ifndef PROBEMESH_COORDINATOR_RUNS_EVIDENCE_H_
#define PROBEMESH_COORDINATOR_RUNS_EVIDENCE_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "probemesh/v1/diagnosis.pb.h"
#include "probemesh/v1/node.pb.h"

namespace probemesh::coordinator {

// True if the observation is about the probe that was asked for and of bearable size. A node that
// answers something else is not believed.
bool AnswersProbe(const v1::ProbeSpec& asked, const v1::Observation& observation);

// Why a node did not run a probe, for people.
std::string NotRunText(v1::NotRunReason reason);

v1::BundleVantage ToBundleVantage(const v1::Node& node);

// Hands each observation to the report of its node, in order; those of other nodes are left out.
void AttachObservations(const google::protobuf::RepeatedPtrField<v1::Observation>& observations,
                        google::protobuf::RepeatedPtrField<v1::VantageReport>* reports);

// Came after the judgement, and so is no part of what it is a function of. `elapsed` of zero means
// that there was none.
bool CameLate(const v1::Observation& observation, absl::Duration elapsed);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_RUNS_EVIDENCE_H_
