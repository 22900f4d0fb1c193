#include "probe-node/agent/rate_limit.h"

#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"

namespace probemesh::node {
namespace {

int TakeAll(RateLimit& limit) {
  int taken = 0;
  while (taken < 1000 && limit.Take()) ++taken;
  return taken;
}

TEST(RateLimitTest, HoldsASecondsWorthAndRefills) {
  ManualClock clock;
  RateLimit limit(50, clock);
  EXPECT_EQ(TakeAll(limit), 50);
  clock.Advance(absl::Milliseconds(100));
  EXPECT_EQ(TakeAll(limit), 5);
  clock.Advance(absl::Hours(1));
  EXPECT_EQ(TakeAll(limit), 50);
}

TEST(RateLimitTest, LessThanOneASecondStillLetsOneThrough) {
  ManualClock clock;
  RateLimit limit(0.5, clock);
  EXPECT_EQ(TakeAll(limit), 1);
  clock.Advance(absl::Seconds(1));
  EXPECT_EQ(TakeAll(limit), 0);
  clock.Advance(absl::Seconds(1));
  EXPECT_EQ(TakeAll(limit), 1);
}

TEST(RateLimitTest, ZeroIsNoLimit) {
  ManualClock clock;
  RateLimit limit(0, clock);
  EXPECT_EQ(TakeAll(limit), 1000);
}

}  // namespace
}  // namespace probemesh::node
