#include "coordinator/planner/vantage_selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace probemesh::coordinator {
namespace {

v1::Node Node(const std::string& name, const std::string& group,
              v1::Node::State state = v1::Node::CONNECTED) {
  v1::Node node;
  node.set_name("nodes/" + name);
  node.set_group(group);
  node.set_state(state);
  node.mutable_capabilities()->set_ipv4(true);
  (*node.mutable_labels())["group"] = group;
  return node;
}

std::string Names(const std::vector<v1::Node>& nodes) {
  return absl::StrJoin(nodes, " ", [](std::string* out, const v1::Node& node) {
    absl::StrAppend(out, node.name().substr(6));
  });
}

std::string Chosen(const std::vector<v1::Node>& nodes, const std::string& selector = "",
                   size_t limit = 0) {
  const Selector parsed = *Selector::Parse(selector);
  const auto chosen = SelectVantages(nodes, VantageQuery{parsed, {}, limit});
  return chosen.ok() ? Names(*chosen) : std::string(chosen.status().message());
}

TEST(VantageSelectionTest, SpreadsOverGroupsBeforeDoublingUp) {
  const std::vector<v1::Node> nodes = {Node("a2", "as1"), Node("a1", "as1"), Node("a3", "as1"),
                                       Node("b1", "as2"), Node("c1", "as3")};
  EXPECT_EQ(Chosen(nodes), "a1 b1 c1 a2 a3");
  EXPECT_EQ(Chosen(nodes, "", 3), "a1 b1 c1");
  EXPECT_EQ(Chosen(nodes, "", 4), "a1 b1 c1 a2");
  EXPECT_EQ(Chosen(nodes, "as1", 2), "a1 a2");
}

TEST(VantageSelectionTest, HasADefaultAndAHardLimit) {
  std::vector<v1::Node> nodes;
  for (int i = 0; i < 80; ++i) nodes.push_back(Node(absl::StrCat("n", i), absl::StrCat("g", i)));
  const Selector all = *Selector::Parse("");
  EXPECT_EQ(SelectVantages(nodes, VantageQuery{all, {}, 0})->size(), kDefaultVantages);
  EXPECT_EQ(SelectVantages(nodes, VantageQuery{all, {}, 1000})->size(), kMaxVantages);
}

TEST(VantageSelectionTest, OnlyConnectedNodesThatDoNotDrain) {
  const std::vector<v1::Node> nodes = {Node("a", "1"), Node("b", "2", v1::Node::DRAINING),
                                       Node("c", "3", v1::Node::DISCONNECTED)};
  EXPECT_EQ(Chosen(nodes), "a");
  EXPECT_THAT(Chosen(nodes, "b"), testing::HasSubstr("1 draining, 0 not connected"));
  EXPECT_THAT(Chosen(nodes, "b,c"), testing::HasSubstr("1 draining, 1 not connected"));
}

TEST(VantageSelectionTest, FamilyIsAskedForAndUnknownMeansBoth) {
  v1::Node both = Node("both", "1");
  both.mutable_capabilities()->set_ipv6(true);
  v1::Node unknown = Node("unknown", "2");
  unknown.clear_capabilities();
  const std::vector<v1::Node> nodes = {Node("v4", "3"), both, unknown};
  const Selector all = *Selector::Parse("");
  EXPECT_EQ(Names(*SelectVantages(nodes, VantageQuery{all, {}, 0, v1::IPV6})), "both unknown");
  const auto none = SelectVantages({Node("v4", "3")}, VantageQuery{all, {}, 0, v1::IPV6});
  EXPECT_EQ(none.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(none.status().message()), testing::HasSubstr("has IPv6"));
}

TEST(VantageSelectionTest, TellsWhatThereIsWhenNothingMatches) {
  const std::vector<v1::Node> nodes = {Node("fra-1", "as1"), Node("nyc-1", "as2")};
  const std::string message = Chosen(nodes, "mars");
  EXPECT_THAT(message, testing::HasSubstr("no node matches"));
  EXPECT_THAT(message, testing::HasSubstr("fra-1, nyc-1"));
  EXPECT_THAT(message, testing::HasSubstr("group=as1"));
  EXPECT_THAT(Chosen({}), testing::HasSubstr("none is enrolled"));
  EXPECT_THAT(Chosen({Node("gone", "as1", v1::Node::DISCONNECTED)}),
              testing::HasSubstr("no node is connected; known nodes: gone"));
  std::vector<v1::Node> many;
  for (int i = 10; i < 40; ++i) many.push_back(Node(absl::StrCat("n", i), "g"));
  EXPECT_THAT(Chosen(many, "mars"), testing::HasSubstr("and 20 more"));
}

}  // namespace
}  // namespace probemesh::coordinator
