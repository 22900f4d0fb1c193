#include "probe-node/probes/stream/evidence.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "tests/support/fake_path.h"
#include "tests/support/manual_clock.h"

namespace probemesh::node {
namespace {

TEST(PrintableText, EscapesAndCuts) {
  EXPECT_EQ(PrintableText("plain", 100), "plain");
  EXPECT_EQ(PrintableText(absl::string_view("a\0\xff\n", 4), 100), "a\\x00\\xff\\x0a");
  EXPECT_EQ(PrintableText(std::string(1000, '\x01'), 10).size(), 10u);
  EXPECT_EQ(PrintableText("", 10), "");
}

TEST(IcmpEvidence, KeepsNumberingAndOffenderOfEachFamily) {
  const v1::IcmpError v4 = StreamIcmpError(IcmpErrorFrom("198.51.100.1", 3, 13, "quoted"));
  EXPECT_EQ(v4.family(), v1::IPV4);
  EXPECT_EQ(v4.type(), 3u);
  EXPECT_EQ(v4.code(), 13u);
  EXPECT_EQ(v4.offender(), "198.51.100.1");
  EXPECT_EQ(v4.quoted_length(), 6u);
  EXPECT_EQ(StreamIcmpError(IcmpErrorFrom("2001:db8::1", 1, 3)).family(), v1::IPV6);
}

TEST(IcmpEvidence, PortUnreachableIsAnotherNumberInEachFamily) {
  EXPECT_TRUE(IsPortUnreachable(IcmpErrorFrom("198.51.100.1", 3, 3)));
  EXPECT_FALSE(IsPortUnreachable(IcmpErrorFrom("198.51.100.1", 1, 4)));
  EXPECT_TRUE(IsPortUnreachable(IcmpErrorFrom("2001:db8::1", 1, 4)));
  EXPECT_FALSE(IsPortUnreachable(IcmpErrorFrom("2001:db8::1", 3, 3)));
  QueuedError local;
  local.origin = QueuedError::Origin::kLocal;
  local.type = 3;
  local.code = 3;
  EXPECT_FALSE(IsPortUnreachable(local));
  EXPECT_FALSE(IsIcmpError(local));
}

TEST(ArrivalTime, BelievesTheKernelsStampWithinReason) {
  ManualClock clock;
  const MonotonicTime now = clock.Monotonic();
  EXPECT_EQ(ArrivalTime(clock, std::nullopt), now);
  EXPECT_EQ(ArrivalTime(clock, clock.Wall() - absl::Milliseconds(40)),
            now - absl::Milliseconds(40));
  EXPECT_EQ(ArrivalTime(clock, clock.Wall() + absl::Milliseconds(1)), now);
  EXPECT_EQ(ArrivalTime(clock, clock.Wall() - absl::Hours(1)), now);  // somebody set the clock
}

TEST(LocalEvidence, NamesTheErrno) {
  const v1::LocalError error = StreamLocalError("connect", ENETUNREACH, true, false);
  EXPECT_EQ(error.errno_value(), ENETUNREACH);
  EXPECT_EQ(error.errno_name(), "ENETUNREACH");
  EXPECT_EQ(StreamLocalError("connect", 99'999, true, false).errno_name(), "UNKNOWN");
  EXPECT_EQ(LocalReply(error).reply(), v1::LOCAL);
}

}  // namespace
}  // namespace probemesh::node
