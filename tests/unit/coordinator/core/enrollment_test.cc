#include "coordinator/core/enrollment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "common/pki/join_token.h"
#include "tests/unit/coordinator/core/core_test_util.h"

namespace probemesh::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class EnrollmentTest : public CoreFixture {
 protected:
  JoinToken NewToken(const v1::CreateJoinTokenRequest& request = {}) {
    absl::StatusOr<JoinToken> token = absl::UnknownError("no reply");
    fleet->CreateJoinToken(request, [&](absl::StatusOr<v1::CreateJoinTokenResponse> response) {
      ASSERT_TRUE(response.ok()) << response.status();
      token = JoinToken::Parse(response->token());
    });
    loop.RunUntilIdle();
    EXPECT_TRUE(token.ok()) << token.status();
    return *token;
  }

  static std::string NewCsr() { return *MakeCsrDer(*GeneratePrivateKeyPem()); }

  static v1::EnrollRequest RequestOf(const JoinToken& token, const std::string& csr,
                                     const std::string& name) {
    v1::EnrollRequest request;
    request.set_token_id(token.id);
    request.set_token_secret(token.secret);
    request.set_csr_der(csr);
    request.set_requested_name(name);
    return request;
  }

  absl::StatusOr<v1::EnrollResponse> Enroll(const v1::EnrollRequest& request) {
    absl::StatusOr<v1::EnrollResponse> result = absl::UnknownError("no reply");
    enrollment->Enroll(request, [&](absl::StatusOr<v1::EnrollResponse> response) {
      result = std::move(response);
    });
    loop.RunUntilIdle();
    return result;
  }
  absl::StatusOr<v1::EnrollResponse> Enroll(const JoinToken& token, const std::string& csr,
                                            const std::string& name) {
    return Enroll(RequestOf(token, csr, name));
  }
};

TEST_F(EnrollmentTest, ATokenCarriesWhatANodeNeeds) {
  const JoinToken token = NewToken();
  EXPECT_EQ(token.endpoint, "mesh.example:7444");
  EXPECT_EQ(token.ca_spki_sha256, std::string(32, 'p'));
  ASSERT_EQ(store.ListTokens()->size(), 1u);
  EXPECT_EQ(store.ListTokens()->front().id, token.id);
  EXPECT_EQ(store.ListTokens()->front().secret_sha256.find(token.secret), std::string::npos);
}

TEST_F(EnrollmentTest, ANodeGetsItsCertificateAndIsKnownFromThenOn) {
  const JoinToken token = NewToken();
  const auto response = Enroll(token, NewCsr(), "fra-1");
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->node(), "nodes/fra-1");
  EXPECT_EQ(response->certificate_chain_pem(), "chain of fra-1");
  EXPECT_EQ(response->ca_bundle_pem(), "ca");
  EXPECT_THAT(response->coordinators(), ElementsAre("mesh.example:7443"));
  EXPECT_TRUE(response->has_expire_time());
  EXPECT_EQ(counters.enrollments, 1u);
  EXPECT_FALSE(parts->nodes.View("nodes/fra-1").uid().empty());
  const Stream stream = Open("nodes/fra-1", "5e1");
  SendHello(stream);
  EXPECT_FALSE(stream.sink->closed.has_value());
  Start();
  EXPECT_FALSE(Open("nodes/fra-1", "5e1").sink->closed.has_value()) << "after a restart as well";
  EXPECT_TRUE(absl::IsUnauthenticated(Enroll(token, NewCsr(), "fra-2").status()));
}

TEST_F(EnrollmentTest, TheTokenNamesAndLabelsTheNode) {
  v1::CreateJoinTokenRequest request;
  request.set_node("fra-1");
  (*request.mutable_labels())["site"] = "fra";
  v1::EnrollRequest enroll = RequestOf(NewToken(request), NewCsr(), "whatever");
  (*enroll.mutable_labels())["site"] = "lies";
  (*enroll.mutable_labels())["own"] = "1";
  const auto response = Enroll(enroll);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->node(), "nodes/fra-1");
  const v1::Node node = parts->nodes.View("nodes/fra-1");
  EXPECT_EQ(node.labels().at("site"), "fra");
  EXPECT_EQ(node.labels().at("own"), "1");
  EXPECT_EQ(node.group(), "fra");
}

