#include "coordinator/planner/selector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_join.h"

namespace probemesh::coordinator {
namespace {

v1::Node Node(const std::string& name, const std::string& region, const std::string& provider) {
  v1::Node node;
  node.set_name("nodes/" + name);
  (*node.mutable_labels())["region"] = region;
  (*node.mutable_labels())["provider"] = provider;
  node.set_group("AS-" + provider);
  return node;
}

// Names of those of the four nodes that match.
std::string Chosen(const std::string& text,
                   const std::vector<std::vector<std::string>>& runs = {}) {
  const absl::StatusOr<Selector> selector = Selector::Parse(text);
  EXPECT_TRUE(selector.ok()) << text << ": " << selector.status();
  if (!selector.ok()) return "";
  std::vector<std::string> names;
  for (const v1::Node& node : {Node("fra-1", "eu", "hetzner"), Node("fra-2", "eu", "aws"),
                               Node("nyc-1", "us", "aws"), Node("tyo-1", "ap", "gcp")}) {
    if (selector->Matches(node, runs)) names.push_back(node.name().substr(6));
  }
  return absl::StrJoin(names, " ");
}

TEST(SelectorTest, ChoosesWhatItSays) {
  EXPECT_EQ(Chosen(""), "fra-1 fra-2 nyc-1 tyo-1");
  EXPECT_EQ(Chosen("all"), "fra-1 fra-2 nyc-1 tyo-1");
  EXPECT_EQ(Chosen("ALL"), "fra-1 fra-2 nyc-1 tyo-1");
  EXPECT_EQ(Chosen("fra-1"), "fra-1");
  EXPECT_EQ(Chosen("nodes/fra-1"), "fra-1");
  EXPECT_EQ(Chosen("eu"), "fra-1 fra-2");
  EXPECT_EQ(Chosen("EU"), "fra-1 fra-2");
  EXPECT_EQ(Chosen("AS-aws"), "fra-2 nyc-1");
  EXPECT_EQ(Chosen("group=AS-aws"), "fra-2 nyc-1");
  EXPECT_EQ(Chosen("name=nyc-1"), "nyc-1");
  EXPECT_EQ(Chosen("region=eu"), "fra-1 fra-2");
  EXPECT_EQ(Chosen("region=aws"), "");
  EXPECT_EQ(Chosen(" us , ap "), "nyc-1 tyo-1");
  EXPECT_EQ(Chosen("eu+aws"), "fra-2");
  EXPECT_EQ(Chosen("eu+!aws"), "fra-1");
  EXPECT_EQ(Chosen("eu+aws,tyo-1"), "fra-2 tyo-1");
  EXPECT_EQ(Chosen("nothing"), "");
}

TEST(SelectorTest, AnAlternativeOfExclusionsTakesAwayFromTheOthers) {
  EXPECT_EQ(Chosen("!fra-1"), "fra-2 nyc-1 tyo-1");
  EXPECT_EQ(Chosen("all,!fra-1"), "fra-2 nyc-1 tyo-1");
  EXPECT_EQ(Chosen("!fra-1,!region=us"), "fra-2 tyo-1");
  EXPECT_EQ(Chosen("aws,!nyc-1"), "fra-2");
  EXPECT_EQ(Chosen("!all"), "");
}

TEST(SelectorTest, EarlierRunsAreLookedUpByTheCaller) {
  const absl::StatusOr<Selector> selector = Selector::Parse("@abc,us+@def");
  ASSERT_TRUE(selector.ok());
  EXPECT_EQ(selector->ReferencedRuns(), (std::vector<std::string>{"abc", "def"}));
  EXPECT_EQ(Chosen("@abc,us+@def", {{"nodes/tyo-1"}, {"nodes/nyc-1", "nodes/fra-1"}}),
            "nyc-1 tyo-1");
  EXPECT_EQ(Chosen("@abc"), "");
}

TEST(SelectorTest, RefusesWhatMakesNoSense) {
  std::string many = "a";
  for (int i = 0; i < 64; ++i) many += ",a";
  for (const std::string& text :
       {std::string(","), std::string("a,,b"), std::string("a+"), std::string("!"),
        std::string("@"), std::string("=x"), std::string("a\tb,\x01"), std::string("\xff"), many,
        std::string(1025, 'a')}) {
    const absl::Status status = Selector::Parse(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr("@ID"));
  }
  EXPECT_EQ(Chosen("region="), "");
}

}  // namespace
}  // namespace probemesh::coordinator
