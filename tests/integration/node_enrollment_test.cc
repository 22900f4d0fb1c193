// How a machine becomes a node, and how it does not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/proto_time.h"
#include "probe-node/enrollment/enroll.h"
#include "tests/integration/real_coordinator.h"

namespace probemesh::node {
namespace {

using testing::HasSubstr;

class NodeEnrollmentTest : public testing::Test {
 protected:
  absl::StatusOr<NodeIdentity> EnrollWith(const std::string& token,
                                          const std::string& name = "fra-1") {
    EnrollOptions options;
    options.name = name;
    options.labels = {{"site", "fra"}};
    options.version = "1.2.3";
    options.identity_path = path_;
    options.pause = pause_;
    return Enroll(JoinToken::Parse(token).value(), options, SystemClock());
  }
  std::string Refusal(const std::string& token, const std::string& name = "fra-1") {
    const absl::Status status = EnrollWith(token, name).status();
    EXPECT_FALSE(status.ok());
    const std::string message(status.message());
    EXPECT_EQ(message.find('\n'), std::string::npos);
    return message;
  }

  RealCoordinator coordinator_;
  TempDirectory dir_;
  std::string path_ = dir_ / "identity.json";
  std::function<bool(absl::Duration)> pause_ = [](absl::Duration) { return false; };
};

TEST_F(NodeEnrollmentTest, TokenBecomesAnIdentityOnDisk) {
  const auto identity = EnrollWith(coordinator_.MakeToken());
  ASSERT_TRUE(identity.ok()) << identity.status();
  EXPECT_EQ(identity->node(), "nodes/fra-1");
  EXPECT_EQ(identity->ca_bundle_pem(), coordinator_.ca_pem());
  ASSERT_EQ(identity->coordinators_size(), 1);
  const auto stored = LoadIdentity(path_);
  ASSERT_TRUE(stored.ok()) << stored.status();
  EXPECT_EQ(stored->DebugString(), identity->DebugString());
  EXPECT_EQ(coordinator_.Node("nodes/fra-1").labels().at("site"), "fra");
}

TEST_F(NodeEnrollmentTest, TokenPrescribesTheName) {
  v1::CreateJoinTokenRequest request;
  request.set_node("nodes/ams-1");
  const auto identity = EnrollWith(coordinator_.MakeToken(request));
  ASSERT_TRUE(identity.ok()) << identity.status();
  EXPECT_EQ(identity->node(), "nodes/ams-1");
}

TEST_F(NodeEnrollmentTest, StartWithTheSameTokenGoesOnWithoutTheCoordinator) {
  const std::string token = coordinator_.MakeToken();
  const auto first = EnrollWith(token);
  ASSERT_TRUE(first.ok());
  coordinator_.Stop();
  const auto second = EnrollWith(token);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->DebugString(), first->DebugString());
}

TEST_F(NodeEnrollmentTest, LostReplyCanBeAskedForAgain) {
  const std::string token = coordinator_.MakeToken();
  NodeIdentity before = EnrollWith(token).value();
  // The node never got the answer: its file holds the key alone.
  const std::string key = before.key_pem();
  before.Clear();
  before.set_key_pem(key);
  ASSERT_TRUE(SaveIdentity(before, path_).ok());
  const auto again = EnrollWith(token);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->node(), "nodes/fra-1");
}

TEST_F(NodeEnrollmentTest, NewTokenEnrolsTheSameNodeAnew) {
  const NodeIdentity first = EnrollWith(coordinator_.MakeToken()).value();
  const auto second = EnrollWith(coordinator_.MakeToken());
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->node(), first.node());
  EXPECT_EQ(second->key_pem(), first.key_pem());
  EXPECT_NE(second->certificate_chain_pem(), first.certificate_chain_pem());
}

TEST_F(NodeEnrollmentTest, UsedTokenIsRefused) {
  const std::string token = coordinator_.MakeToken();
  ASSERT_TRUE(EnrollWith(token).ok());
  path_ = dir_ / "another.json";
  const std::string refusal = Refusal(token, "another");
  EXPECT_THAT(refusal, HasSubstr("the join token is refused"));
  EXPECT_THAT(refusal, HasSubstr("used"));
  EXPECT_THAT(refusal, HasSubstr("probemesh token create"));
}

TEST_F(NodeEnrollmentTest, UnknownTokenIsRefused) {
  JoinToken token = JoinToken::Parse(coordinator_.MakeToken()).value();
  token.id = "zzzzzzzzzzzzzzzz";
  EXPECT_THAT(Refusal(token.ToString()), HasSubstr("the join token is refused"));
}

TEST_F(NodeEnrollmentTest, WrongSecretIsRefused) {
  JoinToken token = JoinToken::Parse(coordinator_.MakeToken()).value();
  token.secret = "AAAAAAAAAAAAAAAAAAAAAA";
  EXPECT_THAT(Refusal(token.ToString()), HasSubstr("the join token is refused"));
}

TEST_F(NodeEnrollmentTest, WrongPinIsRefusedAtOnceAndTheTokenStaysGood) {
  JoinToken token = JoinToken::Parse(coordinator_.MakeToken()).value();
  JoinToken wrong = token;
  wrong.ca_spki_sha256 = std::string(32, 'x');
  pause_ = [](absl::Duration) {
    ADD_FAILURE() << "a wrong pin does not pass";
    return false;
  };
  EXPECT_THAT(Refusal(wrong.ToString()), HasSubstr("wrong pin"));
  EXPECT_TRUE(EnrollWith(token.ToString()).ok());
}

TEST_F(NodeEnrollmentTest, TakenNameIsRefusedAndTheFileKeepsOnlyTheKey) {
  ASSERT_TRUE(EnrollWith(coordinator_.MakeToken()).ok());
  path_ = dir_ / "another.json";
  EXPECT_THAT(Refusal(coordinator_.MakeToken()), HasSubstr("--name"));
  ASSERT_TRUE(LoadIdentity(path_).ok());
  EXPECT_FALSE(IsEnrolled(*LoadIdentity(path_)));
  EXPECT_TRUE(EnrollWith(coordinator_.MakeToken(), "another").ok());
}

TEST_F(NodeEnrollmentTest, CoordinatorThatIsNotThereYetIsWaitedFor) {
  const std::string token = coordinator_.MakeToken();
  coordinator_.Stop();
  int pauses = 0;
  pause_ = [&](absl::Duration) {
    if (++pauses == 2) coordinator_.Start();
    return true;
  };
  const auto identity = EnrollWith(token);
  ASSERT_TRUE(identity.ok()) << identity.status();
  EXPECT_GE(pauses, 2);
}

TEST_F(NodeEnrollmentTest, StopSignalEndsTheWaiting) {
  const std::string token = coordinator_.MakeToken();
  coordinator_.Stop();
  EXPECT_THAT(Refusal(token), HasSubstr("cannot enrol at " + coordinator_.enroll_endpoint()));
}

TEST_F(NodeEnrollmentTest, FailedEnrolmentKeepsTheIdentityThereWas) {
  const NodeIdentity before = EnrollWith(coordinator_.MakeToken()).value();
  JoinToken wrong = JoinToken::Parse(coordinator_.MakeToken()).value();
  wrong.secret = "AAAAAAAAAAAAAAAAAAAAAA";
  Refusal(wrong.ToString());
  EXPECT_EQ(LoadIdentity(path_).value().DebugString(), before.DebugString());
}

}  // namespace
}  // namespace probemesh::node
