#include "coordinator/core/command_book.h"

#include <utility>

namespace probemesh::coordinator {

bool CommandBook::Note(const std::string& command_id, const std::string& node,
                       const std::string& run) {
  Forget(command_id);
  bool forgot = false;
  if (entries_.size() >= capacity_) {
    entries_.erase(order_.front());
    order_.pop_front();
    forgot = true;
  }
  Entry entry;
  entry.node = node;
  entry.run = run;
  entry.position = order_.insert(order_.end(), command_id);
  entries_.emplace(command_id, std::move(entry));
  return forgot;
}

std::string CommandBook::Claim(const std::string& command_id, const std::string& node,
                               uint64_t generation, uint64_t sequence) {
  const auto found = entries_.find(command_id);
  if (found == entries_.end() || found->second.node != node) return "";
  Entry& entry = found->second;
  if (entry.sequence == 0) {
    entry.generation = generation;
    entry.sequence = sequence;
  }
  const bool same_result = entry.generation == generation && entry.sequence == sequence;
  return same_result ? entry.run : "";
}

bool CommandBook::MarkLost(const std::string& command_id) {
  const auto entry = entries_.find(command_id);
  if (entry == entries_.end() || entry->second.lost) return false;
  entry->second.lost = true;
  return true;
}

void CommandBook::Forget(const std::string& command_id) {
  const auto entry = entries_.find(command_id);
  if (entry == entries_.end()) return;
  order_.erase(entry->second.position);
  entries_.erase(entry);
}

}  // namespace probemesh::coordinator
