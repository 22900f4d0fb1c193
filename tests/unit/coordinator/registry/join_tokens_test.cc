#include "coordinator/registry/join_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "absl/strings/escaping.h"
#include "common/base/proto_time.h"
#include "coordinator/registry/secret_hash.h"

namespace probemesh::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

const absl::Time kNow = absl::FromUnixSeconds(1767225600);

class JoinTokensTest : public ::testing::Test {
 protected:
  NewJoinToken Add(const v1::CreateJoinTokenRequest& request = {}) {
    auto made = tokens_.Make(request, random_, kNow);
    EXPECT_TRUE(made.ok()) << made.status();
    tokens_.Add(made->stored);
    return *made;
  }

  std::string WhyNot(const NewJoinToken& token, absl::string_view secret, absl::Time now = kNow,
                     absl::string_view key = "key") {
    const absl::Status status = tokens_.Verify(token.stored.id, secret, key, now).status();
    EXPECT_TRUE(absl::IsUnauthenticated(status)) << status;
    return std::string(status.message());
  }

  SeededRandom random_{1};
  JoinTokens tokens_{{}};
};

TEST_F(JoinTokensTest, HaveDefaultsThatExpireSoonAndWorkOnce) {
  const NewJoinToken token = Add();
  EXPECT_EQ(token.stored.id.size(), 16u);
  EXPECT_EQ(token.stored.expire_time, kNow + absl::Minutes(15));
  EXPECT_EQ(token.stored.max_uses, 1u);
  EXPECT_EQ(token.stored.node, "");
  std::string bytes;
  ASSERT_TRUE(absl::WebSafeBase64Unescape(token.secret, &bytes));
  EXPECT_EQ(bytes.size(), 16u);
  EXPECT_EQ(token.stored.secret_sha256, HashSecret(token.secret));
}

TEST_F(JoinTokensTest, AreAllDifferent) {
  std::set<std::string> ids;
  std::set<std::string> secrets;
  for (int i = 0; i < 200; ++i) {
    const NewJoinToken token = Add();
    ids.insert(token.stored.id);
    secrets.insert(token.secret);
  }
  EXPECT_EQ(ids.size(), 200u);
  EXPECT_EQ(secrets.size(), 200u);
}

TEST_F(JoinTokensTest, TakeWhatTheRequestSays) {
  v1::CreateJoinTokenRequest request;
  request.set_node("fra-1");
  request.set_max_uses(3);
  *request.mutable_ttl() = ToProto(absl::Hours(24));
  (*request.mutable_labels())["site"] = "fra";
  const NewJoinToken token = Add(request);
  EXPECT_EQ(token.stored.node, "nodes/fra-1");
  EXPECT_EQ(token.stored.max_uses, 3u);
  EXPECT_EQ(token.stored.expire_time, kNow + absl::Hours(24));
  EXPECT_THAT(token.stored.labels, ElementsAre(Pair("site", "fra")));
  const v1::JoinToken resource = ToResource(token.stored);
  EXPECT_EQ(resource.name(), "joinTokens/" + token.stored.id);
  EXPECT_EQ(resource.node(), "nodes/fra-1");
  EXPECT_EQ(resource.max_uses(), 3u);
}

TEST_F(JoinTokensTest, RefuseBadRequests) {
  const auto refused = [this](const v1::CreateJoinTokenRequest& request) {
    return absl::IsInvalidArgument(tokens_.Make(request, random_, kNow).status());
  };
  v1::CreateJoinTokenRequest request;
  *request.mutable_ttl() = ToProto(absl::Hours(24) + absl::Nanoseconds(1));
  EXPECT_TRUE(refused(request));
  *request.mutable_ttl() = ToProto(absl::ZeroDuration());
  EXPECT_TRUE(refused(request));
  *request.mutable_ttl() = ToProto(-absl::Seconds(1));
  EXPECT_TRUE(refused(request));
  request.Clear();
  request.set_node("Not A Name");
  EXPECT_TRUE(refused(request));
  request.Clear();
  request.set_max_uses(kMaxTokenUses + 1);
  EXPECT_TRUE(refused(request));
  request.Clear();
  (*request.mutable_labels())["bad key"] = "x";
  EXPECT_TRUE(refused(request));
}

TEST_F(JoinTokensTest, EachRefusalHasItsOwnReason) {
  const NewJoinToken token = Add();
  const NewJoinToken revoked = Add();
  const NewJoinToken used = Add();
  EXPECT_TRUE(tokens_.Verify(token.stored.id, token.secret, "key", kNow).ok());
  EXPECT_THAT(WhyNot(NewJoinToken(), "x"), HasSubstr("unknown"));
  EXPECT_THAT(WhyNot(token, "wrong"), HasSubstr("wrong"));
  EXPECT_THAT(WhyNot(token, token.secret, kNow + absl::Minutes(15)), HasSubstr("expired at"));
  tokens_.MarkRevoked(revoked.stored.id);
  EXPECT_THAT(WhyNot(revoked, revoked.secret), HasSubstr("revoked"));
  tokens_.MarkBurnt(used.stored.id, kNow, "other key");
  EXPECT_THAT(WhyNot(used, used.secret), HasSubstr("used up"));
}

TEST_F(JoinTokensTest, WithoutTheSecretNothingElseIsTold) {
  const NewJoinToken token = Add();
  tokens_.MarkRevoked(token.stored.id);
  EXPECT_THAT(WhyNot(token, "wrong"), HasSubstr("wrong"));
}

TEST_F(JoinTokensTest, TheSameKeyMayRepeatForAMinute) {
  const NewJoinToken token = Add();
  tokens_.MarkBurnt(token.stored.id, kNow, "key");
  const auto grant = tokens_.Verify(token.stored.id, token.secret, "key", kNow + absl::Seconds(59));
  ASSERT_TRUE(grant.ok()) << grant.status();
  EXPECT_TRUE(grant->repeat);
  EXPECT_THAT(WhyNot(token, token.secret, kNow + absl::Seconds(60), "key"), HasSubstr("used up"));
  EXPECT_THAT(WhyNot(token, token.secret, kNow + absl::Seconds(1), "other"), HasSubstr("used up"));
  EXPECT_THAT(WhyNot(token, "wrong", kNow + absl::Seconds(1), "key"), HasSubstr("wrong"));
  tokens_.MarkRevoked(token.stored.id);
  EXPECT_THAT(WhyNot(token, token.secret, kNow + absl::Seconds(1), "key"), HasSubstr("revoked"));
}

TEST_F(JoinTokensTest, LiveOnesAreBounded) {
  std::vector<StoredToken> many(kMaxLiveTokens);
  for (size_t i = 0; i < many.size(); ++i) {
    many[i].id = std::to_string(i);
    many[i].expire_time = kNow + absl::Minutes(1);
  }
  const JoinTokens full(std::move(many));
  EXPECT_TRUE(absl::IsResourceExhausted(full.Make({}, random_, kNow).status()));
  EXPECT_TRUE(full.Make({}, random_, kNow + absl::Minutes(1)).ok());  // they are dead by then
}

}  // namespace
}  // namespace probemesh::coordinator
