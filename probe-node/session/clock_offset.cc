#include "probe-node/session/clock_offset.h"

#include <algorithm>

namespace probemesh::node {
namespace {

constexpr size_t kSamples = 16;

}  // namespace

void ClockOffset::OnSent(uint64_t sequence, absl::Time wall, MonotonicTime now) {
  waiting_[sequence] = {wall, now};
  if (waiting_.size() > kSamples) waiting_.erase(waiting_.begin());
}

void ClockOffset::OnReply(uint64_t sequence, absl::Time coordinator_time, MonotonicTime now) {
  const auto sent = waiting_.find(sequence);
  if (sent == waiting_.end()) return;
  const absl::Duration half = (now - sent->second.at) / 2;
  // The monotonic clock measures the way, so a step of the wall clock in between does no harm.
  samples_.push_back({sent->second.wall + half - coordinator_time, half});
  if (samples_.size() > kSamples) samples_.pop_front();
  waiting_.erase(waiting_.begin(), std::next(sent));
}

void ClockOffset::Reset() {
  waiting_.clear();
  samples_.clear();
}

std::optional<ClockOffset::Estimate> ClockOffset::estimate() const {
  const auto best = std::min_element(
      samples_.begin(), samples_.end(),
      [](const Estimate& a, const Estimate& b) { return a.uncertainty < b.uncertainty; });
  if (best == samples_.end()) return std::nullopt;
  return *best;
}

}  // namespace probemesh::node
