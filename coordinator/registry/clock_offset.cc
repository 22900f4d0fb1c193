#include "coordinator/registry/clock_offset.h"

#include <algorithm>

namespace probemesh::coordinator {
namespace {

// 160 seconds of heartbeats: long enough to meet a quiet moment, short enough to follow a step.
constexpr size_t kSamples = 16;

}  // namespace

void ClockOffset::AddSample(absl::Time sent_by_node, absl::Time received) {
  samples_.push_back(sent_by_node - received);
  if (samples_.size() > kSamples) samples_.pop_front();
}

std::optional<absl::Duration> ClockOffset::Estimate() const {
  if (samples_.empty()) return std::nullopt;
  return *std::max_element(samples_.begin(), samples_.end());
}

}  // namespace probemesh::coordinator
