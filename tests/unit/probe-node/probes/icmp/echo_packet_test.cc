#include "probe-node/probes/icmp/echo_packet.h"

#include <gtest/gtest.h>

namespace probemesh::node {
namespace {

constexpr auto kV4 = IpAddress::Family::kV4;
constexpr auto kV6 = IpAddress::Family::kV6;

TEST(EchoPacket, IsFoundAgainWhereItIsQuoted) {
  for (const auto family : {kV4, kV6}) {
    const std::string request = EchoRequest(family, 0xbeef, "payload");
    EXPECT_EQ(request.size(), 15u);
    const auto quoted = ParseQuotedEcho(family, request);
    ASSERT_TRUE(quoted.has_value());
    EXPECT_EQ(quoted->sequence, 0xbeef);
    EXPECT_EQ(quoted->payload, "payload");
    EXPECT_FALSE(ParseEchoReply(family, request).has_value());
  }
}

TEST(EchoPacket, ARepliesTypeDependsOnTheFamily) {
  std::string reply = EchoRequest(kV4, 7, "x");
  reply[0] = '\0';
  EXPECT_EQ(ParseEchoReply(kV4, reply)->sequence, 7);
  EXPECT_FALSE(ParseEchoReply(kV6, reply).has_value());
  reply[0] = static_cast<char>(129);
  EXPECT_EQ(ParseEchoReply(kV6, reply)->sequence, 7);
  EXPECT_FALSE(ParseEchoReply(kV4, reply).has_value());
}

TEST(EchoPacket, EveryCutIsToldFromAWhole) {
  const std::string request = EchoRequest(kV4, 1, "");
  for (size_t size = 0; size < request.size(); ++size) {
    EXPECT_FALSE(ParseQuotedEcho(kV4, absl::string_view(request).substr(0, size)).has_value());
  }
  EXPECT_TRUE(ParseQuotedEcho(kV4, request).has_value());
  std::string bad_code = request;
  bad_code[1] = 1;
  EXPECT_FALSE(ParseQuotedEcho(kV4, bad_code).has_value());
}

}  // namespace
}  // namespace probemesh::node
