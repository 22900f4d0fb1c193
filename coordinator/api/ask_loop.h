// Asking the loop from a thread that may wait.
#ifndef PROBEMESH_COORDINATOR_API_ASK_LOOP_H_
#define PROBEMESH_COORDINATOR_API_ASK_LOOP_H_

#include <memory>
#include <optional>
#include <utility>

#include "common/event/event_loop.h"
#include "common/sync/mutex.h"

namespace probemesh::coordinator {

// What `question()` returns on the loop's thread, or nullopt when the loop has not come round to it
// within `patience`; the question may then still run, later. Never from the loop's own thread.
template <typename Question>
auto AskLoop(EventLoop& loop, absl::Duration patience, Question question)
    -> std::optional<decltype(question())> {
  struct Shared {
    Mutex mutex;
    CondVar answered;
    std::optional<decltype(question())> answer ABSL_GUARDED_BY(mutex);
  };
  const auto shared = std::make_shared<Shared>();
  loop.Post([shared, question = std::move(question)] {
    auto answer = question();
    MutexLock lock(shared->mutex);
    shared->answer = std::move(answer);
    shared->answered.NotifyAll();
  });
  MutexLock lock(shared->mutex);
  while (!shared->answer) {
    if (!shared->answered.WaitFor(shared->mutex, patience)) break;
  }
  return std::move(shared->answer);
}

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_API_ASK_LOOP_H_
