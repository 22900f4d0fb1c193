#include "probe-node/session/reconnect_delay.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace probemesh::node {
namespace {

// The greatest of many draws after `failures` failures.
absl::Duration GreatestDelay(ReconnectDelay& delay, int failures) {
  absl::Duration greatest;
  for (int draw = 0; draw < 300; ++draw) {
    delay.Reset();
    for (int i = 0; i < failures; ++i) delay.Next();
    const absl::Duration next = delay.Next();
    EXPECT_GE(next, ReconnectDelay::kLeast);
    greatest = std::max(greatest, next);
  }
  return greatest;
}

TEST(ReconnectDelayTest, GrowsFromTwoSecondsToTheDefaultSpread) {
  SeededRandom random(1);
  ReconnectDelay delay(random);
  const absl::Duration limits[] = {absl::Seconds(2), absl::Seconds(4), absl::Seconds(8),
                                   absl::Seconds(10), absl::Seconds(10)};
  for (int failures = 0; failures < 5; ++failures) {
    const absl::Duration greatest = GreatestDelay(delay, failures);
    EXPECT_LE(greatest, limits[failures]) << failures;
    EXPECT_GE(greatest, 0.9 * limits[failures]) << failures;
  }
}

TEST(ReconnectDelayTest, FollowsTheAdvertisedSpread) {
  SeededRandom random(1);
  ReconnectDelay delay(random);
  delay.set_spread(absl::Seconds(60));
  EXPECT_LE(GreatestDelay(delay, 0), absl::Seconds(2));
  EXPECT_GE(GreatestDelay(delay, 20), absl::Seconds(50));
  delay.set_spread(absl::Milliseconds(500));
  EXPECT_LE(GreatestDelay(delay, 20), absl::Milliseconds(500));
}

TEST(ReconnectDelayTest, HostileSpreadsAreBounded) {
  SeededRandom random(1);
  ReconnectDelay delay(random);
  delay.set_spread(absl::InfiniteDuration());
  for (int i = 0; i < 100; ++i) EXPECT_LE(delay.Next(), ReconnectDelay::kMaxSpread);
  delay.set_spread(-absl::InfiniteDuration());
  EXPECT_EQ(delay.Next(), ReconnectDelay::kLeast);
}

TEST(ReconnectDelayTest, RefusalsAreTriedAgainSlowly) {
  SeededRandom random(1);
  ReconnectDelay delay(random);
  for (int i = 0; i < 100; ++i) {
    const absl::Duration next = delay.NextAfterRefusal();
    EXPECT_GE(next, absl::Minutes(1));
    EXPECT_LE(next, absl::Minutes(2));
  }
}

}  // namespace
}  // namespace probemesh::node
