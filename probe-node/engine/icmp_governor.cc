#include "probe-node/engine/icmp_governor.h"

#include <algorithm>

namespace probemesh::node {
namespace {

constexpr size_t kMaxRemembered = 256;
// A hair below one is one: waits are rounded up to whole milliseconds, sums of doubles are not.
constexpr double kOneToken = 1 - 1e-9;

}  // namespace

absl::Duration IcmpGovernor::Request(IpAddress::Family family, int distance) {
  const MonotonicTime now = clock_.Monotonic();
  Budget& budget = Refilled(family, distance, now);
  if (distance <= kSharedDistance) {
    if (budget.tokens < kOneToken) {
      const absl::Duration wait = absl::Seconds((1 - budget.tokens) / kTokensPerSecond);
      return absl::Ceil(wait, absl::Milliseconds(1));
    }
    budget.tokens -= 1;
  }
  Remember(&budget, now);
  return absl::ZeroDuration();
}

void IcmpGovernor::Count(IpAddress::Family family, int distance) {
  const MonotonicTime now = clock_.Monotonic();
  Budget& budget = Refilled(family, distance, now);
  budget.tokens = std::max(0.0, budget.tokens - 1);
  Remember(&budget, now);
}

uint32_t IcmpGovernor::Spend(IpAddress::Family family, int distance) const {
  const auto budget = budgets_.find({family, std::clamp(distance, 1, 255)});
  if (budget == budgets_.end()) return 0;
  const MonotonicTime now = clock_.Monotonic();
  return static_cast<uint32_t>(
      std::count_if(budget->second.sent.begin(), budget->second.sent.end(),
                    [now](MonotonicTime sent) { return now - sent < kWindow; }));
}

IcmpGovernor::Budget& IcmpGovernor::Refilled(IpAddress::Family family, int distance,
                                             MonotonicTime now) {
  Budget& budget = budgets_[{family, std::clamp(distance, 1, 255)}];
  const double gained = absl::ToDoubleSeconds(now - budget.refilled) * kTokensPerSecond;
  budget.tokens = std::min(kBurst, budget.tokens + gained);
  budget.refilled = now;
  return budget;
}

void IcmpGovernor::Remember(Budget* budget, MonotonicTime now) {
  while (!budget->sent.empty() && now - budget->sent.front() >= kWindow) budget->sent.pop_front();
  if (budget->sent.size() >= kMaxRemembered) budget->sent.pop_front();
  budget->sent.push_back(now);
}

}  // namespace probemesh::node
