// Watches a run and keeps what it is told.
#ifndef PROBEMESH_TESTS_UNIT_COORDINATOR_RUNS_RECORDING_SINK_H_
#define PROBEMESH_TESTS_UNIT_COORDINATOR_RUNS_RECORDING_SINK_H_

#include <optional>
#include <vector>

#include "coordinator/core/core.h"

namespace probemesh::coordinator {

template <typename Event>
class RecordingSink final : public EventSink<Event> {
 public:
  void Publish(const Event& event) override { events.push_back(event); }
  void End(absl::Status status) override { ended = status; }

  // True when the numbers go up by one from `first`.
  bool GapFree(uint64_t first) const {
    for (const Event& event : events) {
      if (event.sequence() != first++) return false;
    }
    return true;
  }

  std::vector<Event> events;
  std::optional<absl::Status> ended;
};

using DiagnosisRecorder = RecordingSink<v1::DiagnosisEvent>;
using ProbeRunRecorder = RecordingSink<v1::ProbeRunEvent>;

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_TESTS_UNIT_COORDINATOR_RUNS_RECORDING_SINK_H_
