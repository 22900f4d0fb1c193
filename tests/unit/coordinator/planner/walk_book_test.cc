#include "coordinator/planner/walk_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace probemesh::coordinator {
namespace {

const IpAddress kTarget = IpAddress::V4({192, 0, 2, 1});

IpAddress Router(uint8_t n) { return IpAddress::V4({198, 51, 100, n}); }

v1::Observation Walk(const std::vector<uint8_t>& routers, bool reached) {
  v1::Observation observation;
  uint32_t ttl = 0;
  for (const uint8_t n : routers) {
    v1::TraceHop& hop = *observation.mutable_trace()->add_hops();
    hop.set_ttl(++ttl);
    if (n != 0) hop.set_address(Router(n).ToString());
  }
  observation.mutable_trace()->set_reached(reached);
  return observation;
}

TEST(WalkBookTest, KeepsRoutersInOrder) {
  WalkBook book;
  const WalkRecord walk = book.Add(0, kTarget, Walk({1, 0, 3, 1}, false));
  EXPECT_EQ(walk.routers, (std::vector<IpAddress>{Router(1), Router(3)}));
  EXPECT_EQ(walk.last_ttl, 4u);
  EXPECT_TRUE(walk.Cut());
  EXPECT_FALSE(WalkBook().Add(0, kTarget, Walk({0, 0}, false)).Cut());
  EXPECT_FALSE(WalkBook().Add(0, kTarget, Walk({1}, true)).Cut());
}

TEST(WalkBookTest, PingsWhatOthersSawBeyondTheCutFirst) {
  WalkBook book;
  book.Add(0, kTarget, Walk({1, 2}, false));
  book.Add(1, kTarget, Walk({9, 2, 3, 4, 5, 6}, true));
  EXPECT_EQ(book.TakeHopPings(0),
            (std::vector<IpAddress>{Router(3), Router(4), Router(5), Router(2), Router(6)}));
  EXPECT_TRUE(book.TakeHopPings(0).empty());
  EXPECT_TRUE(book.TakeHopPings(1).empty());
  book.Add(2, kTarget, Walk({7, 8}, false));
  EXPECT_EQ(book.TakeHopPings(0), (std::vector<IpAddress>{Router(8)}));
}

TEST(WalkBookTest, IsBounded) {
  WalkBook book;
  for (uint8_t i = 0; i < 30; ++i) book.Add(i, kTarget, Walk({i, uint8_t(100 + i)}, false));
  EXPECT_EQ(book.TakeHopPings(0).size(), kMaxHopPings);
  v1::Observation endless;
  for (uint32_t i = 0; i < 10000; ++i) {
    endless.mutable_trace()->add_hops()->set_ttl(i);
    endless.mutable_trace()->mutable_hops(static_cast<int>(i))->set_address("198.51.100.7");
  }
  EXPECT_EQ(book.Add(40, kTarget, endless).routers.size(), 1u);
}

TEST(WalkBookTest, OtherFamiliesAndTheTargetItselfAreNoRouters) {
  WalkBook book;
  v1::Observation strange;
  for (const char* address : {"2001:db8::1", "192.0.2.1", "0.0.0.0", "junk"}) {
    strange.mutable_trace()->add_hops()->set_address(address);
  }
  EXPECT_TRUE(book.Add(0, kTarget, strange).routers.empty());
}

}  // namespace
}  // namespace probemesh::coordinator
