#include "probe-node/probes/http/http_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "absl/strings/str_cat.h"
#include "common/base/proto_time.h"

namespace probemesh::node {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

v1::ProbeSpec Spec() {
  v1::ProbeSpec spec;
  spec.set_address("192.0.2.1");
  *spec.mutable_timeout() = ToProto(absl::Seconds(3));
  spec.mutable_http()->set_url("https://example.com/");
  return spec;
}

TEST(HttpSpec, FillsInWhatIsNotSaid) {
  const HttpSpec spec = CheckHttpSpec(Spec()).value();
  EXPECT_EQ(spec.peer.ToString(), "192.0.2.1:443");
  EXPECT_EQ(spec.method, "GET");
  EXPECT_EQ(spec.max_redirects, 0u);
  EXPECT_EQ(spec.max_body_bytes, 1024u * 1024u);
  EXPECT_FALSE(spec.verify_off);
}

TEST(HttpSpec, ErrorsNameTheField) {
  const auto error = [](const std::function<void(v1::ProbeSpec&)>& change) {
    v1::ProbeSpec spec = Spec();
    change(spec);
    return std::string(CheckHttpSpec(spec).status().message());
  };
  const auto header = [&](const std::string& name, const std::string& value) {
    return error([&](auto& spec) { (*spec.mutable_http()->mutable_headers())[name] = value; });
  };
  EXPECT_THAT(error([](auto& spec) { spec.clear_address(); }), HasSubstr("address"));
  EXPECT_THAT(error([](auto& spec) { spec.clear_timeout(); }), HasSubstr("timeout"));
  EXPECT_THAT(error([](auto& spec) { spec.mutable_http()->set_url("x"); }), HasSubstr("http.url"));
  for (const char* method : {"CONNECT", "TRACE", "G T", "ABCDEFGHIJKLMNOPQRST"}) {
    EXPECT_THAT(error([&](auto& spec) { spec.mutable_http()->set_method(method); }),
                HasSubstr("http.method"));
  }
  EXPECT_THAT(error([](auto& spec) { spec.mutable_http()->set_max_redirects(21); }),
              HasSubstr("http.max_redirects"));
  EXPECT_THAT(error([](auto& spec) { spec.mutable_http()->set_max_body_bytes(1u << 30); }),
              HasSubstr("http.max_body_bytes"));
  EXPECT_THAT(error([](auto& spec) { spec.mutable_http()->set_ca_pem("x"); }),
              HasSubstr("http.ca_pem"));
  EXPECT_THAT(header("X-A", "b\r\nX-B: c"), HasSubstr("http.headers"));
  EXPECT_THAT(header("X A", "b"), HasSubstr("http.headers"));
  EXPECT_THAT(header("Transfer-Encoding", "chunked"), HasSubstr("http.headers"));
  EXPECT_THAT(header("X-A", std::string(9000, 'b')), HasSubstr("http.headers"));
  EXPECT_EQ(header("X-A", "b"), "");
  EXPECT_THAT(error([](auto& spec) {
                for (int i = 0; i < 51; ++i) {
                  (*spec.mutable_http()->mutable_headers())[absl::StrCat("X-", i)] = "y";
                }
              }),
              HasSubstr("http.headers"));
}

TEST(HttpSpec, SecretsStayWithTheirOrigin) {
  v1::ProbeSpec given = Spec();
  (*given.mutable_http()->mutable_headers())["Authorization"] = "Bearer x";
  (*given.mutable_http()->mutable_headers())["Cookie"] = "a=b";
  (*given.mutable_http()->mutable_headers())["Accept"] = "";
  const HttpSpec spec = CheckHttpSpec(given).value();
  const auto lines = [&](const char* url) { return HeaderLines(spec, *ParseHttpUrl(url)); };
  EXPECT_THAT(lines("https://EXAMPLE.com/other"),
              ElementsAre("Accept;", "Authorization: Bearer x", "Cookie: a=b"));
  EXPECT_THAT(lines("http://example.com/"), ElementsAre("Accept;"));
  EXPECT_THAT(lines("https://example.com:444/"), ElementsAre("Accept;"));
  EXPECT_THAT(lines("https://elsewhere.example/"), ElementsAre("Accept;"));
}

TEST(HttpSpec, RedirectsMayChangeTheMethod) {
  EXPECT_EQ(RedirectedMethod("POST", 301), "GET");
  EXPECT_EQ(RedirectedMethod("POST", 302), "GET");
  EXPECT_EQ(RedirectedMethod("PUT", 303), "GET");
  EXPECT_EQ(RedirectedMethod("POST", 307), "POST");
  EXPECT_EQ(RedirectedMethod("PUT", 301), "PUT");
  EXPECT_EQ(RedirectedMethod("HEAD", 303), "HEAD");
}

}  // namespace
}  // namespace probemesh::node