TEST_F(EnrollmentTest, ALostReplyMayBeRepeatedByTheSameKeyForAMinute) {
  const JoinToken token = NewToken();
  const std::string csr = NewCsr();
  ASSERT_TRUE(Enroll(token, csr, "fra-1").ok());
  const std::string uid = parts->nodes.Find("nodes/fra-1")->uid;
  loop.AdvanceBy(absl::Seconds(30));
  const auto again = Enroll(token, csr, "fra-1");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(parts->nodes.Find("nodes/fra-1")->uid, uid);
  EXPECT_EQ(store.ListTokens()->front().uses, 1u);
  EXPECT_FALSE(Open("nodes/fra-1", "5e1").sink->closed.has_value());
  EXPECT_FALSE(Open("nodes/fra-1", "5e2").sink->closed.has_value());
  loop.AdvanceBy(absl::Seconds(31));
  EXPECT_TRUE(absl::IsUnauthenticated(Enroll(token, csr, "fra-1").status()));
}

TEST_F(EnrollmentTest, TheRepeatWindowSurvivesARestart) {
  const JoinToken token = NewToken();
  const std::string csr = NewCsr();
  ASSERT_TRUE(Enroll(token, csr, "fra-1").ok());
  Start();
  EXPECT_TRUE(Enroll(token, csr, "fra-1").ok());
}

TEST_F(EnrollmentTest, ANameBelongsToItsKey) {
  v1::CreateJoinTokenRequest many;
  many.set_max_uses(10);
  const JoinToken token = NewToken(many);
  const std::string csr = NewCsr();
  ASSERT_TRUE(Enroll(token, csr, "fra-1").ok());
  const absl::Status taken = Enroll(token, NewCsr(), "fra-1").status();
  EXPECT_TRUE(absl::IsAlreadyExists(taken)) << taken;
  EXPECT_THAT(std::string(taken.message()), HasSubstr("--name"));
  EXPECT_EQ(store.ListTokens()->front().uses, 1u) << "nothing is burnt for it";
  const absl::Status renamed = Enroll(token, csr, "fra-2").status();
  EXPECT_TRUE(absl::IsAlreadyExists(renamed)) << renamed;
  EXPECT_TRUE(Enroll(token, NewCsr(), "fra-2").ok());
}

TEST_F(EnrollmentTest, TwoNodesThatRaceForANameGetItOnce) {
  v1::CreateJoinTokenRequest many;
  many.set_max_uses(10);
  const JoinToken token = NewToken(many);
  std::vector<absl::Status> replies;
  const auto note = [&](const absl::StatusOr<v1::EnrollResponse>& response) {
    replies.push_back(response.status());
  };
  executor.Hold();
  enrollment->Enroll(RequestOf(token, NewCsr(), "fra-1"), note);
  enrollment->Enroll(RequestOf(token, NewCsr(), "fra-1"), note);
  executor.Release();
  loop.RunUntilIdle();
  ASSERT_EQ(replies.size(), 2u);
  EXPECT_TRUE(absl::IsAlreadyExists(replies[0])) << replies[0];
  EXPECT_TRUE(replies[1].ok());
}

