#include "probe-node/engine/probe_engine.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/base/proto_time.h"
#include "probe-node/engine/icmp_governor.h"
#include "tests/support/fake_socket_ops.h"

namespace probemesh::node {
namespace {

// A probe that ends when the test says so. Its own address is how the test finds it.
class PuppetProbe final : public Probe {
 public:
  PuppetProbe(std::map<std::string, PuppetProbe*>& stage, std::string address)
      : stage_(stage), address_(std::move(address)) {
    stage_[address_] = this;
  }
  ~PuppetProbe() override { stage_.erase(address_); }
  void Start(ProbeDone done) override { done_ = std::move(done); }
  void End(v1::Outcome outcome) {
    v1::Observation observation;
    observation.set_outcome(outcome);
    observation.set_detail("of the probe");
    done_(std::move(observation));
  }

 private:
  std::map<std::string, PuppetProbe*>& stage_;
  const std::string address_;
  ProbeDone done_;
};

class ProbeEngineTest : public testing::Test {
 protected:
  void MakeEngine(size_t max_in_flight) {
    engine_.emplace(context_, EngineLimits{.max_in_flight = max_in_flight},
                    [this](const v1::ProbeSpec& spec, ProbeContext&) { return Make(spec); });
  }

  absl::StatusOr<std::unique_ptr<Probe>> Make(const v1::ProbeSpec& spec) {
    if (!factory_error_.ok()) return factory_error_;
    return std::make_unique<PuppetProbe>(stage_, spec.address());
  }

  void Run(const std::string& id) {
    v1::ProbeSpec spec;
    spec.set_address("host of " + id);
    *spec.mutable_timeout() = ToProto(absl::Seconds(3));
    engine_->Run(id, spec, [this](v1::Observation observation) {
      results_.push_back(std::move(observation));
    });
  }

  PuppetProbe& Puppet(const std::string& id) { return *stage_.at("host of " + id); }

