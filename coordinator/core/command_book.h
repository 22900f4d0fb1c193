// Which run a command belongs to, and which node it was sent to: what a result is checked against.
#ifndef PROBEMESH_COORDINATOR_CORE_COMMAND_BOOK_H_
#define PROBEMESH_COORDINATOR_CORE_COMMAND_BOOK_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "coordinator/core/limits.h"

namespace probemesh::coordinator {

// Outlives sessions, so that a result that comes with a later session still finds its run. Bounded:
// the oldest command is forgotten first, and its result is then evidence of no run.
class CommandBook {
 public:
  explicit CommandBook(size_t capacity = kMaxRememberedCommands) : capacity_(capacity) {}

  // True when another command was forgotten for it.
  bool Note(const std::string& command_id, const std::string& node, const std::string& run);

  // The run that this result answers; empty when the command is unknown, was sent to another node,
  // or was answered by another result already.
  std::string Claim(const std::string& command_id, const std::string& node, uint64_t generation,
                    uint64_t sequence);

  // The run was told that nothing will come. False when it had been told, or the command is
  // unknown.
  bool MarkLost(const std::string& command_id);

  // The result is with the run.
  void Forget(const std::string& command_id);

  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string node;
    std::string run;
    uint64_t generation = 0;
    uint64_t sequence = 0;  // of the result that claimed it; 0 while there is none
    bool lost = false;
    std::list<std::string>::iterator position;
  };

  const size_t capacity_;
  std::list<std::string> order_;  // oldest first
  absl::flat_hash_map<std::string, Entry> entries_;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_CORE_COMMAND_BOOK_H_
