// Every fault of the catalogue, injected into an internet of its own, proven to have happened, and
// diagnosed by the real programs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/proto_time.h"
#include "tests/lab/faults.h"
#include "tests/lab/lab_diagnosis.h"
#include "tests/lab/mesh.h"
#include "tests/lab/namespace_lab.h"

namespace probemesh::lab {
namespace {

using ::testing::Contains;

constexpr char kTarget[] = "https://www.lab.test";
constexpr absl::Duration kHealthyWithin = absl::Seconds(1);
constexpr absl::Duration kSilentWithin = absl::Milliseconds(3600);

class DiagnosisLab : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (const absl::Status able = CheckCanMakeNamespaces(); !able.ok()) {
      GTEST_SKIP() << able.message();
    }
    absl::StatusOr<std::unique_ptr<ScopedLab>> lab = ScopedLab::Create();
    ASSERT_TRUE(lab.ok()) << lab.status();
    lab_ = *std::move(lab);
    mesh_ = std::make_unique<Mesh>(lab_->run(), Programs{PROBEMESH_BIN_DIR});
    const absl::Status started = mesh_->Start();
    ASSERT_TRUE(started.ok()) << started;
  }

  std::unique_ptr<ScopedLab> lab_;
  std::unique_ptr<Mesh> mesh_;
};

// An address of one of `nodes`.
bool NamesOneOf(const LabDiagnosis& diagnosis, const std::vector<std::string>& nodes) {
  for (const std::string& node : nodes) {
    for (const std::string& address : LabTopology().Get(node).Addresses()) {
      for (const std::string& named : diagnosis.LocusAddresses()) {
        if (named == address) return true;
      }
    }
  }
  return false;
}

std::vector<std::string> NeighborFlags(const std::vector<std::string>& hosts) {
  std::vector<std::string> flags;
  for (const std::string& host : hosts) {
    for (const Family family : {Family::kV4, Family::kV6}) {
      flags.push_back("--neighbor");
      flags.push_back(LabTopology().Get(host).Address(family));
    }
  }
  return flags;
}

TEST_P(DiagnosisLab, SaysWhatHappened) {
  const Fault* fault = FindFault(GetParam());
  ASSERT_NE(fault, nullptr);
  const absl::Status injected = InjectFault(lab_->run(), *fault);
  ASSERT_TRUE(injected.ok()) << injected;

  const Expectation& expected = fault->expectation;
  const absl::StatusOr<LabDiagnosis> diagnosis =
      DiagnoseInLab(*mesh_, kTarget, NeighborFlags(expected.neighbors));

  ASSERT_TRUE(diagnosis.ok()) << diagnosis.status();
  SCOPED_TRACE(diagnosis->Describe());
  EXPECT_THAT(expected.verdicts, Contains(diagnosis->Verdict()));
  EXPECT_THAT(expected.fault_domains, Contains(diagnosis->FaultDomain()));
  EXPECT_THAT(expected.exit_codes, Contains(diagnosis->exit_code));
  EXPECT_EQ(diagnosis->diagnosis.state(), v1::Diagnosis::DONE);
  EXPECT_LE(FromProto(diagnosis->diagnosis.elapsed()), kSilentWithin);
  if (!expected.locus_nodes.empty()) {
    EXPECT_TRUE(NamesOneOf(*diagnosis, expected.locus_nodes));
  }
  for (const std::string& vantage : expected.discarded) {
    EXPECT_EQ(diagnosis->StateOf(vantage), "DISCARDED") << vantage;
  }
}

std::vector<std::string> FaultNames() {
  std::vector<std::string> names;
  for (const Fault& fault : FaultCatalogue()) names.push_back(fault.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Fault, DiagnosisLab, ::testing::ValuesIn(FaultNames()),
                         [](const auto& instance) { return instance.param; });

using BlindLab = DiagnosisLab;

// No baseline, no neighbour, two stops: the last hop or a hole before it. Guessing would be wrong
// half the time.
TEST_P(BlindLab, SaysThatItDoesNotKnow) {
  ASSERT_TRUE(InjectFault(lab_->run(), *FindFault(GetParam())).ok());

  const absl::StatusOr<LabDiagnosis> diagnosis = DiagnoseInLab(*mesh_, kTarget);

  ASSERT_TRUE(diagnosis.ok()) << diagnosis.status();
  SCOPED_TRACE(diagnosis->Describe());
  EXPECT_THAT((std::vector<std::string>{"NETWORK", "UNKNOWN"}), Contains(diagnosis->FaultDomain()));
}

INSTANTIATE_TEST_SUITE_P(Fault, BlindLab, ::testing::Values("rtbh_both"));

using LearnedLab = DiagnosisLab;

// The routers that a healthier time has shown to be the last hops are where all walks end now.
TEST_P(LearnedLab, RemembersTheLastHopsOfAHealthierTime) {
  const absl::StatusOr<LabDiagnosis> before = DiagnoseInLab(*mesh_, kTarget);
  ASSERT_TRUE(before.ok()) << before.status();
  ASSERT_EQ(before->Verdict(), "HEALTHY") << before->Describe();
  WaitForIcmpBudget();  // longer than the walks that follow a healthy diagnosis take
  const absl::Status injected = InjectFault(lab_->run(), *FindFault(GetParam()));
  ASSERT_TRUE(injected.ok()) << injected;

  const absl::StatusOr<LabDiagnosis> diagnosis = DiagnoseInLab(*mesh_, kTarget);

  ASSERT_TRUE(diagnosis.ok()) << diagnosis.status();
  EXPECT_EQ(diagnosis->Verdict(), "TARGET_SILENT") << diagnosis->Describe();
}

INSTANTIATE_TEST_SUITE_P(Fault, LearnedLab, ::testing::Values("edge_drop_all", "host_drop_all"),
                         [](const auto& instance) { return instance.param; });

using HealthyLab = DiagnosisLab;

TEST_P(HealthyLab, IsHealthyWithinASecond) {
  const absl::StatusOr<LabDiagnosis> diagnosis = DiagnoseInLab(*mesh_, kTarget, {GetParam()});

  ASSERT_TRUE(diagnosis.ok()) << diagnosis.status();
  SCOPED_TRACE(diagnosis->Describe());
  EXPECT_EQ(diagnosis->Verdict(), "HEALTHY");
  EXPECT_EQ(diagnosis->exit_code, 0);
  EXPECT_LE(FromProto(diagnosis->diagnosis.elapsed()), kHealthyWithin);
  EXPECT_EQ(diagnosis->diagnosis.vantages_size(), 4);
  for (const v1::VantageReport& vantage : diagnosis->diagnosis.vantages()) {
    EXPECT_EQ(vantage.state(), v1::VantageReport::OK) << vantage.reason();
  }
}

INSTANTIATE_TEST_SUITE_P(Family, HealthyLab, ::testing::Values("-4", "-6"),
                         [](const auto& instance) { return instance.param == "-4" ? "V4" : "V6"; });

}  // namespace
}  // namespace probemesh::lab
