#include "common/pki/join_token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace probemesh {
namespace {

JoinToken Sample() {
  JoinToken token;
  token.id = "abcdefgh01234567";
  token.secret = absl::WebSafeBase64Escape(std::string(16, '\xfb'));
  token.ca_spki_sha256 = std::string(32, '\xff');
  token.endpoint = "mesh.example.com:7444";
  return token;
}

TEST(JoinToken, SurvivesItsText) {
  for (const char* endpoint : {"mesh.example.com:7444", "192.0.2.1:7444", "[2001:db8::1]:7444"}) {
    JoinToken token = Sample();
    token.endpoint = endpoint;
    const absl::StatusOr<JoinToken> parsed =
        JoinToken::Parse(absl::StrCat(" \t", token.ToString(), "\n"));
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(parsed->id, token.id);
    EXPECT_EQ(parsed->secret, token.secret);
    EXPECT_EQ(parsed->ca_spki_sha256, token.ca_spki_sha256);
    EXPECT_EQ(parsed->endpoint, token.endpoint);
  }
}

TEST(JoinToken, SaysWhatIsWrongWithoutTheSecret) {
  const std::string good = Sample().ToString();
  const std::string secret = Sample().secret;
  const auto replaced = [&](const std::string& from, const std::string& to) {
    return absl::StrReplaceAll(good, {{from, to}});
  };
  const std::pair<std::string, std::string> cases[] = {
      {"", "empty"},
      {"  \n", "empty"},
      {std::string(2000, 'a'), "too long"},
      {good.substr(0, good.find('@')), "no \"@host:port\""},
      {replaced("pm1.", "pm2."), "pm1."},
      {replaced("@", ".x@"), "not four parts"},
      {replaced("abcdefgh", "ABCDEFGH"), "bad id"},
      {replaced("abcdefgh", "a"), "bad id"},
      {replaced(secret, "AAAA"), "bad secret"},
      {replaced(secret, secret + " "), "bad secret"},
      {replaced(secret, std::string(100, 'A')), "bad secret"},
      {replaced("@", "A@"), "bad CA pin"},
      {replaced(":7444", ""), "bad enrolment address"},
      {replaced(":7444", ":99999"), "bad enrolment address"},
  };
  for (const auto& [text, reason] : cases) {
    const absl::StatusOr<JoinToken> parsed = JoinToken::Parse(text);
    ASSERT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(parsed.status().message()), testing::HasSubstr(reason)) << text;
    EXPECT_THAT(std::string(parsed.status().message()), testing::Not(testing::HasSubstr(secret)));
  }
}

}  // namespace
}  // namespace probemesh
