#include "coordinator/cli/render/fleet_text.h"

#include <gtest/gtest.h>

#include "common/base/proto_time.h"
#include "tests/unit/coordinator/cli/sample_messages.h"

namespace probemesh::cli {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'764'000'000);

TEST(AgeWords, PicksAUnit) {
  EXPECT_EQ(AgeWords(kNow - absl::Seconds(3), kNow), "3 s ago");
  EXPECT_EQ(AgeWords(kNow - absl::Minutes(5), kNow), "5 min ago");
  EXPECT_EQ(AgeWords(kNow - absl::Hours(5), kNow), "5 h ago");
  EXPECT_EQ(AgeWords(kNow - absl::Hours(240), kNow), "10 d ago");
  EXPECT_EQ(AgeWords(kNow + absl::Hours(5), kNow), "in 5 h");
  EXPECT_EQ(AgeWords(absl::UnixEpoch(), kNow), "never");
}

TEST(RenderNodes, IsATable) {
  v1::ListNodesResponse nodes;
  v1::Node& node = *nodes.add_nodes();
  node.set_name("nodes/fra-1");
  node.set_state(v1::Node::CONNECTED);
  node.set_group("AS64500");
  node.set_version("0.1.0");
  *node.mutable_last_seen_time() = ToProto(kNow - absl::Seconds(3));
  (*node.mutable_labels())["site"] = "fra\x1b";
  (*node.mutable_labels())["asn"] = "64500";
  EXPECT_EQ(RenderNodes(nodes, kNow, {}),
            (std::vector<std::string>{
                "NAME   STATE      GROUP    SEEN     VERSION  LABELS",
                "fra-1  connected  AS64500  3 s ago  0.1.0    asn=64500,site=fra\\x1b"}));
  EXPECT_EQ(RenderNodes({}, kNow, {}).size(), 1u);
}

TEST(RenderNode, ShowsWhatItCanDoAndItsControls) {
  v1::Node node;
  node.set_name("nodes/fra-1");
  node.set_state(v1::Node::DRAINING);
  node.mutable_capabilities()->set_ipv4(true);
  node.mutable_capabilities()->set_error_queue(true);
  v1::ControlResult& control = *node.mutable_self_check()->add_controls();
  control.set_control("10.0.0.1:443");
  control.set_error("timeout");
  const auto lines = RenderNode(node, kNow, {});
  EXPECT_EQ(lines[0], "name          fra-1");
  EXPECT_EQ(lines[1], "state         draining");
  EXPECT_EQ(lines[2], "can           IPv4, ICMP errors");
  EXPECT_EQ(lines.back(), "control       10.0.0.1:443 tcp failed (timeout)");
}

TEST(RenderTokens, SaysWhetherOneIsStillOpen) {
  v1::ListJoinTokensResponse tokens;
  v1::JoinToken& token = *tokens.add_join_tokens();
  token.set_name("joinTokens/3fk2m1b8q0zr5t7v");
  token.set_max_uses(1);
  *token.mutable_expire_time() = ToProto(kNow + absl::Minutes(10));
  EXPECT_EQ(RenderTokens(tokens, kNow, {})[1], "3fk2m1b8q0zr5t7v  open   0/1   in 10 min  any");
  token.set_uses(1);
  EXPECT_EQ(RenderTokens(tokens, kNow, {})[1], "3fk2m1b8q0zr5t7v  used   1/1   in 10 min  any");
  token.set_revoked(true);
  EXPECT_EQ(RenderTokens(tokens, kNow, {})[1], "3fk2m1b8q0zr5t7v  revoked  1/1   in 10 min  any");
}

TEST(RenderHistory, KeepsIdsWholeOnANarrowTerminal) {
  v1::ListDiagnosesResponse list;
  *list.add_diagnoses() = PathFailureDiagnosis();
  EXPECT_EQ(RenderHistory(list, {})[1],
            "0192a6d1-7a3c-7000-8000-000000000001  2025-11-24 16:00:00Z  done   PATH_FAILURE  "
            "HIGH (0.93)  https://www.lab.test");
  Style narrow;
  narrow.width = 70;
  EXPECT_EQ(RenderHistory(list, narrow)[1].substr(0, 36), "0192a6d1-7a3c-7000-8000-000000000001");
}

}  // namespace
}  // namespace probemesh::cli