TEST_F(EnrollmentTest, TwoNodesThatRaceForOneUseGetItOnce) {
  const JoinToken token = NewToken();
  std::vector<absl::Status> replies;
  const auto note = [&](const absl::StatusOr<v1::EnrollResponse>& response) {
    replies.push_back(response.status());
  };
  executor.Hold();
  enrollment->Enroll(RequestOf(token, NewCsr(), "fra-1"), note);
  enrollment->Enroll(RequestOf(token, NewCsr(), "fra-2"), note);
  executor.Release();
  loop.RunUntilIdle();
  ASSERT_EQ(replies.size(), 2u);
  EXPECT_TRUE(replies[0].ok()) << replies[0];
  EXPECT_TRUE(absl::IsUnauthenticated(replies[1])) << replies[1];
  EXPECT_EQ(parts->nodes.Find("nodes/fra-2"), nullptr);
}

TEST_F(EnrollmentTest, ARevokedNameComesBackOnlyWithATokenMadeForIt) {
  v1::CreateJoinTokenRequest request;
  request.set_max_uses(10);
  const JoinToken any = NewToken(request);
  const std::string lost_key = NewCsr();
  ASSERT_TRUE(Enroll(any, lost_key, "fra-1").ok());
  const std::string uid = parts->nodes.Find("nodes/fra-1")->uid;
  fleet->RevokeNode("nodes/fra-1", [](const absl::StatusOr<v1::Node>& node) {
    EXPECT_TRUE(node.ok()) << node.status();
  });
  loop.RunUntilIdle();
  EXPECT_TRUE(absl::IsAlreadyExists(Enroll(any, NewCsr(), "fra-1").status()));
  EXPECT_TRUE(absl::IsAlreadyExists(Enroll(any, lost_key, "fra-1").status()));
  request.set_node("fra-1");
  ASSERT_TRUE(Enroll(NewToken(request), NewCsr(), "fra-1").ok());
  EXPECT_NE(parts->nodes.Find("nodes/fra-1")->uid, uid);
  EXPECT_EQ(Open("nodes/fra-1", "5e1").sink->CloseCode(), absl::StatusCode::kPermissionDenied)
      << "the certificate of the node before it stays dead";
  EXPECT_FALSE(Open("nodes/fra-1", "5e2").sink->closed.has_value());
}

// Else whoever holds the key of a node that was just revoked would undo it.
TEST_F(EnrollmentTest, ARevokedNodeRepeatsNothing) {
  v1::CreateJoinTokenRequest request;
  request.set_node("fra-1");
  const JoinToken named = NewToken(request);
  const JoinToken any = NewToken();
  const std::string first = NewCsr();
  const std::string second = NewCsr();
  ASSERT_TRUE(Enroll(named, first, "fra-1").ok());
  ASSERT_TRUE(Enroll(any, second, "ams-1").ok());
  for (const char* node : {"nodes/fra-1", "nodes/ams-1"}) {
    fleet->RevokeNode(node, [](const absl::StatusOr<v1::Node>& revoked) {
      EXPECT_TRUE(revoked.ok()) << revoked.status();
    });
  }
  loop.RunUntilIdle();
  EXPECT_TRUE(absl::IsUnauthenticated(Enroll(named, first, "fra-1").status()));
  EXPECT_TRUE(absl::IsUnauthenticated(Enroll(any, second, "ams-2").status()));
  EXPECT_TRUE(parts->nodes.Find("nodes/fra-1")->revoked);
  EXPECT_EQ(parts->nodes.Find("nodes/ams-2"), nullptr);
}

TEST_F(EnrollmentTest, OneUseMakesOneNodeThoughItsKeyChanged) {
  const JoinToken token = NewToken();
  const std::string csr = NewCsr();
  ASSERT_TRUE(Enroll(token, csr, "fra-1").ok());
  bool renewed = false;
  enrollment->Renew("nodes/fra-1", NewCsr(), [&](const auto& reply) { renewed = reply.ok(); });
  loop.RunUntilIdle();
  ASSERT_TRUE(renewed);
  EXPECT_TRUE(absl::IsUnauthenticated(Enroll(token, csr, "fra-2").status()));
  EXPECT_EQ(parts->nodes.Find("nodes/fra-2"), nullptr);
}

