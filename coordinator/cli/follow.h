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
#include "coordinator/cli/connection.h"
#include "coordinator/cli/event_stream.h"
#include "coordinator/cli/interrupt.h"

namespace probemesh::cli {

// How often to look up while nothing happens: the pace of the spinner.
inline constexpr int kTickMilliseconds = 100;
// A stream that breaks this often without bringing an event is given up.
inline constexpr int kMostResumes = 5;
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

// OK when the last event came. CANCELLED when it did not come in time after Ctrl-C. `patience`
// bounds the whole.
template <typename Event>
absl::Status Follow(Connection& connection, const Clock& clock, absl::Duration patience,
                    const Follower<Event>& follower) {
  MonotonicTime deadline = clock.Monotonic() + patience;
  bool cancelled = false;
  uint64_t sequence = 0;
  const auto check_interrupt = [&] {
    if (cancelled || !Interrupted()) return;
    cancelled = true;
    follower.cancel();
    deadline = clock.Monotonic() + kCancelPatience;
  };
  absl::Status broken = absl::OkStatus();
  for (int attempt = 0; attempt < kMostResumes; ++attempt) {
    auto context = std::make_unique<grpc::ClientContext>();
    connection.SetDeadline(*context, patience);
    EventStream<Event> stream(std::move(context), [&](auto* call, auto* queue, void* tag) {
      return follower.watch(sequence, call, queue, tag);
    });
    Event event;
    auto next = EventStream<Event>::Next::kTick;
    while (next != EventStream<Event>::Next::kEnd) {
      check_interrupt();
      if (clock.Monotonic() > deadline) {
        return cancelled ? absl::CancelledError("interrupted")
                         : absl::DeadlineExceededError("the coordinator did not finish in time");
      }
      next = stream.Wait(kTickMilliseconds, &event);
      if (next == EventStream<Event>::Next::kTick) follower.on_tick();
      if (next != EventStream<Event>::Next::kEvent) continue;
      sequence = event.sequence();
      attempt = 0;
      if (follower.on_event(event)) return absl::OkStatus();
    }
    if (stream.status().ok()) {
      broken = absl::InternalError("the coordinator ended the stream before its last event");
    } else {
      broken = connection.ToError(stream.status());
      if (!absl::IsUnavailable(broken) && !absl::IsResourceExhausted(broken)) return broken;
    }
    // A coordinator that restarts is back in a moment; the error of this wait is the next stream's.
    connection.AwaitReady([&] { return cancelled; }).IgnoreError();
  }
  return broken;
}

}  // namespace probemesh::cli

#endif  // PROBEMESH_COORDINATOR_CLI_FOLLOW_H_
