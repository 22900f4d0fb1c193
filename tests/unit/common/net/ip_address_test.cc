#include "common/net/ip_address.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace probemesh {
namespace {

// Every string here once got through some parser and past some policy.
const std::vector<std::string>& NotAddresses() {
  static const std::vector<std::string> texts = {
      "",
      " ",
      "127.1",
      "127.0.0.1 ",
      " 127.0.0.1",
      "127.0.0.1\n",
      "0127.0.0.1",
      "0x7f.0.0.1",
      "2130706433",
      "0x7f000001",
      "256.0.0.1",
      "1.2.3.4.5",
      "1.2.3.",
      "1.2.3.-4",
      "fe80::1%eth0",
      "[::1]",
      "::1]",
      ":::",
      "1::2::3",
      "12345::",
      "::ffff:127.1",
      "::1/128",
      "localhost",
      std::string("127.0.0.1\0.example", 18),
      std::string(100'000, '1'),
      "\xff\xfe",
  };
  return texts;
}

TEST(IpAddress, ParsesAndPrintsTheCanonicalForm) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"192.0.2.1", "192.0.2.1"},
      {"0.0.0.0", "0.0.0.0"},
      {"255.255.255.255", "255.255.255.255"},
      {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
      {"::", "::"},
      {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
  };
  for (const auto& [text, canonical] : cases) {
    const auto address = IpAddress::Parse(text);
    ASSERT_TRUE(address.ok()) << text;
    EXPECT_EQ(address->ToString(), canonical);
    EXPECT_EQ(*IpAddress::Parse(canonical), *address);
  }
}

TEST(IpAddress, RefusesEverythingElseWithAPrintableError) {
  for (const std::string& text : NotAddresses()) {
    const absl::Status status = IpAddress::Parse(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text.substr(0, 40);
    EXPECT_LT(status.message().size(), 120u);
    for (const char c : status.message()) EXPECT_TRUE(c >= 0x20 && c < 0x7f);
  }
}

TEST(IpAddress, FamiliesAreNeverEqual) {
  EXPECT_NE(*IpAddress::Parse("0.0.0.0"), *IpAddress::Parse("::"));
  EXPECT_NE(*IpAddress::Parse("1.2.3.4"), *IpAddress::Parse("::ffff:1.2.3.4"));
  EXPECT_EQ(IpAddress(), *IpAddress::Parse("0.0.0.0"));
}

TEST(IpAddress, FindsTheIpv4AddressInside) {
  const auto embedded = [](const std::string& text) {
    const auto inner = IpAddress::Parse(text)->EmbeddedV4();
    return inner ? inner->ToString() : "none";
  };
  EXPECT_EQ(embedded("::ffff:169.254.169.254"), "169.254.169.254");
  EXPECT_EQ(embedded("64:ff9b::a9fe:a9fe"), "169.254.169.254");
  EXPECT_EQ(embedded("2002:7f00:1::1"), "127.0.0.1");
  EXPECT_EQ(embedded("64:ff9b:1::7f00:1"), "none");  // RFC 8215: its length is a local matter
  EXPECT_EQ(embedded("2001:db8::1"), "none");
  EXPECT_EQ(embedded("192.0.2.1"), "none");
}

TEST(IpAddress, ReadsOnlySockaddrsOfItsFamilies) {
  sockaddr_storage storage{};
  EXPECT_FALSE(IpAddress::FromSockaddr(nullptr).has_value());
  EXPECT_FALSE(IpAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&storage)).has_value());
  for (const char* text : {"192.0.2.1:80", "[2001:db8::1]:65535"}) {
    const Endpoint endpoint = *Endpoint::Parse(text);
    endpoint.ToSockaddr(&storage);
    EXPECT_EQ(*Endpoint::FromSockaddr(reinterpret_cast<sockaddr*>(&storage)), endpoint);
  }
}

TEST(IpPrefix, ClearsHostBitsAndContainsItsAddresses) {
  const IpPrefix prefix = *IpPrefix::Parse("10.1.2.3/12");
  EXPECT_EQ(prefix.ToString(), "10.0.0.0/12");
  EXPECT_TRUE(prefix.Contains(*IpAddress::Parse("10.15.255.255")));
  EXPECT_FALSE(prefix.Contains(*IpAddress::Parse("10.16.0.0")));
  EXPECT_FALSE(prefix.Contains(*IpAddress::Parse("::ffff:10.1.2.3")));
  const IpPrefix v6 = *IpPrefix::Parse("2001:db8:ffff::/33");
  EXPECT_EQ(v6.ToString(), "2001:db8:8000::/33");
  EXPECT_TRUE(v6.Contains(*IpAddress::Parse("2001:db8:8000::1")));
  EXPECT_FALSE(v6.Contains(*IpAddress::Parse("2001:db8:7fff::1")));
}

