#include "common/pki/identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace probemesh {
namespace {

TEST(Identity, SurvivesTheUri) {
  for (const Identity& identity :
       {Identity{Identity::Role::kNode, "fra-1"}, Identity{Identity::Role::kOperator, "admin"},
        Identity{Identity::Role::kCoordinator, "coordinator"}}) {
    const absl::StatusOr<Identity> parsed = Identity::Parse(identity.ToUri());
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(parsed->role, identity.role);
    EXPECT_EQ(parsed->name, identity.name);
  }
  EXPECT_EQ((Identity{Identity::Role::kNode, "fra-1"}.ToUri()), "spiffe://probemesh/node/fra-1");
}

TEST(Identity, RefusesEverythingElse) {
  const std::string with_nul("spiffe://probemesh/node/a\0b", 27);
  for (const std::string& uri :
       {std::string(), std::string("spiffe://other/node/fra-1"),
        std::string("spiffe://probemesh/admin/fra-1"), std::string("spiffe://probemesh/node/"),
        std::string("spiffe://probemesh/node/a/b"), std::string("spiffe://probemesh/NODE/a"),
        std::string("http://probemesh/node/a"), with_nul}) {
    EXPECT_EQ(Identity::Parse(uri).status().code(), absl::StatusCode::kInvalidArgument) << uri;
  }
}

TEST(CheckNodeName, SaysWhatIsWrong) {
  EXPECT_TRUE(CheckNodeName("a").ok());
  EXPECT_TRUE(CheckNodeName("fra-1.example.com").ok());
  EXPECT_TRUE(CheckNodeName(std::string(63, 'x')).ok());
  const auto message = [](const std::string& name) {
    return std::string(CheckNodeName(name).message());
  };
  EXPECT_THAT(message(""), testing::HasSubstr("empty"));
  EXPECT_THAT(message(std::string(64, 'x')), testing::HasSubstr("longer than 63"));
  EXPECT_THAT(message("Fra"), testing::HasSubstr("lower-case"));
  EXPECT_THAT(message("a_b"), testing::HasSubstr("lower-case"));
  EXPECT_THAT(message("-a"), testing::HasSubstr("begins and ends"));
  EXPECT_THAT(message("a."), testing::HasSubstr("begins and ends"));
}

}  // namespace
}  // namespace probemesh
