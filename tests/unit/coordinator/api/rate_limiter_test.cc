#include "coordinator/api/rate_limiter.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace probemesh::coordinator {
namespace {

constexpr RateLimits kLimits = {{1, 2}, {4, 6}, 4};

class RateLimiterTest : public testing::Test {
 protected:
  bool Allow(const std::string& peer) { return limiter_.Allow(peer, now_); }

  RateLimiter limiter_{kLimits};
  MonotonicTime now_ = absl::Hours(1);
};

TEST_F(RateLimiterTest, EachPeerHasItsBurstAndItsRate) {
  EXPECT_TRUE(Allow("a"));
  EXPECT_TRUE(Allow("a"));
  EXPECT_FALSE(Allow("a"));
  EXPECT_TRUE(Allow("b"));
  now_ += absl::Seconds(1);
  EXPECT_TRUE(Allow("a"));
  EXPECT_FALSE(Allow("a"));
}

TEST_F(RateLimiterTest, AllPeersTogetherAreLimited) {
  for (const char* peer : {"a", "b", "c"}) {
    EXPECT_TRUE(Allow(peer));
    EXPECT_TRUE(Allow(peer));
  }
  EXPECT_FALSE(Allow("d"));
  now_ += absl::Seconds(1);
  EXPECT_TRUE(Allow("d"));
}

TEST_F(RateLimiterTest, ARefusalCostsNothing) {
  EXPECT_TRUE(Allow("a"));
  EXPECT_TRUE(Allow("a"));
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(Allow("a"));
  EXPECT_TRUE(Allow("b"));
}

TEST_F(RateLimiterTest, RemembersOnlySoManyPeers) {
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(Allow(absl::StrCat("peer ", i)));
  EXPECT_FALSE(Allow("one more"));
  now_ += absl::Seconds(10);
  EXPECT_TRUE(Allow("one more"));
}

TEST(PeerAddressOf, IsTheAddressOrItsNetwork) {
  EXPECT_EQ(PeerAddressOf("ipv4:192.0.2.1:4711"), "192.0.2.1");
  EXPECT_EQ(PeerAddressOf("ipv6:%5B2001:db8:0:1::7%5D:4711"), "2001:db8:0:1::/64");
  EXPECT_EQ(PeerAddressOf("ipv6:[2001:db8:0:1::8]:4711"), "2001:db8:0:1::/64");
  EXPECT_EQ(PeerAddressOf("unix:/tmp/x"), "unknown");
}

}  // namespace
}  // namespace probemesh::coordinator
