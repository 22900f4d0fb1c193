#include "probe-node/agent/policy_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temp_directory.h"

namespace probemesh::node {
namespace {

using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

TEST(PolicyFileTest, EmptyFileIsThePolicyOfANodeWithoutOne) {
  for (const char* yaml : {"", "# nothing yet\n", "allow:\nlimits:\n", "{}"}) {
    const auto policy = ParsePolicy(yaml);
    ASSERT_TRUE(policy.ok()) << policy.status();
    EXPECT_THAT(policy->rules.allow, SizeIs(0));
    EXPECT_EQ(policy->limits.max_concurrent_probes, AgentLimits().max_concurrent_probes);
    EXPECT_EQ(policy->limits.probes_per_second, 0);
  }
}

TEST(PolicyFileTest, ReadsListsAndLimits) {
  const auto policy = ParsePolicy(R"(
allow: [10.20.0.0/16, "fd00:20::/32", 192.0.2.1]
deny:
  - 10.20.30.0/24
limits:
  max_concurrent_probes: 64
  probes_per_second: 0.5
)");
  ASSERT_TRUE(policy.ok()) << policy.status();
  ASSERT_THAT(policy->rules.allow, SizeIs(3));
  EXPECT_EQ(policy->rules.allow[2].ToString(), "192.0.2.1/32");
  ASSERT_THAT(policy->rules.deny, SizeIs(1));
  EXPECT_EQ(policy->limits.max_concurrent_probes, 64);
  EXPECT_EQ(policy->limits.probes_per_second, 0.5);
}

TEST(PolicyFileTest, WhatIsWrongIsNamedWithItsLine) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"alow: [10.0.0.0/8]", "line 1: unknown key \"alow\""},
      {"\n\nallow: [10.0.0.0/8, nonsense]", "line 3: "},
      {"allow: 10.0.0.0/8", "line 1: expected a list"},
      {"allow: [[10.0.0.0/8]]", "line 1: expected an address"},
      {"allow: {a: b}", "line 1: expected a list"},
      {"limits: 5", "line 1: expected limits"},
      {"limits:\n  max_concurrent_probes: 0", "line 2: max_concurrent_probes"},
      {"limits:\n  max_concurrent_probes: many", "line 2: max_concurrent_probes"},
      {"limits:\n  max_concurrent_probes: .nan", "line 2: max_concurrent_probes"},
      {"limits:\n  probes_per_second: -1", "line 2: probes_per_second"},
      {"limits:\n  probes_per_minute: 1", "line 2: unknown limit"},
      {"- allow", "line 1: expected"},
      {"just text", "line 1: expected"},
      {"allow: [10.0.0.0/8", "line "},
      {"a: &x [*y]", "line "},
  };
  for (const auto& [yaml, error] : wrong) {
    const auto policy = ParsePolicy(yaml);
    EXPECT_TRUE(absl::IsInvalidArgument(policy.status())) << yaml;
    EXPECT_THAT(std::string(policy.status().message()), StartsWith(error)) << yaml;
  }
}

TEST(PolicyFileTest, ErrorsNameTheFile) {
  const TempDirectory dir;
  EXPECT_THAT(std::string(LoadPolicyFile(dir / "none").status().message()), HasSubstr("none"));
  std::ofstream(dir / "policy.yaml") << "alow: []";
  EXPECT_THAT(std::string(LoadPolicyFile(dir / "policy.yaml").status().message()),
              HasSubstr("policy.yaml: line 1"));
}

}  // namespace
}  // namespace probemesh::node
