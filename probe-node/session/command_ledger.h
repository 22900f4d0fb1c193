// Which commands this node has seen: the "at most once" of running them.
#ifndef PROBEMESH_PROBE_NODE_SESSION_COMMAND_LEDGER_H_
#define PROBEMESH_PROBE_NODE_SESSION_COMMAND_LEDGER_H_

#include <cstddef>
#include <deque>
#include <string>

#include "absl/container/flat_hash_set.h"

namespace probemesh::node {

class CommandLedger {
 public:
  // Remembers at most `max_finished` finished ids, forgetting the oldest. What runs is always
  // remembered; admission bounds it.
  explicit CommandLedger(size_t max_finished = 4096) : max_finished_(max_finished) {}

  // True the first time; false for a command that runs or has finished.
  bool Begin(const std::string& command_id);
  // Moves the command to the finished ones; a command that was never begun is noted as well.
  void Finish(const std::string& command_id);
  bool IsRunning(const std::string& command_id) const { return running_.contains(command_id); }
  size_t finished_count() const { return finished_.size(); }

 private:
  const size_t max_finished_;
  absl::flat_hash_set<std::string> running_;
  absl::flat_hash_set<std::string> finished_;
  std::deque<std::string> finished_order_;
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_SESSION_COMMAND_LEDGER_H_