TEST_F(EnrollmentTest, BadRequestsBurnNothing) {
  const JoinToken token = NewToken();
  EXPECT_TRUE(absl::IsInvalidArgument(Enroll(token, "no request", "fra-1").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Enroll(token, "", "fra-1").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Enroll(token, std::string(9000, 'x'), "fra-1").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Enroll(token, NewCsr(), "Not A Name").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Enroll(token, NewCsr(), "").status()));
  v1::EnrollRequest request = RequestOf(token, NewCsr(), "fra-1");
  (*request.mutable_labels())["bad key"] = "v";
  EXPECT_TRUE(absl::IsInvalidArgument(Enroll(request).status()));
  signer.failure = absl::InvalidArgumentError("not a P-256 key");
  EXPECT_TRUE(absl::IsInvalidArgument(Enroll(token, NewCsr(), "fra-1").status()));
  EXPECT_EQ(counters.enrollments_refused, 7u);
  EXPECT_EQ(store.ListTokens()->front().uses, 0u);
}

TEST_F(EnrollmentTest, WrongTokensAreRefusedWithTheirReason) {
  JoinToken token = NewToken();
  token.secret = "wrong";
  const absl::Status wrong = Enroll(token, NewCsr(), "fra-1").status();
  EXPECT_TRUE(absl::IsUnauthenticated(wrong));
  EXPECT_THAT(std::string(wrong.message()), HasSubstr("wrong"));
  token.id = "unknown";
  EXPECT_THAT(std::string(Enroll(token, NewCsr(), "fra-1").status().message()),
              HasSubstr("unknown"));
}

TEST_F(EnrollmentTest, AStoreThatFailsCostsNoToken) {
  const JoinToken token = NewToken();
  const std::string csr = NewCsr();
  store.FailWith(absl::UnavailableError("disk full"));
  EXPECT_TRUE(absl::IsUnavailable(Enroll(token, csr, "fra-1").status()));
  EXPECT_EQ(parts->nodes.Find("nodes/fra-1"), nullptr);
  store.FailWith(absl::OkStatus());
  EXPECT_TRUE(Enroll(token, csr, "fra-1").ok());
}

TEST_F(EnrollmentTest, EnrollmentsAtOnceAreBounded) {
  v1::CreateJoinTokenRequest many;
  many.set_max_uses(1000);
  const JoinToken token = NewToken(many);
  executor.Hold();
  size_t refused = 0;
  for (size_t i = 0; i <= kMaxPendingEnrollments; ++i) {
    enrollment->Enroll(RequestOf(token, NewCsr(), absl::StrCat("n", i)),
                       [&](const absl::StatusOr<v1::EnrollResponse>& response) {
                         if (absl::IsResourceExhausted(response.status())) ++refused;
                       });
  }
  EXPECT_EQ(refused, 1u);
  EXPECT_EQ(counters.limits_hit["pending_enrollments"], 1u);
  executor.Release();
  loop.RunUntilIdle();
  EXPECT_EQ(counters.enrollments, kMaxPendingEnrollments);
}

TEST_F(EnrollmentTest, ADrainThatCrossesAReEnrolmentIsKept) {
  v1::CreateJoinTokenRequest many;
  many.set_max_uses(10);
  const JoinToken token = NewToken(many);
  const std::string csr = NewCsr();
  ASSERT_TRUE(Enroll(token, csr, "fra-1").ok());
  executor.Hold();
  enrollment->Enroll(RequestOf(token, csr, "fra-1"), [](const auto&) {});
  fleet->DrainNode("nodes/fra-1", true, [](const auto&) {});
  executor.Release();
  loop.RunUntilIdle();
  EXPECT_TRUE(parts->nodes.Find("nodes/fra-1")->drained);
  Start();
  EXPECT_TRUE(parts->nodes.Find("nodes/fra-1")->drained);
  EXPECT_FALSE(Open("nodes/fra-1", "5e2").sink->closed.has_value());
}

}  // namespace
}  // namespace probemesh::coordinator
