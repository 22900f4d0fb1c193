#include "coordinator/core/fleet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/coordinator/core/core_test_util.h"

namespace probemesh::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class FleetTest : public CoreFixture {
 protected:
  // Remembers what is replied.
  template <typename T>
  Reply<T> Into(absl::StatusOr<T>* result) {
    return [result](absl::StatusOr<T> reply) { *result = std::move(reply); };
  }

  absl::StatusOr<v1::ListNodesResponse> List(const v1::ListNodesRequest& request = {}) {
    absl::StatusOr<v1::ListNodesResponse> result;
    fleet->ListNodes(request, Into(&result));
    return result;
  }
  absl::StatusOr<v1::Node> Drain(const std::string& name, bool drain) {
    absl::StatusOr<v1::Node> result;
    fleet->DrainNode(name, drain, Into(&result));
    loop.RunUntilIdle();
    return result;
  }
  absl::StatusOr<v1::Node> Revoke(const std::string& name) {
    absl::StatusOr<v1::Node> result;
    fleet->RevokeNode(name, Into(&result));
    loop.RunUntilIdle();
    return result;
  }
  absl::StatusOr<v1::CreateJoinTokenResponse> CreateToken(
      const v1::CreateJoinTokenRequest& request = {}) {
    absl::StatusOr<v1::CreateJoinTokenResponse> result;
    fleet->CreateJoinToken(request, Into(&result));
    loop.RunUntilIdle();
    return result;
  }
};

std::vector<std::string> NamesOf(const v1::ListNodesResponse& response) {
  std::vector<std::string> names;
  for (const v1::Node& node : response.nodes()) names.push_back(node.name());
  return names;
}

TEST_F(FleetTest, ListsNodesInPages) {
  EXPECT_THAT(NamesOf(*List()), ElementsAre("nodes/a", "nodes/b"));
  v1::ListNodesRequest request;
  request.set_page_size(1);
  const auto first = List(request);
  EXPECT_THAT(NamesOf(*first), ElementsAre("nodes/a"));
  request.set_page_token(first->next_page_token());
  const auto second = List(request);
  EXPECT_THAT(NamesOf(*second), ElementsAre("nodes/b"));
  EXPECT_EQ(second->next_page_token(), "");
}

TEST_F(FleetTest, FiltersNodesAndRefusesBadLists) {
  v1::ListNodesRequest request;
  request.set_filter("b");
  EXPECT_THAT(NamesOf(*List(request)), ElementsAre("nodes/b"));
  request.set_filter("@some-run");
  EXPECT_TRUE(absl::IsInvalidArgument(List(request).status()));
  request.set_filter("++");
  EXPECT_TRUE(absl::IsInvalidArgument(List(request).status()));
  request.Clear();
  request.set_page_token("bogus");
  EXPECT_TRUE(absl::IsInvalidArgument(List(request).status()));
  request.Clear();
  request.set_page_size(-1);
  EXPECT_TRUE(absl::IsInvalidArgument(List(request).status()));
}

TEST_F(FleetTest, GetsANode) {
  absl::StatusOr<v1::Node> node;
  fleet->GetNode("nodes/a", Into(&node));
  ASSERT_TRUE(node.ok());
  EXPECT_EQ(node->state(), v1::Node::DISCONNECTED);
  fleet->GetNode("nodes/none", Into(&node));
  EXPECT_TRUE(absl::IsNotFound(node.status()));
}

TEST_F(FleetTest, DrainsAndUndrainsForGood) {
  Join("nodes/a");
  EXPECT_EQ(Drain("nodes/a", true)->state(), v1::Node::DRAINING);
  Start();
  EXPECT_TRUE(parts->nodes.Find("nodes/a")->drained);
  Join("nodes/a");
  EXPECT_FALSE(Run("nodes/a", "c1"));
  EXPECT_EQ(Drain("nodes/a", false)->state(), v1::Node::CONNECTED);
  EXPECT_TRUE(Run("nodes/a", "c1"));
  EXPECT_TRUE(absl::IsNotFound(Drain("nodes/none", true).status()));
}

