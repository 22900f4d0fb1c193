// The events of one run: numbered without gaps, told to its watchers, replayed to late ones.
#ifndef PROBEMESH_COORDINATOR_RUNS_EVENT_LOG_H_
#define PROBEMESH_COORDINATOR_RUNS_EVENT_LOG_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "coordinator/core/core.h"
#include "coordinator/runs/limits.h"

namespace probemesh::coordinator {

// Core loop only. Watchers must not call back from inside Publish or End.
template <typename Event>
class EventLog {
 public:
  using Sink = EventSink<Event>;

  // Gives the event the next number, from 1.
  void Publish(Event event) {
    event.set_sequence(events_.size() + 1);
    events_.push_back(std::move(event));
    for (const std::shared_ptr<Sink>& watcher : watchers_) watcher->Publish(events_.back());
  }

  // Replays what comes after `after_sequence`; all that follows comes as it is published. An ended
  // log ends the watcher at once, one watcher too many with RESOURCE_EXHAUSTED.
  void Watch(uint64_t after_sequence, std::shared_ptr<Sink> sink) {
    if (!ended_ && watchers_.size() >= kMaxWatchersPerRun) {
      sink->End(absl::ResourceExhaustedError("too many watchers of this run; poll it instead"));
      return;
    }
    for (const Event& event : events_) {
      if (event.sequence() > after_sequence) sink->Publish(event);
    }
    if (ended_) {
      sink->End(absl::OkStatus());
    } else {
      watchers_.push_back(std::move(sink));
    }
  }

  // True if it was watching.
  bool Unwatch(const Sink* sink) {
    const auto watcher =
        std::find_if(watchers_.begin(), watchers_.end(),
                     [sink](const std::shared_ptr<Sink>& known) { return known.get() == sink; });
    if (watcher == watchers_.end()) return false;
    watchers_.erase(watcher);
    return true;
  }

  // No event comes after this.
  void End() {
    ended_ = true;
    std::vector<std::shared_ptr<Sink>> watchers;
    watchers.swap(watchers_);
    for (const std::shared_ptr<Sink>& watcher : watchers) watcher->End(absl::OkStatus());
  }

  const std::vector<Event>& events() const { return events_; }

 private:
  std::vector<Event> events_;
  std::vector<std::shared_ptr<Sink>> watchers_;
  bool ended_ = false;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_RUNS_EVENT_LOG_H_
