#include "probe-node/session/command_ledger.h"

namespace probemesh::node {

bool CommandLedger::Begin(const std::string& command_id) {
  if (finished_.contains(command_id)) return false;
  return running_.insert(command_id).second;
}

void CommandLedger::Finish(const std::string& command_id) {
  running_.erase(command_id);
  if (!finished_.insert(command_id).second) return;
  finished_order_.push_back(command_id);
  if (finished_order_.size() <= max_finished_) return;
  finished_.erase(finished_order_.front());
  finished_order_.pop_front();
}

}  // namespace probemesh::node
