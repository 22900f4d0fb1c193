// A session under test, with what surrounds it.
#ifndef PROBEMESH_TESTS_UNIT_PROBE_NODE_SESSION_SESSION_FIXTURE_H_
#define PROBEMESH_TESTS_UNIT_PROBE_NODE_SESSION_SESSION_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "common/base/proto_time.h"
#include "probe-node/session/session.h"
#include "tests/support/scripted_session.h"
#include "tests/support/temp_directory.h"

namespace probemesh::node {

class SessionFixture : public testing::Test {
 protected:
  using Kind = v1::NodeMessage;

  void SetUp() override {
    OpenSpool();
    NewSession();
  }

  void OpenSpool() {
    auto spool = ResultSpool::Open(dir_.path(), random_, {});
    ASSERT_TRUE(spool.ok());
    spool_ = *std::move(spool);
  }
  void NewSession() {
    session_ = std::make_unique<Session>(coordinators_, loop_, random_, transport_, *spool_, host_,
                                         renewer_);
    host_.on_refused = [this](const std::string& id) { Store(id, v1::NOT_RUN); };
  }

  // A coordinator that has heard of nothing yet.
  static v1::CoordinatorMessage Hello(uint64_t acked = 0) {
    v1::CoordinatorMessage message;
    v1::CoordinatorHello& hello = *message.mutable_hello();
    hello.set_session_epoch(1);
    *hello.mutable_heartbeat_interval() = ToProto(absl::Seconds(10));
    *hello.mutable_lease_duration() = ToProto(absl::Seconds(30));
    *hello.mutable_reconnect_spread() = ToProto(absl::Seconds(5));
    hello.set_acked_result_sequence(acked);
    hello.add_controls("192.0.2.1:443");
    return message;
  }
  static v1::CoordinatorMessage Command(const std::string& id,
                                        absl::Duration time_to_live = absl::Seconds(5)) {
    v1::CoordinatorMessage message;
    message.mutable_run_probe()->set_command_id(id);
    *message.mutable_run_probe()->mutable_time_to_live() = ToProto(time_to_live);
    return message;
  }
  v1::CoordinatorMessage Ack(uint64_t up_to) const {
    v1::CoordinatorMessage message;
    message.mutable_result_ack()->set_spool_generation(spool_->generation());
    message.mutable_result_ack()->set_up_to_sequence(up_to);
    return message;
  }
  static v1::CoordinatorMessage DrainMessage(absl::Duration reconnect_after) {
    v1::CoordinatorMessage message;
    *message.mutable_drain()->mutable_reconnect_after() = ToProto(reconnect_after);
    return message;
  }

  void Connect(uint64_t acked = 0) {
    session_->Start();
    transport_.Deliver(Hello(acked));
    ASSERT_EQ(session_->state(), Session::State::kOpen);
  }

  // What the agent does when a probe ends.
  void Store(const std::string& id, v1::Outcome outcome = v1::ANSWERED) {
    host_.running.erase(id);
    v1::Observation observation;
    observation.set_command_id(id);
    observation.set_outcome(outcome);
    spool_->Append(observation);
    session_->OnResultStored(id);
  }

  size_t attempts() const { return transport_.opened().size(); }

  TempDirectory dir_;
  SeededRandom random_{1};
  ManualEventLoop loop_;
  ScriptedTransport transport_{loop_};
  ScriptedHost host_;
  ScriptedRenewer renewer_;
  std::vector<std::string> coordinators_ = {"a:7443"};
  std::unique_ptr<ResultSpool> spool_;
  std::unique_ptr<Session> session_;
};

}  // namespace probemesh::node

#endif  // PROBEMESH_TESTS_UNIT_PROBE_NODE_SESSION_SESSION_FIXTURE_H_
