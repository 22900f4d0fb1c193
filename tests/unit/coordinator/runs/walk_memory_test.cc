#include "coordinator/runs/walk_memory.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "coordinator/runs/limits.h"

namespace probemesh::coordinator {
namespace {

constexpr MonotonicTime kStart = absl::Hours(100);

v1::Target Site(const std::string& host, uint32_t port = 443) {
  v1::Target target;
  target.set_scheme(v1::Target::HTTPS);
  target.set_host(host);
  target.set_port(port);
  return target;
}

v1::Observation ReachedWalk(const std::string& node, const std::string& address = "192.0.2.1") {
  v1::Observation walk;
  walk.set_node(node);
  walk.set_command_id(absl::StrCat(node, address));
  walk.mutable_spec()->set_role(v1::WALK);
  walk.mutable_spec()->set_address(address);
  walk.set_outcome(v1::ANSWERED);
  walk.mutable_trace()->set_reached(true);
  v1::TraceHop& hop = *walk.mutable_trace()->add_hops();
  hop.set_ttl(1);
  hop.add_exchanges()->set_reply(v1::POSITIVE);
  return walk;
}

TEST(WalkMemoryTest, RecallsWhatPathsAreLearntFrom) {
  WalkMemory memory;
  v1::Observation walk = ReachedWalk("nodes/a");
  walk.set_detail("a remark");
  walk.mutable_trace()->mutable_hops(0)->mutable_exchanges(0)->mutable_flow()->set_source_port(7);
  memory.Keep(Site("www.example.com"), walk, kStart);
  const auto recalled = memory.Recall(Site("www.example.com"), kStart);
  ASSERT_EQ(recalled.size(), 1);
  EXPECT_EQ(recalled[0].ShortDebugString(), ReachedWalk("nodes/a").ShortDebugString());
}

TEST(WalkMemoryTest, TargetsDifferBySchemeHostAndPort) {
  WalkMemory memory;
  memory.Keep(Site("www.example.com"), ReachedWalk("nodes/a"), kStart);
  v1::Target plain = Site("www.example.com");
  plain.set_scheme(v1::Target::HTTP);
  EXPECT_TRUE(memory.Recall(plain, kStart).empty());
  EXPECT_TRUE(memory.Recall(Site("www.example.com", 8443), kStart).empty());
  EXPECT_TRUE(memory.Recall(Site("example.com"), kStart).empty());
}

TEST(WalkMemoryTest, KeepsOnlyWalksThatTheTargetItselfEnded) {
  WalkMemory memory;
  v1::Observation cut = ReachedWalk("nodes/a");
  cut.mutable_trace()->set_reached(false);
  v1::Observation reset = ReachedWalk("nodes/b");
  reset.mutable_trace()->mutable_hops(0)->mutable_exchanges(0)->set_reply(v1::RST);
  v1::Observation huge = ReachedWalk("nodes/c");
  huge.mutable_trace()->set_last_responder(std::string(kMaxRememberedWalkOctets, 'x'));
  const v1::Observation nowhere = ReachedWalk("nodes/d", "not an address");
  for (const v1::Observation& walk : {cut, reset, huge, nowhere}) {
    memory.Keep(Site("www.example.com"), walk, kStart);
  }
  EXPECT_TRUE(memory.Recall(Site("www.example.com"), kStart).empty());
}

TEST(WalkMemoryTest, TheNewestOfAVantageAndFamilyReplacesTheOlder) {
  WalkMemory memory;
  const v1::Target target = Site("www.example.com");
  memory.Keep(target, ReachedWalk("nodes/a", "192.0.2.1"), kStart);
  memory.Keep(target, ReachedWalk("nodes/a", "192.0.2.2"), kStart + absl::Seconds(1));
  memory.Keep(target, ReachedWalk("nodes/a", "2001:db8::1"), kStart);
  const auto recalled = memory.Recall(target, kStart + absl::Seconds(1));
  ASSERT_EQ(recalled.size(), 2);
  EXPECT_EQ(recalled[0].spec().address(), "192.0.2.2");
  EXPECT_EQ(recalled[1].spec().address(), "2001:db8::1");
}

TEST(WalkMemoryTest, ADayLaterItIsNotUsed) {
  WalkMemory memory;
  const v1::Target target = Site("www.example.com");
  memory.Keep(target, ReachedWalk("nodes/a"), kStart);
  EXPECT_EQ(memory.Recall(target, kStart + kWalkLifetime).size(), 1);
  EXPECT_TRUE(memory.Recall(target, kStart + kWalkLifetime + absl::Seconds(1)).empty());
}

TEST(WalkMemoryTest, AWalkIsDueAgainAfterAWhileOrWhenNothingCameOfIt) {
  WalkMemory memory;
  const v1::Target target = Site("www.example.com");
  EXPECT_TRUE(memory.Due(target, "nodes/a", v1::IPV4, kStart));
  memory.NoteAsked(target, "nodes/a", v1::IPV4, kStart);
  EXPECT_FALSE(memory.Due(target, "nodes/a", v1::IPV4, kStart));
  EXPECT_TRUE(memory.Due(target, "nodes/a", v1::IPV6, kStart));
  EXPECT_TRUE(memory.Due(target, "nodes/b", v1::IPV4, kStart));
  memory.NoteNotWalked(target, "nodes/a", v1::IPV4);
  EXPECT_TRUE(memory.Due(target, "nodes/a", v1::IPV4, kStart));
  memory.Keep(target, ReachedWalk("nodes/a"), kStart);
  EXPECT_FALSE(memory.Due(target, "nodes/a", v1::IPV4, kStart + absl::Minutes(14)));
  EXPECT_TRUE(memory.Due(target, "nodes/a", v1::IPV4, kStart + absl::Minutes(15)));
}

TEST(WalkMemoryTest, WalksOfATargetAreBounded) {
  WalkMemory memory;
  const v1::Target target = Site("www.example.com");
  for (size_t i = 0; i < kMaxWalksPerTarget; ++i) {
    memory.Keep(target, ReachedWalk(absl::StrCat("nodes/", i)), kStart + absl::Seconds(i));
  }
  const MonotonicTime now = kStart + absl::Seconds(kMaxWalksPerTarget);
  EXPECT_FALSE(memory.Due(target, "nodes/late", v1::IPV4, now)) << "there is no room";
  EXPECT_TRUE(memory.Due(target, "nodes/late", v1::IPV4, now + kFreshWalk));
  memory.Keep(target, ReachedWalk("nodes/late"), now);
  const auto recalled = memory.Recall(target, now);
  EXPECT_EQ(recalled.size(), static_cast<int>(kMaxWalksPerTarget));
  for (const v1::Observation& walk : recalled) EXPECT_NE(walk.node(), "nodes/0") << "the oldest";
}

TEST(WalkMemoryTest, TheLongestUnusedTargetGoesFirst) {
  WalkMemory memory;
  for (size_t i = 0; i < kMaxRememberedTargets; ++i) {
    memory.Keep(Site(absl::StrCat("www", i)), ReachedWalk("nodes/a"), kStart);
  }
  EXPECT_EQ(memory.Recall(Site("www0"), kStart).size(), 1);
  memory.Keep(Site("another"), ReachedWalk("nodes/a"), kStart);
  EXPECT_EQ(memory.target_count(), kMaxRememberedTargets);
  EXPECT_EQ(memory.Recall(Site("www0"), kStart).size(), 1);
  EXPECT_TRUE(memory.Recall(Site("www1"), kStart).empty());
}

}  // namespace
}  // namespace probemesh::coordinator
