#include "probe-node/agent/agent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/proto_time.h"
#include "tests/support/puppet_probes.h"
#include "tests/support/temp_directory.h"

namespace probemesh::node {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Kind = v1::ProbeSpec;

class AgentTest : public testing::Test {
 protected:
  void SetUp() override { Restart(); }

  // A process after a crash: what was in memory is gone.
  void Restart() {
    agent_.reset();
    spool_.reset();
    spool_ = ResultSpool::Open(dir_.path(), random_, {}).value();
    NewAgent();
  }
  void NewAgent() {
    v1::NodeHello description;
    description.set_version("1.2.3");
    agent_ =
        std::make_unique<Agent>(description, limits_, loop_, probes_.engine(), policy_, *spool_);
    agent_->set_listener({.on_result_stored =
                              [this](const std::string& id) {
                                stored_.push_back(id);
                                in_flight_when_stored_ = agent_->in_flight();
                              },
                          .on_self_check = [this] { ++self_checks_; }});
  }

  static v1::RunProbe Command(const std::string& id, const std::string& address = "1.1.1.1") {
    v1::RunProbe command;
    command.set_command_id(id);
    command.mutable_spec()->set_address(address);
    command.mutable_spec()->set_port(443);
    command.mutable_spec()->mutable_tcp();
    *command.mutable_spec()->mutable_timeout() = ToProto(absl::Seconds(3));
    return command;
  }
  v1::Observation Stored(uint64_t sequence) {
    const auto result = spool_->Get(sequence);
    EXPECT_TRUE(result) << sequence;
    return result ? result->observation() : v1::Observation();
  }
  void ExpectRefused(const v1::RunProbe& command, v1::NotRunReason reason,
                     const std::string& detail) {
    const size_t before = probes_.started().size();
    agent_->RunProbe(command);
    EXPECT_EQ(probes_.started().size(), before);
    const v1::Observation observation = Stored(spool_->last_sequence());
    EXPECT_EQ(observation.command_id(), command.command_id());
    EXPECT_EQ(observation.outcome(), v1::NOT_RUN);
    EXPECT_EQ(observation.not_run_reason(), reason);
    EXPECT_THAT(observation.detail(), HasSubstr(detail));
  }

