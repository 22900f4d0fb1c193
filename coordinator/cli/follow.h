// Follows a running resource (a diagnosis, a probe run) to its last event: resumes after a broken
// stream, and on Ctrl-C cancels it at the coordinator instead of walking away.
#ifndef PROBEMESH_COORDINATOR_CLI_FOLLOW_H_
#define PROBEMESH_COORDINATOR_CLI_FOLLOW_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/status_macros.h"
#include "coordinator/cli/connection.h"
#include "coordinator/cli/event_stream.h"
#include "coordinator/cli/interrupt.h"

namespace probemesh::cli {

// How often to look up while nothing happens: the pace of the spinner.
inline constexpr int kTickMilliseconds = 100;
// A stream that breaks this often without bringing an event is given up.
inline constexpr int kMostResumes = 5;
// A coordinator that restarts is back within this time.
inline constexpr absl::Duration kReconnectPatience = absl::Seconds(5);
// How long after a cancellation the last event is waited for.
inline constexpr absl::Duration kCancelPatience = absl::Seconds(3);

template <typename Event>
struct Follower {
  // Opens a stream of the events after `sequence`.
  std::function<typename EventStream<Event>::Reader(uint64_t sequence, grpc::ClientContext*,
                                                    grpc::CompletionQueue*, void* tag)>
      watch;
  std::function<bool(const Event&)> on_event;  // true at the last one
  std::function<void()> on_tick;
  std::function<void()> cancel;  // called once, at the first Ctrl-C
};

// One following from start to end; use Follow.
template <typename Event>
class FollowRun {
 public:
  FollowRun(Connection& connection, const Clock& clock, absl::Duration patience,
            const Follower<Event>& follower)
      : connection_(connection),
        clock_(clock),
        patience_(patience),
        deadline_(clock.Monotonic() + patience),
        follower_(follower) {}

  absl::Status Run() {
    for (breaks_ = 0; breaks_ < kMostResumes; ++breaks_) {
      auto context = std::make_unique<grpc::ClientContext>();
      connection_.SetDeadline(*context, patience_);
      context->set_wait_for_ready(breaks_ > 0);
      EventStream<Event> stream(std::move(context), [this](auto* call, auto* queue, void* tag) {
        return follower_.watch(sequence_, call, queue, tag);
      });
      bool resume = false;
      const absl::Status status = Drain(stream, &resume);
      if (!resume) return status;
      broken_ = status;
      reconnect_by_ = clock_.Monotonic() + kReconnectPatience;
    }
    return broken_;
  }

 private:
  using Next = typename EventStream<Event>::Next;

  absl::Status Drain(EventStream<Event>& stream, bool* resume) {
    Event event;
    for (;;) {
      CheckInterrupt();
      PM_RETURN_IF_ERROR(CheckTime());
      switch (stream.Wait(kTickMilliseconds, &event)) {
        case Next::kTick:
          follower_.on_tick();
          break;
        case Next::kEvent:
          sequence_ = event.sequence();
          breaks_ = 0;
          reconnect_by_ = absl::InfiniteDuration();
          if (follower_.on_event(event)) return absl::OkStatus();
          break;
        case Next::kEnd:
          return WhyEnded(stream.status(), resume);
      }
    }
  }

  void CheckInterrupt() {
    if (cancelled_ || !Interrupted()) return;
    cancelled_ = true;
    follower_.cancel();
    deadline_ = clock_.Monotonic() + kCancelPatience;
  }

  absl::Status CheckTime() const {
    const MonotonicTime now = clock_.Monotonic();
    if (now > deadline_ && cancelled_) return absl::CancelledError("interrupted");
    if (now > deadline_) {
      return absl::DeadlineExceededError("the coordinator did not finish in time");
    }
    return now > reconnect_by_ ? broken_ : absl::OkStatus();
  }

  absl::Status WhyEnded(const grpc::Status& status, bool* resume) const {
    *resume = true;
    if (status.ok()) {
      return absl::InternalError("the coordinator ended the stream before its last event");
    }
    absl::Status error = connection_.ToError(status);
    // The latter is said to those who read too slowly.
    *resume = absl::IsUnavailable(error) || absl::IsResourceExhausted(error);
    return error;
  }

  Connection& connection_;
  const Clock& clock_;
  const absl::Duration patience_;
  MonotonicTime deadline_;
  const Follower<Event>& follower_;
  MonotonicTime reconnect_by_ = absl::InfiniteDuration();
  absl::Status broken_;
  uint64_t sequence_ = 0;
  int breaks_ = 0;
  bool cancelled_ = false;
};

// OK when the last event came. CANCELLED when it did not come in time after Ctrl-C. `patience`
// bounds the whole.
template <typename Event>
absl::Status Follow(Connection& connection, const Clock& clock, absl::Duration patience,
                    const Follower<Event>& follower) {
  return FollowRun<Event>(connection, clock, patience, follower).Run();
}

}  // namespace probemesh::cli

#endif  // PROBEMESH_COORDINATOR_CLI_FOLLOW_H_
