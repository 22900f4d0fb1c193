#include "coordinator/planner/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace probemesh::coordinator {
namespace {

struct Good {
  const char* text;
  v1::Target::Scheme scheme;
  const char* host;
  uint32_t port;
  const char* path;
  bool is_address;
};

TEST(TargetTest, UnderstandsEveryForm) {
  const Good cases[] = {
      {"example.com", v1::Target::HOST, "example.com", 0, "", false},
      {"Example.COM.", v1::Target::HOST, "example.com", 0, "", false},
      {"  example.com ", v1::Target::HOST, "example.com", 0, "", false},
      {"localhost", v1::Target::HOST, "localhost", 0, "", false},
      {"_dmarc.a-b.example", v1::Target::HOST, "_dmarc.a-b.example", 0, "", false},
      {"example.com:8080", v1::Target::TCP, "example.com", 8080, "", false},
      {"192.0.2.1", v1::Target::HOST, "192.0.2.1", 0, "", true},
      {"192.0.2.1:22", v1::Target::TCP, "192.0.2.1", 22, "", true},
      {"127.0.0.1:22", v1::Target::TCP, "127.0.0.1", 22, "", true},
      {"2001:DB8::1", v1::Target::HOST, "2001:db8::1", 0, "", true},
      {"[2001:db8::1]", v1::Target::HOST, "2001:db8::1", 0, "", true},
      {"[2001:db8::1]:443", v1::Target::TCP, "2001:db8::1", 443, "", true},
      {"https://example.com", v1::Target::HTTPS, "example.com", 443, "/", false},
      {"HTTP://Example.com/A?b=c#d", v1::Target::HTTP, "example.com", 80, "/A?b=c", false},
      {"https://example.com?q", v1::Target::HTTPS, "example.com", 443, "/?q", false},
      {"https://[2001:db8::1]:8443/x", v1::Target::HTTPS, "2001:db8::1", 8443, "/x", true},
      {"https://192.0.2.1/", v1::Target::HTTPS, "192.0.2.1", 443, "/", true},
  };
  for (const Good& good : cases) {
    const absl::StatusOr<v1::Target> target = ParseTarget(good.text);
    ASSERT_TRUE(target.ok()) << good.text << ": " << target.status();
    EXPECT_EQ(target->input(), good.text);
    EXPECT_EQ(target->scheme(), good.scheme) << good.text;
    EXPECT_EQ(target->host(), good.host) << good.text;
    EXPECT_EQ(target->port(), good.port) << good.text;
    EXPECT_EQ(target->path(), good.path) << good.text;
    EXPECT_EQ(target->is_address(), good.is_address) << good.text;
  }
}

TEST(TargetTest, SaysWhatIsWrong) {
  const std::pair<std::string, const char*> cases[] = {
      {"", "empty"},
      {"   ", "empty"},
      {"ftp://example.com", "unknown scheme"},
      {"example.com/path", "whole URL"},
      {"10.0.0.0/8", "whole URL"},
      {"https://user:secret@example.com/", "refused"},
      {"https://", "the host is empty"},
      {"https://:443/", "the host is empty"},
      {"example.com:", "not a port"},
      {"example.com:0", "not a port"},
      {"example.com:65536", "not a port"},
      {"example.com:+80", "not a port"},
      {"example.com:http", "not a port"},
      {"2001:db8::1:zzzz", "[address]:port"},
      {"[192.0.2.1]:80", "brackets"},
      {"[2001:db8::1", "closing bracket"},
      {"[2001:db8::1]x", "bracket"},
      {"fe80::1%eth0", "[address]:port"},
      {"[fe80::1%eth0]:80", "scope id"},
      {"256.1.1.1", "not an IPv4 address"},
      {"1.2.3", "not an IPv4 address"},
      {"010.1.1.1.", "not an IPv4 address"},
      {"exa mple.com", "spaces"},
      {"example.com\n", ""},  // trailing white space is dropped
      {"exa\x01mple.com", "control"},
      {"-bad.example", "begin or end"},
      {"a..b", "empty"},
      {std::string(64, 'a') + ".example", "63"},
      {"b\xc3\xbc"
       "cher.example",
       "xn--"},
      {"https://example.com/\xc3\xbc", "percent-encode"},
      {std::string(3000, 'a'), "2048"},
      {"224.0.0.1", "multicast"},
      {"255.255.255.255", "multicast"},
      {"0.0.0.0:80", "unspecified"},
      {"ff02::1", "multicast"},
      {"::", "unspecified"},
      {"$(reboot)", "letters"},
  };
  for (const auto& [text, why] : cases) {
    const absl::StatusOr<v1::Target> target = ParseTarget(text);
    if (*why == '\0') {
      EXPECT_TRUE(target.ok()) << target.status();
      continue;
    }
    ASSERT_EQ(target.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(target.status().message()), testing::HasSubstr(why)) << text;
    EXPECT_THAT(std::string(target.status().message()), testing::Not(testing::HasSubstr("secret")));
    EXPECT_LT(target.status().message().size(), 250u);
  }
}

TEST(TargetTest, NamesOf253CharactersAreTheLongest) {
  const std::string label(63, 'a');
  const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'b');
  EXPECT_TRUE(ParseTarget(longest).ok());
  EXPECT_FALSE(ParseTarget(longest + "b").ok());
}

}  // namespace
}  // namespace probemesh::coordinator
