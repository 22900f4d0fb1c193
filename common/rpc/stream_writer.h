// The writing half of a server's stream in gRPC's callback API: a bounded queue, one write in
// flight, and Finish exactly once and never beside a write (a second write aborts the process, a
// second Finish crashes it).
#ifndef PROBEMESH_COMMON_RPC_STREAM_WRITER_H_
#define PROBEMESH_COMMON_RPC_STREAM_WRITER_H_

#include <deque>
#include <functional>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "common/sync/mutex.h"

namespace probemesh {

struct StreamLimits {
  size_t messages = 0;
  size_t octets = 0;  // as serialised; the message in flight does not count
};

// Thread-safe. The caller keeps the writer alive during every call; after `finish` the reactor may
// be destroyed as soon as its own reactions returned.
template <typename Message>
class StreamWriter {
 public:
  struct Operations {
    // The message stays in place until OnWriteDone.
    std::function<void(const Message*)> write;
    std::function<void(const absl::Status&)> finish;
  };
  enum class SendResult {
    kQueued,
    kFull,  // not queued
    kOver,  // dropped: the stream is ending
  };

  StreamWriter(StreamLimits limits, Operations operations)
      : limits_(limits), operations_(std::move(operations)) {}

  SendResult Send(Message message) {
    const size_t octets = message.ByteSizeLong();
    Action action;
    {
      MutexLock lock(mutex_);
      if (final_status_) return SendResult::kOver;
      if (queue_.size() >= limits_.messages || octets_ + octets > limits_.octets) {
        return SendResult::kFull;
      }
      octets_ += octets;
      queue_.push_back(std::move(message));
      action = NextAction();
    }
    Perform(action);
    return SendResult::kQueued;
  }

  // The reaction to `write`.
  void OnWriteDone(bool ok) {
    Action action;
    {
      MutexLock lock(mutex_);
      write_in_flight_ = false;
      if (!ok) EndWith(absl::UnavailableError("the stream broke"), /*drop_queue=*/true);
      action = NextAction();
    }
    Perform(action);
  }

  // Finishes once all that was queued is written. The first status given to Close or Abort counts.
  void Close(absl::Status status) { End(std::move(status), /*drop_queue=*/false); }
  // Finishes without what is still queued.
  void Abort(absl::Status status) { End(std::move(status), /*drop_queue=*/true); }

  // Until Release, the stream is not finished, so that other operations on its call are safe. False
  // when it is finished already.
  bool Hold() {
    MutexLock lock(mutex_);
    if (finished_) return false;
    ++holds_;
    return true;
  }
  void Release() {
    Action action;
    {
      MutexLock lock(mutex_);
      --holds_;
      action = NextAction();
    }
    Perform(action);
  }

  // What the stream ended or will end with.
  std::optional<absl::Status> final_status() const {
    MutexLock lock(mutex_);
    return final_status_;
  }

 private:
  enum class Action { kNone, kWrite, kFinish };

  void End(absl::Status status, bool drop_queue) {
    Action action;
    {
      MutexLock lock(mutex_);
      EndWith(std::move(status), drop_queue);
      action = NextAction();
    }
    Perform(action);
  }

  void EndWith(absl::Status status, bool drop_queue) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!final_status_) final_status_ = std::move(status);
    if (drop_queue) queue_.clear();
  }

  Action NextAction() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (write_in_flight_ || finished_) return Action::kNone;
    if (!queue_.empty()) {
      in_flight_ = std::move(queue_.front());
      queue_.pop_front();
      octets_ -= in_flight_.ByteSizeLong();
      write_in_flight_ = true;
      return Action::kWrite;
    }
    if (!final_status_ || holds_ > 0) return Action::kNone;
    finished_ = true;
    return Action::kFinish;
  }

  // Without the lock: gRPC must never be called with one held.
  void Perform(Action action) {
    if (action == Action::kWrite) operations_.write(&in_flight_);
    if (action == Action::kFinish) operations_.finish(*final_status_);
  }

  const StreamLimits limits_;
  const Operations operations_;
  mutable Mutex mutex_;
  std::deque<Message> queue_ ABSL_GUARDED_BY(mutex_);
  size_t octets_ ABSL_GUARDED_BY(mutex_) = 0;
  bool write_in_flight_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  int holds_ ABSL_GUARDED_BY(mutex_) = 0;
  Message in_flight_;                         // changes only while no write is in flight
  std::optional<absl::Status> final_status_;  // under mutex_ until finished_, then constant
};

}  // namespace probemesh

#endif  // PROBEMESH_COMMON_RPC_STREAM_WRITER_H_
