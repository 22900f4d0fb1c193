#include "probe-node/session/reconnect_delay.h"

#include <algorithm>

namespace probemesh::node {
namespace {

constexpr int kMaxDoublings = 16;

}  // namespace

void ReconnectDelay::set_spread(absl::Duration spread) {
  spread_ = std::clamp(spread, kLeast, kMaxSpread);
}

absl::Duration ReconnectDelay::Next() {
  const absl::Duration grown = kFirstLimit * (1 << std::min(failures_, kMaxDoublings));
  ++failures_;
  return kLeast + FullJitter(random_, std::min(spread_, grown) - kLeast);
}

absl::Duration ReconnectDelay::NextAfterRefusal() {
  return kRefusedLeast + FullJitter(random_, kRefusedLimit - kRefusedLeast);
}

}  // namespace probemesh::node
