#include "coordinator/runs/evidence.h"

#include <utility>

#include "absl/container/flat_hash_set.h"
#include "coordinator/runs/limits.h"
#include "google/protobuf/util/message_differencer.h"

namespace probemesh::coordinator {

bool AnswersProbe(const v1::ProbeSpec& asked, const v1::Observation& observation) {
  if (observation.ByteSizeLong() > kMaxEvidenceOctets) return false;
  // A node that restarted knows the command's id and no more.
  if (!observation.has_spec()) return observation.outcome() == v1::NOT_RUN;
  return google::protobuf::util::MessageDifferencer::Equals(asked, observation.spec());
}

std::string NotRunText(v1::NotRunReason reason) {
  switch (reason) {
    case v1::POLICY_DENIED:
      return "the node's owner does not allow this destination";
    case v1::OVERLOADED:
      return "the node is overloaded";
    case v1::UNSUPPORTED:
      return "the node cannot run this kind of probe";
    case v1::EXPIRED:
      return "the command came too late to the node";
    case v1::INTERRUPTED:
      return "the node restarted while it ran the probe";
    case v1::INVALID_SPEC:
      return "the node does not understand the probe";
    default:
      return "the node did not run the probe";
  }
}

v1::BundleVantage ToBundleVantage(const v1::Node& node) {
  v1::BundleVantage vantage;
  vantage.set_node(node.name());
  vantage.set_group(node.group().empty() ? node.name() : node.group());
  *vantage.mutable_labels() = node.labels();
  *vantage.mutable_capabilities() = node.capabilities();
  if (node.has_self_check()) *vantage.mutable_self_check() = node.self_check();
  return vantage;
}

void AttachObservations(const google::protobuf::RepeatedPtrField<v1::Observation>& observations,
                        google::protobuf::RepeatedPtrField<v1::VantageReport>* reports) {
  for (v1::VantageReport& report : *reports) {
    report.clear_observations();
    for (const v1::Observation& observation : observations) {
      if (observation.node() == report.node()) *report.add_observations() = observation;
    }
  }
}

void MarkJudged(const google::protobuf::RepeatedPtrField<v1::Observation>& observations,
                v1::EvidenceBundle* bundle) {
  for (const v1::Observation& observation : observations) {
    bundle->add_judged_command_ids(observation.command_id());
  }
}

void KeepJudged(v1::EvidenceBundle* bundle) {
  if (!bundle->has_elapsed()) return;
  absl::flat_hash_set<std::string> judged(bundle->judged_command_ids().begin(),
                                          bundle->judged_command_ids().end());
  google::protobuf::RepeatedPtrField<v1::Observation> kept;
  for (v1::Observation& observation : *bundle->mutable_observations()) {
    if (judged.erase(observation.command_id()) > 0) *kept.Add() = std::move(observation);
  }
  *bundle->mutable_observations() = std::move(kept);
  bundle->clear_judged_command_ids();
}

}  // namespace probemesh::coordinator
