// The commands of one node session: waiting, sent, and how many more the node has room for.
#ifndef PROBEMESH_COORDINATOR_CORE_COMMAND_QUEUE_H_
#define PROBEMESH_COORDINATOR_CORE_COMMAND_QUEUE_H_

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/base/clock.h"
#include "probemesh/v1/node_service.pb.h"

namespace probemesh::coordinator {

struct LostCommand {
  std::string run;
  std::string command_id;
  absl::Status reason;
};

// A pure data structure: no clock, no I/O.
class CommandQueue {
 public:
  // `free_slots` as the node's hello says.
  explicit CommandQueue(uint32_t free_slots);

  // False when too many wait already.
  bool Push(const std::string& run, v1::RunProbe command, MonotonicTime now);

  // The next command that the node has room for, now counted as outstanding; its time-to-live is
  // what remains of it. Skips what has expired.
  std::optional<v1::RunProbe> Next(MonotonicTime now);

  enum class Cancelled { kUnknown, kWaiting, kSent };
  // A waiting command is taken out, its run in `run`.
  Cancelled Cancel(const std::string& command_id, std::string* run);

  // Reports of the node. They are in the order of the stream, so a command that it has not acked
  // yet is one that its free slots do not allow for.
  void OnAck(const std::string& command_id, uint32_t free_slots);
  void OnHeartbeat(uint32_t in_flight, uint32_t free_slots);
  // The result is here: a slot is free again.
  void OnResult(const std::string& command_id);

  // What waited beyond its time-to-live, and what was sent and never answered.
  std::vector<LostCommand> TakeExpired(MonotonicTime now);
  std::vector<LostCommand> TakeAll(const absl::Status& reason);
  // When TakeExpired will next have something; nullopt when never.
  std::optional<MonotonicTime> NextDeadline() const;

  bool IsOutstanding(const std::string& command_id) const { return sent_.count(command_id) > 0; }
  size_t waiting() const { return waiting_.size(); }
  size_t outstanding() const { return sent_.size(); }
  uint32_t capacity() const { return capacity_; }

 private:
  struct Waiting {
    std::string run;
    v1::RunProbe command;
    MonotonicTime expires;
  };
  struct Sent {
    std::string run;
    MonotonicTime deadline;
    bool acked = false;
  };

  void Acknowledge(const std::string& command_id);

  uint32_t capacity_;  // most commands that may be outstanding
  std::deque<Waiting> waiting_;
  std::map<std::string, Sent> sent_;
  uint32_t unacked_ = 0;  // of sent_
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_CORE_COMMAND_QUEUE_H_
