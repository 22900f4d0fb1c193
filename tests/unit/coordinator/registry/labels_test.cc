#include "coordinator/registry/labels.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace probemesh::coordinator {
namespace {

LabelMap MapOf(std::initializer_list<std::pair<std::string, std::string>> labels) {
  LabelMap map;
  for (const auto& label : labels) map[label.first] = label.second;
  return map;
}

TEST(Labels, ChecksKeysAndValues) {
  EXPECT_TRUE(
      CheckLabels(MapOf({{"site", "fra"}, {"k8s.io/zone_1-a", "value with = and ,"}})).ok());
  EXPECT_TRUE(CheckLabels(MapOf({{"empty", ""}})).ok());
  EXPECT_FALSE(CheckLabels(MapOf({{"", "x"}})).ok());
  EXPECT_FALSE(CheckLabels(MapOf({{"a b", "x"}})).ok());
  EXPECT_FALSE(CheckLabels(MapOf({{"a=b", "x"}})).ok());
  EXPECT_FALSE(CheckLabels(MapOf({{std::string(64, 'k'), "x"}})).ok());
  EXPECT_FALSE(CheckLabels(MapOf({{"k", std::string(257, 'v')}})).ok());
  EXPECT_FALSE(CheckLabels(MapOf({{"k", "a\nb"}})).ok());
}

TEST(Labels, AreBounded) {
  LabelMap map;
  for (size_t i = 0; i < kMaxLabels; ++i) map[absl::StrCat("k", i)] = "v";
  EXPECT_TRUE(CheckLabels(map).ok());
  map["one-more"] = "v";
  EXPECT_FALSE(CheckLabels(map).ok());
}

TEST(Labels, TheTokenWins) {
  const LabelMap merged =
      MergeLabels(MapOf({{"site", "lies"}, {"own", "1"}}), {{"env", "prod"}, {"site", "fra"}});
  EXPECT_EQ(merged.size(), 3u);
  EXPECT_EQ(merged.at("site"), "fra");
  EXPECT_EQ(merged.at("own"), "1");
  EXPECT_EQ(merged.at("env"), "prod");
}

TEST(GroupOf, TakesTheFirstThatIsKnown) {
  EXPECT_EQ(GroupOf("mine", MapOf({{"asn", "64500"}}), "fra-1"), "mine");
  EXPECT_EQ(GroupOf("", MapOf({{"site", "fra"}, {"asn", "64500"}, {"provider", "p"}}), "n"),
            "64500");
  EXPECT_EQ(GroupOf("", MapOf({{"site", "fra"}, {"provider", "p"}}), "n"), "p");
  EXPECT_EQ(GroupOf("", MapOf({{"site", "fra"}, {"asn", ""}}), "n"), "fra");
  EXPECT_EQ(GroupOf("", {}, "fra-1"), "fra-1");
}

}  // namespace
}  // namespace probemesh::coordinator