TEST(IpPrefix, TheLengthsAtBothEnds) {
  EXPECT_TRUE(IpPrefix::Parse("0.0.0.0/0")->Contains(*IpAddress::Parse("255.1.1.1")));
  EXPECT_FALSE(IpPrefix::Parse("0.0.0.0/0")->Contains(*IpAddress::Parse("::1")));
  EXPECT_TRUE(IpPrefix::Parse("::/0")->Contains(*IpAddress::Parse("ffff::1")));
  EXPECT_EQ(IpPrefix::Parse("192.0.2.1")->ToString(), "192.0.2.1/32");
  EXPECT_EQ(IpPrefix::Parse("::1")->ToString(), "::1/128");
  EXPECT_FALSE(IpPrefix::Parse("192.0.2.1/32")->Contains(*IpAddress::Parse("192.0.2.2")));
}

TEST(IpPrefix, RefusesBadLengths) {
  for (const char* text :
       {"10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/ 8", "10.0.0.0/8/8",
        "10.0.0.0/0x8", "::/129", "::/4294967304", "/8", "10/8", "10.0.0.0/255.0.0.0"}) {
    EXPECT_FALSE(IpPrefix::Parse(text).ok()) << text;
  }
}

TEST(Endpoint, NeedsBracketsAroundIpv6AndOnlyThere) {
  EXPECT_EQ(Endpoint::Parse("192.0.2.1:80")->ToString(), "192.0.2.1:80");
  EXPECT_EQ(Endpoint::Parse("[2001:db8::1]:443")->ToString(), "[2001:db8::1]:443");
  EXPECT_EQ(Endpoint::Parse("[::]:0")->port, 0);
  for (const char* text : {"", ":", "192.0.2.1", "192.0.2.1:", "192.0.2.1:65536", "192.0.2.1:-1",
                           "192.0.2.1: 80", "192.0.2.1:080000", "::1:80", "[192.0.2.1]:80",
                           "[::1:80", "::1]:80", "[::1]80", "[::1]", "[[::1]]:80", "name:80"}) {
    EXPECT_FALSE(Endpoint::Parse(text).ok()) << text;
  }
}

TEST(HostPort, SplitsNamesAndAddresses) {
  const std::vector<std::tuple<std::string, std::string, uint16_t, std::string>> cases = {
      {"example.com", "example.com", 443, "example.com:443"},
      {"example.com:80", "example.com", 80, "example.com:80"},
      {"192.0.2.1:80", "192.0.2.1", 80, "192.0.2.1:80"},
      {"[2001:db8::1]:80", "2001:db8::1", 80, "[2001:db8::1]:80"},
      {"[2001:db8::1]", "2001:db8::1", 443, "[2001:db8::1]:443"},
      {"2001:db8::1", "2001:db8::1", 443, "[2001:db8::1]:443"},
  };
  for (const auto& [text, host, port, printed] : cases) {
    const auto parsed = HostPort::Parse(text, 443);
    ASSERT_TRUE(parsed.ok()) << text << ": " << parsed.status();
    EXPECT_EQ(parsed->host, host);
    EXPECT_EQ(parsed->port, port);
    EXPECT_EQ(parsed->ToString(), printed);
  }
  EXPECT_EQ(HostPort::Parse("example.com")->port, 0);
}

TEST(HostPort, RefusesWhatIsNoHost) {
  const std::vector<std::string> texts = {"",
                                          ":",
                                          ":80",
                                          "host:",
                                          "host:port",
                                          "host:99999",
                                          "ho st",
                                          "host\n:80",
                                          "user@host",
                                          "host/path",
                                          "host?q",
                                          "host#f",
                                          "a:b:c",
                                          "[host]:80",
                                          "[192.0.2.1]:80",
                                          "[::1",
                                          "[::1]x",
                                          "::1]",
                                          "\\\\host",
                                          std::string("host\0:80", 8),
                                          std::string(256, 'a'),
                                          "h\xc3\xb6st"};
  for (const std::string& text : texts) {
    const absl::Status status = HostPort::Parse(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

}  // namespace
}  // namespace probemesh
