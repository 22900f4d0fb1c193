// The rest of the coordinator as a run sees it: nodes that play a scripted target, a store in
// memory, virtual time.
#ifndef PROBEMESH_TESTS_SUPPORT_FAKE_RUN_HOST_H_
#define PROBEMESH_TESTS_SUPPORT_FAKE_RUN_HOST_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "coordinator/runs/run_host.h"
#include "coordinator/runs/run_manager.h"
#include "tests/support/fake_target.h"
#include "tests/support/inline_store_executor.h"
#include "tests/support/manual_event_loop.h"
#include "tests/support/memory_store.h"

namespace probemesh::coordinator {

class FakeRunHost final : public RunHost {
 public:
  struct FakeNode {
    v1::Node node;
    FakeTarget view;
    bool takes_commands = true;  // else RunCommand is false
    bool answers = true;         // else commands vanish
    // Changes a result on its way, for nodes that lie.
    std::function<void(v1::Observation&)> distort;
    int times = 1;  // how often each result is delivered
  };
  struct SentCommand {
    std::string node;
    std::string run;
    v1::RunProbe command;
    absl::Duration at;  // since the host was made
  };

  FakeRunHost();

  // Connected, with IPv4 and ping sockets.
  FakeNode& AddNode(const std::string& name, const std::string& group);
  FakeNode& node(const std::string& name) { return nodes_.at("nodes/" + name); }
  // Who is told of results.
  void Attach(RunManager* manager) { manager_ = manager; }
  // The session of the node ends; what it was doing is lost.
  void LoseNode(const std::string& name);

  const std::vector<SentCommand>& sent() const { return sent_; }
  const std::vector<std::string>& cancelled() const { return cancelled_; }
  ManualEventLoop& manual_loop() { return loop_; }
  MemoryStore& memory_store() { return memory_; }
  InlineStoreExecutor& executor() { return executor_; }
  std::vector<std::string>& controls() { return controls_; }

  EventLoop& loop() override { return loop_; }
  Random& random() override { return random_; }
  StoreExecutor& store() override { return executor_; }
  std::vector<v1::Node> Nodes() const override;
  const std::vector<std::string>& Controls() const override { return controls_; }
  bool RunCommand(const std::string& node, const std::string& run, v1::RunProbe command) override;
  void CancelCommand(const std::string& node, const std::string& command_id) override;

 private:
  void Deliver(const std::string& run, const v1::Observation& observation);

  ManualEventLoop loop_;
  const MonotonicTime made_;
  SeededRandom random_{42};
  MemoryStore memory_;
  InlineStoreExecutor executor_;
  std::vector<std::string> controls_ = {"203.0.113.1:443", "203.0.113.2:443"};
  std::map<std::string, FakeNode> nodes_;
  std::map<std::string, uint64_t> sequences_;
  std::vector<SentCommand> sent_;
  std::vector<std::string> cancelled_;
  RunManager* manager_ = nullptr;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_TESTS_SUPPORT_FAKE_RUN_HOST_H_
