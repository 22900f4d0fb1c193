#include "probe-node/engine/icmp_gate.h"

#include <memory>
#include <utility>

namespace probemesh::node {

void IcmpGate::Pass(IpAddress::Family family, int ttl, Send send) {
  if (ttl == 0) return send(0);
  const uint32_t spend = governor_.Spend(family, ttl);
  const absl::Duration wait = governor_.Request(family, ttl);
  if (wait == absl::ZeroDuration()) return send(spend);
  const auto timer = std::make_shared<TimerId>(0);
  *timer = loop_.ScheduleAfter(wait, [this, timer, family, ttl, send = std::move(send)] {
    waiting_.erase(*timer);
    Pass(family, ttl, send);
  });
  waiting_.insert(*timer);
}

void IcmpGate::Clear() {
  for (const TimerId timer : waiting_) loop_.CancelTimer(timer);
  waiting_.clear();
}

}  // namespace probemesh::node
