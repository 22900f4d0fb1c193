// A coordinator's listeners on loopback, with a fake core behind them.
#ifndef PROBEMESH_TESTS_INTEGRATION_COORDINATOR_FIXTURE_H_
#define PROBEMESH_TESTS_INTEGRATION_COORDINATOR_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/rpc/channel_options.h"
#include "common/rpc/credentials.h"
#include "coordinator/core/core_gate.h"
#include "coordinator/grpc_listeners.h"
#include "tests/support/fake_core.h"
#include "tests/support/loop_thread.h"
#include "tests/support/test_authority.h"

namespace probemesh::coordinator {

inline KeyAndChain ToKeyAndChain(const IssuedIdentity& identity) {
  return {identity.key_pem, identity.chain_pem};
}

// No call of a test may hang.
inline void SetTestDeadline(grpc::ClientContext* context) {
  context->set_deadline(absl::ToChronoTime(SystemClock().Wall() + absl::Seconds(20)));
}

class CoordinatorFixture : public testing::Test {
 protected:
  CoordinatorFixture() {
    gate_.Open(core_);
    ListenerOptions options;
    options.listen = Endpoint::Parse("127.0.0.1:0").value();
    options.enroll_listen = options.listen;
    options.identity = ToKeyAndChain(authority_->IssueCoordinator({}).value());
    options.ca_pem = authority_->ca_pem();
    listeners_ = GrpcListeners::Start(options, {gate_, SystemClock(), counters_}).value();
  }
  ~CoordinatorFixture() override { listeners_->Shutdown(absl::ZeroDuration()); }

  std::shared_ptr<grpc::Channel> Channel(const IssuedIdentity& identity) {
    grpc::ChannelArguments arguments = ClientChannelArguments();
    arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);  // windows that a test can fill
    return grpc::CreateCustomChannel(
        absl::StrCat("ipv4:127.0.0.1:", listeners_->port()),
        MutualTlsClientCredentials(ToKeyAndChain(identity), authority_->ca_pem()), arguments);
  }
  std::shared_ptr<grpc::Channel> OperatorChannel() {
    return Channel(authority_->IssueOperator("admin").value());
  }
  std::shared_ptr<grpc::Channel> NodeChannel(const std::string& name) {
    return Channel(authority_.Node(name));
  }
  std::shared_ptr<grpc::Channel> EnrollmentChannel(const std::string& pin) {
    return grpc::CreateCustomChannel(absl::StrCat("ipv4:127.0.0.1:", listeners_->enroll_port()),
                                     PinnedClientCredentials(pin), ClientChannelArguments());
  }

  // Runs `task` on the loop, where the fake core lives.
  void OnLoop(const std::function<void()>& task) { thread_.Run(task); }
  // Turns the loop until `done` is true there; false after twenty seconds.
  bool LoopUntil(const std::function<bool()>& done) {
    const absl::Time limit = SystemClock().Wall() + absl::Seconds(20);
    bool result = false;
    while (!result && SystemClock().Wall() < limit) OnLoop([&] { result = done(); });
    return result;
  }

  TestAuthority authority_;
  LoopThread thread_;
  CoreGate gate_{thread_.loop()};
  FakeCore core_;
  ApiCounters counters_;
  std::unique_ptr<GrpcListeners> listeners_;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_TESTS_INTEGRATION_COORDINATOR_FIXTURE_H_