  TempDirectory dir_;
  SeededRandom random_{1};
  ManualEventLoop loop_;
  PuppetProbes probes_{loop_};
  TargetPolicy policy_{{}, loop_.clock(), [] { return std::vector<IpAddress>(); }};
  AgentLimits limits_{.max_concurrent_probes = 4};
  std::unique_ptr<ResultSpool> spool_;
  std::vector<std::string> stored_;
  uint32_t in_flight_when_stored_ = 0;
  int self_checks_ = 0;
  std::unique_ptr<Agent> agent_;
};

TEST_F(AgentTest, RunsACommandAndStoresItsResult) {
  agent_->RunProbe(Command("c1"));
  EXPECT_EQ(agent_->in_flight(), 1);
  EXPECT_EQ(agent_->free_slots(), 3);
  EXPECT_THAT(stored_, IsEmpty());
  probes_.End(Kind::kTcp, v1::REFUSED);
  EXPECT_THAT(stored_, ElementsAre("c1"));
  EXPECT_EQ(in_flight_when_stored_, 0);
  EXPECT_EQ(Stored(1).outcome(), v1::REFUSED);
  EXPECT_EQ(Stored(1).spec().address(), "1.1.1.1");
}

TEST_F(AgentTest, DescribesTheNode) {
  agent_->RunProbe(Command("c1"));
  const v1::NodeHello hello = agent_->Describe();
  EXPECT_EQ(hello.version(), "1.2.3");
  EXPECT_EQ(hello.free_slots(), 3);
  EXPECT_EQ(hello.capabilities().max_concurrent_probes(), 4);
}

TEST_F(AgentTest, WhatTheOwnerForbidsIsDataNotAnError) {
  ExpectRefused(Command("c1", "10.0.0.1"), v1::POLICY_DENIED, "10.0.0.0/8");
  ExpectRefused(Command("c2", "::ffff:127.0.0.1"), v1::POLICY_DENIED, "loopback");
  EXPECT_EQ(Stored(1).spec().address(), "10.0.0.1");
}

TEST_F(AgentTest, MoreThanItsSlotsIsOverload) {
  for (const char* id : {"a", "b", "c", "d"}) agent_->RunProbe(Command(id));
  EXPECT_EQ(agent_->free_slots(), 0);
  ExpectRefused(Command("e"), v1::OVERLOADED, "4 slots");
  probes_.End(Kind::kTcp, v1::ANSWERED);
  EXPECT_EQ(agent_->free_slots(), 1);
}

TEST_F(AgentTest, MoreThanTheOwnersRateIsOverload) {
  limits_.probes_per_second = 2;
  NewAgent();
  agent_->RunProbe(Command("a"));
  agent_->RunProbe(Command("b"));
  ExpectRefused(Command("c"), v1::OVERLOADED, "2 probes a second");
  loop_.AdvanceBy(absl::Seconds(1));
  agent_->RunProbe(Command("d"));
  EXPECT_EQ(agent_->in_flight(), 3);
}

TEST_F(AgentTest, SpecThatIsTooLargeIsRefusedAndNotEchoed) {
  v1::RunProbe command = Command("c1");
  command.mutable_spec()->mutable_tls()->set_ca_pem(std::string(100'000, 'x'));
  ExpectRefused(command, v1::INVALID_SPEC, "larger than");
  EXPECT_FALSE(Stored(1).has_spec());
}

TEST_F(AgentTest, ObservationThatIsTooLargeDoesNotTestify) {
  agent_->RunProbe(Command("c1"));
  v1::Observation observation;
  observation.set_outcome(v1::ANSWERED);
  observation.mutable_http()->set_error(std::string(300'000, 'x'));
  probes_.End(Kind::kTcp, observation);
  EXPECT_EQ(Stored(1).outcome(), v1::NOT_RUN);
  EXPECT_EQ(Stored(1).not_run_reason(), v1::OVERLOADED);
  EXPECT_EQ(Stored(1).spec().address(), "1.1.1.1");
}

TEST_F(AgentTest, EngineDecidesAboutEverythingElse) {
  probes_.Refuse(Kind::kTcp, absl::InvalidArgumentError("address: not an IP address"));
  agent_->RunProbe(Command("c1", "example.com"));
  loop_.RunUntilIdle();
  EXPECT_EQ(Stored(1).not_run_reason(), v1::INVALID_SPEC);
  EXPECT_EQ(agent_->in_flight(), 0);
}

TEST_F(AgentTest, RefusalBySessionIsStored) {
  agent_->RefuseProbe(Command("c1"), v1::EXPIRED, "too late");
  EXPECT_THAT(stored_, ElementsAre("c1"));
  EXPECT_EQ(Stored(1).not_run_reason(), v1::EXPIRED);
  EXPECT_EQ(FromProto(Stored(1).start_time()), loop_.clock().Wall());
}

TEST_F(AgentTest, CancelledCommandEndsAsCancelled) {
  agent_->RunProbe(Command("c1"));
  agent_->CancelProbe("c1");
  agent_->CancelProbe("unknown");
  loop_.RunUntilIdle();
  EXPECT_EQ(Stored(1).outcome(), v1::CANCELLED);
  EXPECT_EQ(agent_->in_flight(), 0);
}

TEST_F(AgentTest, StoppingInterruptsWhatRunsOnce) {
  agent_->RunProbe(Command("c1"));
  agent_->RunProbe(Command("c2"));
  agent_->InterruptAll();
  EXPECT_THAT(stored_, ElementsAre("c1", "c2"));
  EXPECT_EQ(Stored(1).not_run_reason(), v1::INTERRUPTED);
  EXPECT_EQ(agent_->in_flight(), 0);
  loop_.RunUntilIdle();
  EXPECT_EQ(spool_->last_sequence(), 2);
}

TEST_F(AgentTest, WhatACrashCutOffIsInterruptedAfterTheRestart) {
  agent_->RunProbe(Command("c1"));
  agent_->RunProbe(Command("c2"));
  probes_.End(Kind::kTcp, v1::ANSWERED);
  Restart();
  agent_->ReportUnfinished();
  ASSERT_EQ(spool_->last_sequence(), 2);
  EXPECT_EQ(Stored(1).command_id(), "c1");
  EXPECT_EQ(Stored(2).command_id(), "c2");
  EXPECT_EQ(Stored(2).outcome(), v1::NOT_RUN);
  EXPECT_EQ(Stored(2).not_run_reason(), v1::INTERRUPTED);
  EXPECT_EQ(Stored(2).spec().port(), 443);
  EXPECT_THAT(stored_, ElementsAre("c1", "c2"));
  Restart();
  agent_->ReportUnfinished();
  EXPECT_EQ(spool_->last_sequence(), 2);
}

TEST_F(AgentTest, SelfCheckDoesNotTakeTheCommandsSlots) {
  agent_->SetControls({"1.1.1.1:443"});
  EXPECT_EQ(agent_->free_slots(), 4);
  probes_.End(Kind::kTcp, v1::ANSWERED);
  probes_.End(Kind::kIcmp, v1::ANSWERED);
  EXPECT_EQ(self_checks_, 1);
  EXPECT_TRUE(agent_->self_check().controls(0).tcp_ok());
  EXPECT_TRUE(agent_->Describe().self_check().controls(0).tcp_ok());
  EXPECT_EQ(spool_->last_sequence(), 0);
}

}  // namespace
}  // namespace probemesh::node
