#include "probe-node/engine/icmp_gate.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "tests/support/manual_event_loop.h"

namespace probemesh::node {
namespace {

constexpr auto kV4 = IpAddress::Family::kV4;

class IcmpGateTest : public testing::Test {
 protected:
  void Ask(int ttl) {
    gate_->Pass(kV4, ttl, [this](uint32_t spend) { spends_.push_back(spend); });
  }

  ManualEventLoop loop_;
  IcmpGovernor governor_{loop_.clock()};
  std::unique_ptr<IcmpGate> gate_ = std::make_unique<IcmpGate>(loop_, governor_);
  std::vector<uint32_t> spends_;
};

TEST_F(IcmpGateTest, PassesAtOnceWhileTheBudgetLastsAndTellsTheSpendBefore) {
  for (int i = 0; i < 3; ++i) Ask(1);
  EXPECT_EQ(spends_, (std::vector<uint32_t>{0, 1, 2}));
}

TEST_F(IcmpGateTest, LetsTheWaitingOutOneByOne) {
  for (int i = 0; i < 6; ++i) Ask(1);
  EXPECT_EQ(spends_.size(), 3u);
  loop_.AdvanceBy(absl::Milliseconds(1010));
  EXPECT_EQ(spends_.size(), 4u);
  loop_.AdvanceBy(absl::Seconds(2));
  EXPECT_EQ(spends_.size(), 6u);
}

TEST_F(IcmpGateTest, TheDefaultTtlNeedsNoPermission) {
  for (int i = 0; i < 100; ++i) Ask(0);
  EXPECT_EQ(spends_.size(), 100u);
  EXPECT_EQ(governor_.Spend(kV4, 1), 0u);
}

TEST_F(IcmpGateTest, WhatWaitsWhenItIsDestroyedIsNeverSent) {
  for (int i = 0; i < 5; ++i) Ask(2);
  gate_.reset();
  loop_.AdvanceBy(absl::Seconds(10));
  EXPECT_EQ(spends_.size(), 3u);
  EXPECT_EQ(loop_.timer_count(), 0u);
}

}  // namespace
}  // namespace probemesh::node
