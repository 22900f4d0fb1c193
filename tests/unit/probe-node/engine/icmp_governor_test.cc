#include "probe-node/engine/icmp_governor.h"

#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"

namespace probemesh::node {
namespace {

constexpr auto kV4 = IpAddress::Family::kV4;
constexpr auto kV6 = IpAddress::Family::kV6;

class IcmpGovernorTest : public testing::Test {
 protected:
  // How many packets may leave right now.
  int Burst(IpAddress::Family family, int distance, int wanted) {
    int sent = 0;
    while (sent < wanted && governor_.Request(family, distance) == absl::ZeroDuration()) ++sent;
    return sent;
  }

  ManualClock clock_;
  IcmpGovernor governor_{clock_};
};

TEST_F(IcmpGovernorTest, LetsThreePacketsOutAtOnceAndThenOneEachSecond) {
  EXPECT_EQ(Burst(kV4, 1, 10), 3);
  EXPECT_EQ(governor_.Request(kV4, 1), absl::Seconds(1));
  clock_.Advance(absl::Milliseconds(400));
  EXPECT_EQ(governor_.Request(kV4, 1), absl::Milliseconds(600));
  clock_.Advance(absl::Milliseconds(600));
  EXPECT_EQ(Burst(kV4, 1, 10), 1);
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(Burst(kV4, 1, 10), 3);
}

TEST_F(IcmpGovernorTest, WaitingAsLongAsToldIsAlwaysEnough) {
  Burst(kV4, 2, 3);
  for (int i = 0; i < 1000; ++i) {
    clock_.Advance(absl::Microseconds(123'457 * (i % 7)));
    const absl::Duration wait = governor_.Request(kV4, 2);
    if (wait == absl::ZeroDuration()) continue;
    clock_.Advance(wait);
    ASSERT_EQ(governor_.Request(kV4, 2), absl::ZeroDuration()) << "round " << i;
  }
}

TEST_F(IcmpGovernorTest, KeepsDistancesAndFamiliesApart) {
  EXPECT_EQ(Burst(kV4, 1, 10), 3);
  EXPECT_EQ(Burst(kV4, 3, 10), 3);
  EXPECT_EQ(Burst(kV6, 1, 10), 3);
}

TEST_F(IcmpGovernorTest, OnlyCountsBeyondTheSharedDistances) {
  EXPECT_EQ(Burst(kV4, IcmpGovernor::kSharedDistance + 1, 500), 500);
  EXPECT_EQ(governor_.Spend(kV4, IcmpGovernor::kSharedDistance + 1), 256u);
}

TEST_F(IcmpGovernorTest, RemembersWhatWasSpentForSixSeconds) {
  governor_.Request(kV4, 5);
  clock_.Advance(absl::Seconds(4));
  governor_.Request(kV4, 5);
  EXPECT_EQ(governor_.Spend(kV4, 5), 2u);
  clock_.Advance(absl::Seconds(2));
  EXPECT_EQ(governor_.Spend(kV4, 5), 1u);
  clock_.Advance(absl::Seconds(4));
  EXPECT_EQ(governor_.Spend(kV4, 5), 0u);
  EXPECT_EQ(governor_.Spend(kV4, 6), 0u);
}

TEST_F(IcmpGovernorTest, RefusedPacketsAreNotCounted) {
  EXPECT_EQ(Burst(kV4, 1, 10), 3);
  EXPECT_EQ(governor_.Spend(kV4, 1), 3u);
}

TEST_F(IcmpGovernorTest, PacketsThatNobodyAskedForUseUpTheBudgetToo) {
  governor_.Count(kV4, 1);
  governor_.Count(kV4, 1);
  EXPECT_EQ(Burst(kV4, 1, 10), 1);
  EXPECT_EQ(governor_.Spend(kV4, 1), 3u);
  for (int i = 0; i < 10; ++i) governor_.Count(kV4, 1);
  EXPECT_EQ(governor_.Request(kV4, 1), absl::Seconds(1));
}

TEST_F(IcmpGovernorTest, TakesAnyDistance) {
  for (const int distance : {-1, 0, 1, 255, 256, 100'000}) governor_.Request(kV4, distance);
  EXPECT_EQ(governor_.Spend(kV4, 255), 3u);
  EXPECT_EQ(governor_.Spend(kV4, 1), 3u);
}

}  // namespace
}  // namespace probemesh::node
