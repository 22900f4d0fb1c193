// How far a node's wall clock is from the coordinator's.
#ifndef PROBEMESH_COORDINATOR_REGISTRY_CLOCK_OFFSET_H_
#define PROBEMESH_COORDINATOR_REGISTRY_CLOCK_OFFSET_H_

#include <deque>
#include <optional>

#include "absl/time/time.h"

namespace probemesh::coordinator {

// A one-way message shows the offset less the time it was on its way, so each sample errs to the
// low side only: the greatest of the latest is the one that travelled fastest (the minimum filter
// of RFC 5905 section 10, one way). The remaining error is that message's one-way delay.
class ClockOffset {
 public:
  void AddSample(absl::Time sent_by_node, absl::Time received);
  // Node minus coordinator; nullopt before the first sample.
  std::optional<absl::Duration> Estimate() const;

 private:
  std::deque<absl::Duration> samples_;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_REGISTRY_CLOCK_OFFSET_H_