  ManualEventLoop loop_;
  FakeSocketOps sockets_{loop_};
  SeededRandom random_{1};
  IcmpGovernor governor_{loop_.clock()};
  ProbeContext context_{loop_, sockets_, random_, governor_, nullptr};
  std::map<std::string, PuppetProbe*> stage_;
  absl::Status factory_error_;
  std::optional<ProbeEngine> engine_;
  std::vector<v1::Observation> results_;
};

TEST_F(ProbeEngineTest, CompletesWhatTheProbeObserved) {
  MakeEngine(8);
  Run("a");
  EXPECT_EQ(engine_->in_flight(), 1u);
  loop_.RunUntilIdle();
  EXPECT_TRUE(results_.empty());
  Puppet("a").End(v1::ANSWERED);
  EXPECT_TRUE(results_.empty());  // never from inside the probe's own call
  loop_.RunUntilIdle();
  ASSERT_EQ(results_.size(), 1u);
  EXPECT_EQ(results_[0].command_id(), "a");
  EXPECT_EQ(results_[0].spec().address(), "host of a");
  EXPECT_EQ(results_[0].outcome(), v1::ANSWERED);
  EXPECT_EQ(results_[0].detail(), "of the probe");
  EXPECT_TRUE(results_[0].has_scheduling_delay());
  EXPECT_EQ(engine_->in_flight(), 0u);
  EXPECT_TRUE(stage_.empty());
  loop_.AdvanceBy(absl::Seconds(10));
  EXPECT_EQ(results_.size(), 1u);
  EXPECT_EQ(loop_.timer_count(), 0u);
}

TEST_F(ProbeEngineTest, RefusesWhatDoesNotFitIntoItsSlots) {
  MakeEngine(2);
  for (const char* id : {"a", "b", "c"}) Run(id);
  EXPECT_EQ(engine_->free_slots(), 0u);
  EXPECT_TRUE(results_.empty());  // never from inside Run
  loop_.RunUntilIdle();
  ASSERT_EQ(results_.size(), 1u);
  EXPECT_EQ(results_[0].command_id(), "c");
  EXPECT_EQ(results_[0].outcome(), v1::NOT_RUN);
  EXPECT_EQ(results_[0].not_run_reason(), v1::OVERLOADED);
  EXPECT_TRUE(results_[0].has_start_time());
  Puppet("a").End(v1::SILENT);
  EXPECT_EQ(engine_->free_slots(), 1u);
}

TEST_F(ProbeEngineTest, TellsWhyTheFactoryMadeNoProbe) {
  MakeEngine(8);
  const std::vector<std::pair<absl::Status, v1::NotRunReason>> cases = {
      {absl::InvalidArgumentError("port: too large"), v1::INVALID_SPEC},
      {absl::UnimplementedError("port: too large"), v1::UNSUPPORTED},
      {absl::FailedPreconditionError("port: too large"), v1::UNSUPPORTED},
      {absl::PermissionDeniedError("port: too large"), v1::POLICY_DENIED},
  };
  for (const auto& [error, reason] : cases) {
    factory_error_ = error;
    Run("x");
    loop_.RunUntilIdle();
    EXPECT_EQ(results_.back().outcome(), v1::NOT_RUN);
    EXPECT_EQ(results_.back().not_run_reason(), reason) << error;
    EXPECT_EQ(results_.back().detail(), "port: too large");
  }
  EXPECT_EQ(results_.size(), cases.size());
  EXPECT_EQ(engine_->in_flight(), 0u);
}

TEST_F(ProbeEngineTest, RefusesAnIdThatIsRunningAndLeavesThatProbeAlone) {
  MakeEngine(8);
  Run("a");
  Run("a");
  loop_.RunUntilIdle();
  ASSERT_EQ(results_.size(), 1u);
  EXPECT_EQ(results_[0].not_run_reason(), v1::INVALID_SPEC);
  Puppet("a").End(v1::ANSWERED);
  loop_.RunUntilIdle();
  ASSERT_EQ(results_.size(), 2u);
  EXPECT_EQ(results_[1].outcome(), v1::ANSWERED);
}

TEST_F(ProbeEngineTest, CancelsOnce) {
  MakeEngine(8);
  Run("a");
  loop_.AdvanceBy(absl::Milliseconds(500));
  EXPECT_FALSE(engine_->Cancel("b"));
  EXPECT_TRUE(engine_->Cancel("a"));
  EXPECT_FALSE(engine_->Cancel("a"));
  EXPECT_TRUE(results_.empty());
  loop_.RunUntilIdle();
  ASSERT_EQ(results_.size(), 1u);
  EXPECT_EQ(results_[0].outcome(), v1::CANCELLED);
  EXPECT_EQ(FromProto(results_[0].duration()), absl::Milliseconds(500));
  EXPECT_TRUE(stage_.empty());
}

TEST_F(ProbeEngineTest, AResultOnItsWayCannotBeCancelled) {
  MakeEngine(8);
  Run("a");
  Puppet("a").End(v1::ANSWERED);
  EXPECT_FALSE(engine_->Cancel("a"));
  loop_.RunUntilIdle();
  ASSERT_EQ(results_.size(), 1u);
  EXPECT_EQ(results_[0].outcome(), v1::ANSWERED);
}

TEST_F(ProbeEngineTest, AProbeThatNeverEndsIsNoEvidenceOfSilence) {
  MakeEngine(8);
  Run("a");
  loop_.AdvanceBy(absl::Milliseconds(4999));
  EXPECT_TRUE(results_.empty());
  loop_.AdvanceBy(absl::Milliseconds(2));
  ASSERT_EQ(results_.size(), 1u);
  EXPECT_EQ(results_[0].outcome(), v1::NOT_RUN);
  EXPECT_EQ(results_[0].not_run_reason(), v1::INTERRUPTED);
  EXPECT_EQ(FromProto(results_[0].duration()), absl::Seconds(5));
  EXPECT_TRUE(stage_.empty());
}

TEST_F(ProbeEngineTest, MeasuresHowLongTheLoopKeptAProbeWaiting) {
  MakeEngine(8);
  Run("slow");
  loop_.AdvanceBy(absl::Milliseconds(100));
  loop_.manual_clock().Advance(absl::Milliseconds(700));  // somebody blocks the loop
  loop_.RunUntilIdle();
  Run("later");
  loop_.AdvanceBy(absl::Milliseconds(100));
  Puppet("slow").End(v1::ANSWERED);
  Puppet("later").End(v1::ANSWERED);
  loop_.RunUntilIdle();
  ASSERT_EQ(results_.size(), 2u);
  const bool slow_first = results_[0].command_id() == "slow";
  const absl::Duration slow = FromProto(results_[slow_first ? 0 : 1].scheduling_delay());
  EXPECT_GE(slow, absl::Milliseconds(680));
  EXPECT_LE(slow, absl::Milliseconds(700));
  EXPECT_EQ(FromProto(results_[slow_first ? 1 : 0].scheduling_delay()), absl::ZeroDuration());
}

TEST_F(ProbeEngineTest, LagUpToTheEndOfAProbeCounts) {
  MakeEngine(8);
  Run("a");
  loop_.manual_clock().Advance(absl::Milliseconds(320));
  Puppet("a").End(v1::SILENT);
  loop_.RunUntilIdle();
  ASSERT_EQ(results_.size(), 1u);
  EXPECT_EQ(FromProto(results_[0].scheduling_delay()), absl::Milliseconds(300));
}

TEST_F(ProbeEngineTest, DestructionEndsEverythingSilently) {
  MakeEngine(2);
  for (const char* id : {"a", "b", "refused"}) Run(id);
  Puppet("a").End(v1::ANSWERED);
  engine_.reset();
  loop_.AdvanceBy(absl::Seconds(10));
  EXPECT_TRUE(results_.empty());
  EXPECT_TRUE(stage_.empty());
  EXPECT_EQ(loop_.timer_count(), 0u);
}

TEST_F(ProbeEngineTest, TheCallbackMayRunTheNextProbeAndDestroyTheEngine) {
  MakeEngine(1);
  v1::ProbeSpec spec;
  spec.set_address("host of first");
  engine_->Run("first", spec, [this](v1::Observation) { Run("second"); });
  Puppet("first").End(v1::ANSWERED);
  loop_.RunUntilIdle();
  EXPECT_EQ(engine_->in_flight(), 1u);
  spec.set_address("host of third");
  engine_->Run("third", spec, [this](v1::Observation) { engine_.reset(); });
  loop_.RunUntilIdle();
  EXPECT_FALSE(engine_.has_value());
  EXPECT_TRUE(stage_.empty());
}

}  // namespace
}  // namespace probemesh::node
