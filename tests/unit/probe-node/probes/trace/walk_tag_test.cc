#include "probe-node/probes/trace/walk_tag.h"

#include <gtest/gtest.h>

#include <vector>

#include "probe-node/probes/icmp/echo_packet.h"

namespace probemesh::node {
namespace {

// RFC 1071, over an even number of octets.
uint16_t Checksum(const std::string& octets) {
  uint32_t sum = 0;
  for (size_t i = 0; i < octets.size(); i += 2) {
    sum += static_cast<uint32_t>(static_cast<uint8_t>(octets[i])) << 8;
    sum += static_cast<uint8_t>(octets[i + 1]);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

TEST(WalkTag, FindsItsNumberInAWholeOrLongEnoughQuotation) {
  const WalkTag tag(0x0123456789abcdef);
  for (const uint16_t number : std::vector<uint16_t>{0, 1, 127, 65'535}) {
    const std::string payload = tag.Payload(number);
    EXPECT_EQ(payload.size(), 16u);
    EXPECT_EQ(tag.Parse(payload), number);
    EXPECT_EQ(tag.Parse(payload + "trailer"), number);
    for (size_t size = 0; size < 12; ++size) EXPECT_FALSE(tag.Parse(payload.substr(0, size)));
    EXPECT_EQ(tag.Parse(payload.substr(0, 12)), number);
  }
}

TEST(WalkTag, KnowsItsOwnMarkOnly) {
  const WalkTag tag(1);
  EXPECT_FALSE(tag.Parse(WalkTag(2).Payload(5)));
  std::string torn = tag.Payload(5);
  torn[9] = 6;  // the number without its complement
  EXPECT_FALSE(tag.Parse(torn));
  EXPECT_TRUE(tag.MatchesQuoted(""));
  EXPECT_TRUE(tag.MatchesQuoted(tag.PayloadBehindNumber(3).substr(0, 5)));
  EXPECT_FALSE(tag.MatchesQuoted(WalkTag(2).PayloadBehindNumber(3)));
}

TEST(WalkTag, TheChecksumIsTheSameForAllNumbers) {
  const WalkTag tag(0xfeedfacecafebeef);
  for (const uint16_t number : std::vector<uint16_t>{0, 1, 77, 255, 256, 65'535}) {
    EXPECT_EQ(Checksum(tag.Payload(number)), Checksum(tag.Payload(1)));
    const auto echo = [&tag](uint16_t n) {
      return EchoRequest(IpAddress::Family::kV4, n, tag.PayloadBehindNumber(n));
    };
    EXPECT_EQ(Checksum(echo(number)), Checksum(echo(1)));
  }
}

}  // namespace
}  // namespace probemesh::node
