#include "coordinator/registry/clock_offset.h"

#include <gtest/gtest.h>

namespace probemesh::coordinator {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1767225600);

TEST(ClockOffset, KnowsNothingAtFirst) { EXPECT_EQ(ClockOffset().Estimate(), std::nullopt); }

TEST(ClockOffset, TrustsTheFastestMessage) {
  ClockOffset offset;
  const absl::Duration ahead = absl::Seconds(5);
  for (const int delay_ms : {40, 3, 900}) {
    offset.AddSample(kNow + ahead, kNow + absl::Milliseconds(delay_ms));
  }
  EXPECT_EQ(offset.Estimate(), ahead - absl::Milliseconds(3));
}

TEST(ClockOffset, ForgetsAndFollowsAStep) {
  ClockOffset offset;
  offset.AddSample(kNow + absl::Hours(1), kNow);
  for (int i = 0; i < 16; ++i) offset.AddSample(kNow - absl::Seconds(2), kNow);
  EXPECT_EQ(offset.Estimate(), -absl::Seconds(2));
}

}  // namespace
}  // namespace probemesh::coordinator
