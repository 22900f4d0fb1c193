#include "coordinator/runs/evidence.h"

#include <gtest/gtest.h>

#include "coordinator/runs/limits.h"

namespace probemesh::coordinator {
namespace {

v1::ProbeSpec Tcp(const std::string& address, uint32_t port) {
  v1::ProbeSpec spec;
  spec.set_role(v1::SERVICE);
  spec.set_address(address);
  spec.set_port(port);
  spec.mutable_tcp();
  return spec;
}

TEST(EvidenceTest, OnlyTheProbeAskedForIsAnswered) {
  const v1::ProbeSpec asked = Tcp("192.0.2.1", 443);
  v1::Observation observation;
  observation.set_outcome(v1::ANSWERED);
  EXPECT_FALSE(AnswersProbe(asked, observation));
  observation.set_outcome(v1::NOT_RUN);
  EXPECT_TRUE(AnswersProbe(asked, observation));
  observation.set_outcome(v1::ANSWERED);
  *observation.mutable_spec() = asked;
  EXPECT_TRUE(AnswersProbe(asked, observation));
  *observation.mutable_spec() = Tcp("192.0.2.2", 443);
  EXPECT_FALSE(AnswersProbe(asked, observation));
  *observation.mutable_spec() = Tcp("192.0.2.1", 80);
  EXPECT_FALSE(AnswersProbe(asked, observation));
  *observation.mutable_spec() = asked;
  observation.mutable_spec()->mutable_udp();
  EXPECT_FALSE(AnswersProbe(asked, observation));
  *observation.mutable_spec() = asked;
  observation.mutable_spec()->set_role(v1::CONTROL);
  EXPECT_FALSE(AnswersProbe(asked, observation));
  *observation.mutable_spec() = asked;
  observation.set_detail(std::string(kMaxEvidenceOctets, 'x'));
  EXPECT_FALSE(AnswersProbe(asked, observation));
}

// A walk by another protocol or to another distance says other things of the same address.
TEST(EvidenceTest, EveryWordOfTheProbeCounts) {
  v1::ProbeSpec asked = Tcp("192.0.2.1", 443);
  asked.mutable_trace()->set_protocol(v1::TraceProbe::TCP);
  v1::Observation observation;
  observation.set_outcome(v1::SILENT);
  *observation.mutable_spec() = asked;
  EXPECT_TRUE(AnswersProbe(asked, observation));
  observation.mutable_spec()->mutable_trace()->set_protocol(v1::TraceProbe::UDP);
  EXPECT_FALSE(AnswersProbe(asked, observation));
  *observation.mutable_spec() = asked;
  observation.mutable_spec()->mutable_timeout()->set_seconds(1);
  EXPECT_FALSE(AnswersProbe(asked, observation));
}

TEST(EvidenceTest, EveryReasonNotToRunHasItsText) {
  std::set<std::string> texts;
  for (int reason = v1::NotRunReason_MIN; reason <= v1::NotRunReason_MAX; ++reason) {
    texts.insert(NotRunText(static_cast<v1::NotRunReason>(reason)));
  }
  EXPECT_EQ(texts.size(), static_cast<size_t>(v1::NotRunReason_ARRAYSIZE));
}

std::vector<std::string> Kept(v1::EvidenceBundle bundle) {
  KeepJudged(&bundle);
  std::vector<std::string> details;
  for (const v1::Observation& observation : bundle.observations()) {
    details.push_back(observation.detail());
  }
  return details;
}

TEST(EvidenceTest, OnlyWhatWasJudgedIsJudgedAgain) {
  v1::EvidenceBundle bundle;
  const std::vector<std::pair<std::string, std::string>> stored = {
      {"a", "first"}, {"late", "after the verdict"}, {"b", "second"}, {"a", "told twice"}};
  for (const auto& [id, detail] : stored) {
    bundle.add_observations()->set_command_id(id);
    bundle.mutable_observations()->rbegin()->set_detail(detail);
  }
  EXPECT_EQ(Kept(bundle).size(), 4u);  // its coordinator was killed before any verdict

  bundle.mutable_elapsed()->set_seconds(3);
  bundle.add_judged_command_ids("a");
  bundle.add_judged_command_ids("b");

  EXPECT_EQ(Kept(bundle), (std::vector<std::string>{"first", "second"}));
}

TEST(EvidenceTest, ObservationsGoToTheirNodes) {
  google::protobuf::RepeatedPtrField<v1::VantageReport> reports;
  reports.Add()->set_node("nodes/a");
  reports.Add()->set_node("nodes/b");
  google::protobuf::RepeatedPtrField<v1::Observation> observations;
  for (const char* node : {"nodes/b", "nodes/stranger", "nodes/b"}) {
    observations.Add()->set_node(node);
  }
  AttachObservations(observations, &reports);
  AttachObservations(observations, &reports);
  EXPECT_EQ(reports[0].observations_size(), 0);
  EXPECT_EQ(reports[1].observations_size(), 2);
}

TEST(EvidenceTest, AVantageWithoutGroupIsItsOwn) {
  v1::Node node;
  node.set_name("nodes/a");
  EXPECT_EQ(ToBundleVantage(node).group(), "nodes/a");
  EXPECT_FALSE(ToBundleVantage(node).has_self_check());
}

}  // namespace
}  // namespace probemesh::coordinator