TEST_F(FleetTest, RevokesAtOnceAndForGood) {
  const Stream stream = Join("nodes/a");
  ASSERT_TRUE(Run("nodes/a", "c1"));
  EXPECT_EQ(Revoke("nodes/a")->state(), v1::Node::REVOKED);
  EXPECT_EQ(stream.sink->CloseCode(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(listener.lost, SizeIs(1));
  EXPECT_EQ(Open("nodes/a").sink->CloseCode(), absl::StatusCode::kPermissionDenied);
  Start();
  EXPECT_EQ(Open("nodes/a").sink->CloseCode(), absl::StatusCode::kPermissionDenied);
  EXPECT_TRUE(Revoke("nodes/a").ok()) << "twice is as good as once";
  EXPECT_TRUE(absl::IsFailedPrecondition(Drain("nodes/a", true).status()));
  EXPECT_TRUE(absl::IsNotFound(Revoke("nodes/none").status()));
}

TEST_F(FleetTest, AStoreThatFailsUndoesTheChangeAndSaysUnavailable) {
  store.FailWith(absl::UnavailableError("disk full"));
  EXPECT_TRUE(absl::IsUnavailable(Drain("nodes/a", true).status()));
  EXPECT_FALSE(parts->nodes.Find("nodes/a")->drained);
  EXPECT_TRUE(absl::IsUnavailable(CreateToken().status()));
  EXPECT_THAT(parts->tokens.List(), SizeIs(0));
  EXPECT_EQ(counters.store_errors, 2u);
}

TEST_F(FleetTest, AStoreThatFailsLetsNoRevokedNodeBackIn) {
  store.FailWith(absl::UnavailableError("disk full"));
  const absl::Status status = Revoke("nodes/a").status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("again"));
  EXPECT_EQ(Open("nodes/a").sink->CloseCode(), absl::StatusCode::kPermissionDenied);
  store.FailWith(absl::OkStatus());
  EXPECT_TRUE(Revoke("nodes/a").ok());
  Start();
  EXPECT_EQ(Open("nodes/a").sink->CloseCode(), absl::StatusCode::kPermissionDenied);
}

TEST_F(FleetTest, AStoreThatIsBehindTakesNoNewWork) {
  executor.Hold();
  while (!executor.full()) executor.Submit([](Store&) {}, [] {});
  absl::StatusOr<v1::Node> node;
  fleet->DrainNode("nodes/a", true, Into(&node));
  EXPECT_TRUE(absl::IsUnavailable(node.status()));
  EXPECT_EQ(Open("nodes/a").sink->CloseCode(), absl::StatusCode::kUnavailable);
  EXPECT_GE(counters.limits_hit["pending_store_work"], 2u);
  executor.Release();
  loop.RunUntilIdle();
  EXPECT_TRUE(Drain("nodes/a", true).ok());
}

TEST_F(FleetTest, TokensAreListedAndRevoked) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(CreateToken().ok());
  absl::StatusOr<v1::ListJoinTokensResponse> page;
  v1::ListJoinTokensRequest request;
  request.set_page_size(2);
  fleet->ListJoinTokens(request, Into(&page));
  ASSERT_EQ(page->join_tokens_size(), 2);
  const std::string name = page->join_tokens(0).name();
  request.set_page_token(page->next_page_token());
  fleet->ListJoinTokens(request, Into(&page));
  EXPECT_EQ(page->join_tokens_size(), 1);
  EXPECT_EQ(page->next_page_token(), "");

  absl::StatusOr<v1::JoinToken> revoked;
  fleet->RevokeJoinToken(name, Into(&revoked));
  loop.RunUntilIdle();
  ASSERT_TRUE(revoked.ok()) << revoked.status();
  EXPECT_TRUE(revoked->revoked());
  fleet->RevokeJoinToken("joinTokens/none", Into(&revoked));
  EXPECT_TRUE(absl::IsNotFound(revoked.status()));
}

}  // namespace
}  // namespace probemesh::coordinator
