// A coordinator in this process: real core, real listeners, a store in memory.
#ifndef PROBEMESH_TESTS_INTEGRATION_REAL_COORDINATOR_H_
#define PROBEMESH_TESTS_INTEGRATION_REAL_COORDINATOR_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "coordinator/core/make_core.h"
#include "coordinator/grpc_listeners.h"
#include "tests/support/inline_store_executor.h"
#include "tests/support/loop_thread.h"
#include "tests/support/memory_store.h"
#include "tests/support/test_authority.h"

namespace probemesh {

class RealCoordinator {
 public:
  explicit RealCoordinator(std::vector<std::string> controls = {});
  ~RealCoordinator();

  // As after a crash; what is in the store stays, and so do the ports.
  void Stop();
  void Start();

  // A token as an operator makes it.
  std::string MakeToken(const v1::CreateJoinTokenRequest& request = {});
  // The node as ListNodes shows it; without a name if there is none.
  v1::Node Node(const std::string& name);
  // False after twenty seconds.
  bool AwaitState(const std::string& name, v1::Node::State state);
  bool AwaitSelfCheck(const std::string& name);
  void Revoke(const std::string& name);
  // One probe at every node; waits for all of its results.
  v1::ProbeRun RunProbe(const std::string& host, const v1::ProbeSpec& spec);
  // Starts one without waiting.
  v1::ProbeRun StartProbe(const std::string& host, const v1::ProbeSpec& spec);
  v1::ProbeRun AwaitProbe(const std::string& name);

  std::string enroll_endpoint() const;
  const std::string& ca_pem() { return authority_->ca_pem(); }
  coordinator::MemoryStore& store() { return store_; }

 private:
  template <typename T>
  absl::StatusOr<T> Ask(const std::function<void(coordinator::Core&, coordinator::Reply<T>)>& call);
  bool AwaitNode(const std::string& name, const std::function<bool(const v1::Node&)>& wanted);

  const std::vector<std::string> controls_;
  TestAuthority authority_;
  SystemRandom random_;
  LoopThread thread_;
  coordinator::MemoryStore store_;
  coordinator::InlineStoreExecutor executor_{store_, thread_.loop()};
  coordinator::CoreCounters core_counters_;
  coordinator::ApiCounters api_counters_;
  coordinator::CoreGate gate_{thread_.loop()};
  uint16_t port_ = 0;
  uint16_t enroll_port_ = 0;
  std::unique_ptr<coordinator::Core> core_;
  std::unique_ptr<coordinator::GrpcListeners> listeners_;
};

}  // namespace probemesh

#endif  // PROBEMESH_TESTS_INTEGRATION_REAL_COORDINATOR_H_
