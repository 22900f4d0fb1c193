#include "probe-node/session/result_sender.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace probemesh::node {

void ResultSender::Start() {
  active_ = true;
  generation_ = spool_.generation();
  next_ = spool_.acked() + 1;
  Pump();
}

void ResultSender::Pump() {
  if (!active_) return;
  if (spool_.generation() != std::exchange(generation_, spool_.generation())) next_ = 0;
  next_ = std::max(next_, spool_.acked() + 1);
  const uint64_t end = std::min(spool_.last_sequence(), spool_.acked() + kWindow);
  for (; next_ <= end; ++next_) {
    std::optional<v1::ProbeResult> result = spool_.Get(next_);
    if (!result) return;
    v1::NodeMessage message;
    *message.mutable_result() = *std::move(result);
    if (!transport_.Send(std::move(message))) return;
  }
}

}  // namespace probemesh::node
