#include "probe-node/probes/http/http_url.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace probemesh::node {
namespace {

TEST(HttpUrl, IsTakenApart) {
  const HttpUrl url = ParseHttpUrl("https://Www.Example.com/a?b#c").value();
  EXPECT_TRUE(url.https);
  EXPECT_EQ(url.host, "Www.Example.com");
  EXPECT_EQ(url.port, 443);
  EXPECT_EQ(url.text, "https://Www.Example.com/a?b");
  const HttpUrl v6 = ParseHttpUrl("http://[2001:db8::1]:8080").value();
  EXPECT_FALSE(v6.https);
  EXPECT_EQ(v6.host, "2001:db8::1");
  EXPECT_EQ(v6.port, 8080);
}

TEST(HttpUrl, RefusesWhatItCannotUse) {
  for (const std::string& bad :
       {std::string(), std::string("www.example.com"), std::string("ftp://example.com/"),
        std::string("file:///etc/passwd"), std::string("http://user:word@example.com/"),
        std::string("http://a b/"), std::string("http://example.com/\r\nHost: x"),
        std::string("http://example.com:0/"), std::string("http://example.com:99999/"),
        std::string("http://[fe80::1%25eth0]/"), std::string("http://"),
        std::string("http://b\xc3\xbc"
                    "cher.example/"),
        absl::StrCat("http://example.com/", std::string(9000, 'a'))}) {
    EXPECT_EQ(ParseHttpUrl(bad).status().code(), absl::StatusCode::kInvalidArgument) << bad;
  }
}

TEST(HttpUrl, ResolvesReferences) {
  const HttpUrl base = ParseHttpUrl("http://example.com:8080/a/b").value();
  EXPECT_EQ(ResolveLocation(base, "../c")->text, "http://example.com:8080/c");
  EXPECT_EQ(ResolveLocation(base, "//other.example/x")->host, "other.example");
  EXPECT_EQ(ResolveLocation(base, "https://example.com/")->port, 443);
  EXPECT_FALSE(ResolveLocation(base, "gopher://example.com/").ok());
  EXPECT_FALSE(ResolveLocation(base, "").ok());
}

}  // namespace
}  // namespace probemesh::node
