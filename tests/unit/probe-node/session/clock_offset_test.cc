#include "probe-node/session/clock_offset.h"

#include <gtest/gtest.h>

namespace probemesh::node {
namespace {

constexpr absl::Time kWall = absl::FromUnixSeconds(1767225600);
constexpr MonotonicTime kNow = absl::Hours(1);

TEST(ClockOffsetTest, NothingIsKnownBeforeTheFirstReply) {
  ClockOffset offset;
  offset.OnSent(1, kWall, kNow);
  EXPECT_FALSE(offset.estimate());
}

TEST(ClockOffsetTest, HalfTheRoundTripIsTheUncertainty) {
  ClockOffset offset;
  offset.OnSent(1, kWall, kNow);
  // 40 ms there and back, and the coordinator's clock is 3 s ahead.
  offset.OnReply(1, kWall + absl::Milliseconds(20) + absl::Seconds(3),
                 kNow + absl::Milliseconds(40));
  ASSERT_TRUE(offset.estimate());
  EXPECT_EQ(offset.estimate()->offset, -absl::Seconds(3));
  EXPECT_EQ(offset.estimate()->uncertainty, absl::Milliseconds(20));
}

TEST(ClockOffsetTest, ShortestRoundTripWins) {
  ClockOffset offset;
  for (const int rtt_ms : {200, 10, 500}) {
    offset.OnSent(rtt_ms, kWall, kNow);
    // All of the delay on the way back: the worst asymmetry.
    offset.OnReply(rtt_ms, kWall, kNow + absl::Milliseconds(rtt_ms));
  }
  EXPECT_EQ(offset.estimate()->offset, absl::Milliseconds(5));
}

TEST(ClockOffsetTest, StrangeRepliesAreIgnored) {
  ClockOffset offset;
  offset.OnSent(1, kWall, kNow);
  offset.OnReply(7, kWall, kNow);
  EXPECT_FALSE(offset.estimate());
  offset.OnReply(1, kWall, kNow);
  offset.OnReply(1, kWall + absl::Hours(5), kNow);  // answered before
  EXPECT_EQ(offset.estimate()->offset, absl::ZeroDuration());
}

TEST(ClockOffsetTest, OldSamplesAndUnansweredHeartbeatsAreForgotten) {
  ClockOffset offset;
  offset.OnSent(1, kWall, kNow);
  offset.OnReply(1, kWall, kNow);
  for (uint64_t i = 2; i < 40; ++i) offset.OnSent(i, kWall, kNow);
  offset.OnReply(2, kWall + absl::Hours(1), kNow);  // pushed out by the later ones
  EXPECT_EQ(offset.estimate()->offset, absl::ZeroDuration());
  for (uint64_t i = 40; i < 60; ++i) {
    offset.OnSent(i, kWall, kNow);
    offset.OnReply(i, kWall - absl::Seconds(1), kNow + absl::Milliseconds(2));
  }
  EXPECT_EQ(offset.estimate()->offset, absl::Seconds(1) + absl::Milliseconds(1));
  offset.Reset();
  EXPECT_FALSE(offset.estimate());
}

}  // namespace
}  // namespace probemesh::node
