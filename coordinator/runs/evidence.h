// Small steps between observations, bundles and reports that every run needs.
#ifndef PROBEMESH_COORDINATOR_RUNS_EVIDENCE_H_
#define PROBEMESH_COORDINATOR_RUNS_EVIDENCE_H_

#include <string>
#include <vector>

#include "probemesh/v1/diagnosis.pb.h"
#include "probemesh/v1/node.pb.h"

namespace probemesh::coordinator {

// True if the observation is about exactly the probe that was asked for and of bearable size. A
// node that answers something else is not believed.
bool AnswersProbe(const v1::ProbeSpec& asked, const v1::Observation& observation);

// Why a node did not run a probe, for people.
std::string NotRunText(v1::NotRunReason reason);

v1::BundleVantage ToBundleVantage(const v1::Node& node);

// Hands each observation to the report of its node, in order; those of other nodes are left out.
void AttachObservations(const google::protobuf::RepeatedPtrField<v1::Observation>& observations,
                        google::protobuf::RepeatedPtrField<v1::VantageReport>* reports);

// Notes in a bundle for the store which observations the judgement used.
void MarkJudged(const google::protobuf::RepeatedPtrField<v1::Observation>& observations,
                v1::EvidenceBundle* bundle);

// Drops what is no part of what the judgement is a function of: all that `bundle` does not name as
// judged, and repetitions. The marks go as well: what is left is the judged bundle,
// with its digest. A bundle whose diagnosis never ended keeps everything.
void KeepJudged(v1::EvidenceBundle* bundle);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_RUNS_EVIDENCE_H_
