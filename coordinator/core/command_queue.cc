#include "coordinator/core/command_queue.h"

#include <algorithm>
#include <utility>

#include "common/base/proto_time.h"
#include "coordinator/core/limits.h"

namespace probemesh::coordinator {
namespace {

absl::Duration TimeToLiveOf(const v1::RunProbe& command) {
  if (!command.has_time_to_live()) return kMaxTimeToLive;
  return std::min(FromProto(command.time_to_live()), kMaxTimeToLive);
}

absl::Duration TimeoutOf(const v1::RunProbe& command) {
  if (!command.spec().has_timeout()) return kMaxProbeTimeout;
  return std::clamp(FromProto(command.spec().timeout()), absl::ZeroDuration(), kMaxProbeTimeout);
}

uint32_t Bounded(uint64_t slots) {
  return static_cast<uint32_t>(std::min<uint64_t>(slots, kMaxOutstandingCommands));
}

}  // namespace

CommandQueue::CommandQueue(uint32_t free_slots) : capacity_(Bounded(free_slots)) {}

bool CommandQueue::Push(const std::string& run, v1::RunProbe command, MonotonicTime now) {
  if (waiting_.size() >= kMaxQueuedCommands) return false;
  const MonotonicTime expires = now + TimeToLiveOf(command);
  waiting_.push_back(Waiting{run, std::move(command), expires});
  return true;
}

std::optional<v1::RunProbe> CommandQueue::Next(MonotonicTime now) {
  if (sent_.size() >= capacity_) return std::nullopt;
  const auto next = std::find_if(waiting_.begin(), waiting_.end(),
                                 [now](const Waiting& entry) { return entry.expires > now; });
  if (next == waiting_.end()) return std::nullopt;
  v1::RunProbe command = std::move(next->command);
  const MonotonicTime deadline = next->expires + TimeoutOf(command) + kAnswerGrace;
  *command.mutable_time_to_live() = ToProto(next->expires - now);
  if (sent_.emplace(command.command_id(), Sent{next->run, deadline, false}).second) ++unacked_;
  waiting_.erase(next);
  return command;
}

CommandQueue::Cancelled CommandQueue::Cancel(const std::string& command_id, std::string* run) {
  if (sent_.count(command_id) > 0) return Cancelled::kSent;
  const auto entry = std::find_if(
      waiting_.begin(), waiting_.end(),
      [&command_id](const Waiting& waiting) { return waiting.command.command_id() == command_id; });
  if (entry == waiting_.end()) return Cancelled::kUnknown;
  *run = entry->run;
  waiting_.erase(entry);
  return Cancelled::kWaiting;
}

void CommandQueue::Acknowledge(const std::string& command_id) {
  const auto sent = sent_.find(command_id);
  if (sent == sent_.end() || sent->second.acked) return;
  sent->second.acked = true;
  --unacked_;
}

void CommandQueue::OnAck(const std::string& command_id, uint32_t free_slots) {
  Acknowledge(command_id);
  const uint64_t more = free_slots > unacked_ ? free_slots - unacked_ : 0;
  capacity_ = std::min(capacity_, Bounded(sent_.size() + more));
}

void CommandQueue::OnHeartbeat(uint32_t in_flight, uint32_t free_slots) {
  // Of what the node runs, at most this much is ours; the rest is left over from an earlier session
  // and holds slots that we may not count on.
  const uint64_t ours = std::min<uint64_t>(in_flight, sent_.size() - unacked_);
  capacity_ = Bounded(ours + free_slots);
}

void CommandQueue::OnResult(const std::string& command_id) {
  Acknowledge(command_id);
  sent_.erase(command_id);
}

std::vector<LostCommand> CommandQueue::TakeExpired(MonotonicTime now) {
  std::vector<LostCommand> lost;
  for (auto entry = waiting_.begin(); entry != waiting_.end();) {
    if (entry->expires > now) {
      ++entry;
      continue;
    }
    lost.push_back({entry->run, entry->command.command_id(),
                    absl::DeadlineExceededError("its time-to-live passed before a slot was free")});
    entry = waiting_.erase(entry);
  }
  for (auto entry = sent_.begin(); entry != sent_.end();) {
    if (entry->second.deadline > now) {
      ++entry;
      continue;
    }
    lost.push_back({entry->second.run, entry->first,
                    absl::DeadlineExceededError("the node never answered the command")});
    if (!entry->second.acked) --unacked_;
    entry = sent_.erase(entry);
  }
  return lost;
}

std::vector<LostCommand> CommandQueue::TakeAll(const absl::Status& reason) {
  std::vector<LostCommand> lost;
  for (const auto& entry : sent_) lost.push_back({entry.second.run, entry.first, reason});
  for (const Waiting& entry : waiting_) {
    lost.push_back({entry.run, entry.command.command_id(), reason});
  }
  sent_.clear();
  waiting_.clear();
  unacked_ = 0;
  return lost;
}

std::optional<MonotonicTime> CommandQueue::NextDeadline() const {
  std::optional<MonotonicTime> next;
  const auto consider = [&next](MonotonicTime time) {
    if (!next.has_value() || time < *next) next = time;
  };
  for (const Waiting& entry : waiting_) consider(entry.expires);
  for (const auto& entry : sent_) consider(entry.second.deadline);
  return next;
}

}  // namespace probemesh::coordinator
