// What the parts of the core share: the seams, the state that several of them change, and the
// counters.
#ifndef PROBEMESH_COORDINATOR_CORE_CORE_PARTS_H_
#define PROBEMESH_COORDINATOR_CORE_CORE_PARTS_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/core/make_core.h"
#include "coordinator/registry/join_tokens.h"
#include "coordinator/registry/node_registry.h"

namespace probemesh::coordinator {

// Core loop only. Owned by the core, outlives its parts.
class CoreParts {
 public:
  explicit CoreParts(CoreOptions core_options)
      : options(std::move(core_options)),
        nodes(std::move(options.initial.nodes)),
        tokens(std::move(options.initial.tokens)) {}

  CoreOptions options;
  NodeRegistry nodes;
  JoinTokens tokens;
  bool shutting_down = false;

  EventLoop& loop() const { return *options.loop; }
  StoreExecutor& store() const { return *options.store; }
  CoreCounters& counters() const { return *options.counters; }
  absl::Time wall() const { return options.loop->clock().Wall(); }
  MonotonicTime now() const { return options.loop->clock().Monotonic(); }

  void HitLimit(const char* name) const { ++options.counters->limits_hit[name]; }

  // UNAVAILABLE while no new work may come in: the coordinator stops, or its store is behind.
  absl::Status Open() const;

  // Runs `write` on the store's thread and hands its status to `done` on the loop, unless the core
  // is gone by then. What is not OK is counted and, unless it says what the caller did wrong,
  // becomes UNAVAILABLE with words for users.
  void Write(std::function<absl::Status(Store&)> write, std::function<void(absl::Status)> done);

  // Writes the node as it is now, if the store has room; failures are counted, nothing else: for
  // what the next session would bring again.
  void SaveNode(const std::string& name);

 private:
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_CORE_CORE_PARTS_H_
