#include "probe-node/node_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "tests/support/temp_directory.h"

namespace probemesh::node {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

// A token as a coordinator makes them.
JoinToken Token() {
  JoinToken token;
  token.id = "abcdefgh12345678";
  token.secret = "AAAAAAAAAAAAAAAAAAAAAA";
  token.ca_spki_sha256 = std::string(32, 'p');
  token.endpoint = "coordinator.example:7444";
  return token;
}

class NodeOptionsTest : public testing::Test {
 protected:
  void TearDown() override {
    for (const std::string& name : set_) unsetenv(name.c_str());
  }
  void SetEnvironment(const std::string& name, const std::string& value) {
    set_.push_back(name);
    setenv(name.c_str(), value.c_str(), 1);
  }
  static absl::StatusOr<CommandLine> Parse(std::vector<std::string> arguments) {
    return ParseCommandLine(arguments, "1.2.3");
  }
  static NodeOptions Options(std::vector<std::string> arguments) {
    const auto line = Parse(std::move(arguments));
    EXPECT_TRUE(line.ok()) << line.status();
    return line.ok() ? line->options : NodeOptions();
  }
  static std::string Error(std::vector<std::string> arguments) {
    return std::string(Parse(std::move(arguments)).status().message());
  }

  TempDirectory dir_;
  std::vector<std::string> set_;
};

TEST_F(NodeOptionsTest, EveryFlagArrives) {
  const NodeOptions options = Options(
      {"--state-dir",    "/s",         "--join-token",   Token().ToString(), "--name",    "fra-1",
       "--label",        "asn=64500",  "--label",        "site=fra=1",       "--group",   "g",
       "--allow-target", "10.0.0.0/8", "--allow-target", "fd00::/8",         "--policy",  "/p",
       "--coordinator",  "a",          "--coordinator",  "[2001:db8::1]:9",  "--ca-file", "/c",
       "--log-level",    "debug"});
  EXPECT_EQ(options.version, "1.2.3");
  EXPECT_EQ(options.state_dir, "/s");
  ASSERT_TRUE(options.join_token);
  EXPECT_EQ(options.join_token->endpoint, "coordinator.example:7444");
  EXPECT_EQ(options.name, "fra-1");
  EXPECT_THAT(options.labels, ElementsAre(Pair("asn", "64500"), Pair("site", "fra=1")));
  EXPECT_EQ(options.group, "g");
  ASSERT_EQ(options.allow_targets.size(), 2);
  EXPECT_EQ(options.allow_targets[1].ToString(), "fd00::/8");
  EXPECT_EQ(options.policy_file, "/p");
  EXPECT_THAT(options.coordinators, ElementsAre("a:7443", "[2001:db8::1]:9"));
  EXPECT_EQ(options.ca_file, "/c");
  EXPECT_EQ(options.log_level, "debug");
}

TEST_F(NodeOptionsTest, HelpAndVersionArePrintedWithoutAnythingElseBeingRight) {
  const auto version = Parse({"--version"});
  ASSERT_TRUE(version.ok() && version->print);
  EXPECT_EQ(version->print.value(), "probemesh-node 1.2.3\n");
  const auto help = Parse({"--help"});
  ASSERT_TRUE(help.ok() && help->print);
  EXPECT_THAT(*help->print, HasSubstr("Examples:"));
  EXPECT_THAT(*help->print, HasSubstr("PROBEMESH_ALLOW_TARGET"));
}

TEST_F(NodeOptionsTest, EnvironmentIsReadAndTheCommandLineWins) {
  SetEnvironment("PROBEMESH_STATE_DIR", "/from-environment");
  SetEnvironment("PROBEMESH_LABEL", "a=1,b=2");
  SetEnvironment("PROBEMESH_GROUP", "environment");
  const NodeOptions options = Options({"--group", "flag"});
  EXPECT_EQ(options.state_dir, "/from-environment");
  EXPECT_THAT(options.labels, ElementsAre(Pair("a", "1"), Pair("b", "2")));
  EXPECT_EQ(options.group, "flag");
}

TEST_F(NodeOptionsTest, ConfigFileIsReadAndMustBeRight) {
  const std::string path = dir_ / "node.conf";
  std::ofstream(path) << "state-dir = \"/from-file\"\nallow-target = [\"10.0.0.0/8\"]\n";
  EXPECT_EQ(Options({"--config", path}).state_dir, "/from-file");
  EXPECT_EQ(Options({"--config", path}).allow_targets.size(), 1);
  EXPECT_EQ(Options({"--config", path, "--state-dir", "/flag"}).state_dir, "/flag");
  SetEnvironment("PROBEMESH_CONFIG", path);
  EXPECT_EQ(Options({}).state_dir, "/from-file");
  std::ofstream(path) << "state-dri = \"/x\"\n";
  EXPECT_THAT(Error({"--state-dir", "/s"}), HasSubstr("state-dri"));
  EXPECT_THAT(Error({"--config", dir_ / "none"}), HasSubstr("none"));
}

TEST_F(NodeOptionsTest, WrongValuesNameTheFlagInOneLine) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"--allow-target", "10.0.0.0/33"},
      {"--allow-target", "example.com"},
      {"--label", "novalue"},
      {"--label", "=x"},
      {"--label", "a b=x"},
      {"--label", "a=" + std::string(300, 'x')},
      {"--name", "UPPER"},
      {"--name", "a_b"},
      {"--coordinator", ""},
      {"--coordinator", "a:99999"},
      {"--join-token", "pm1.nonsense"},
      {"--group", std::string(200, 'x')},
  };
  for (const auto& [flag, value] : wrong) {
    const std::string error = Error({"--state-dir", "/s", flag, value});
    EXPECT_THAT(error, HasSubstr(flag)) << value;
    EXPECT_EQ(error.find('\n'), std::string::npos) << error;
  }
  EXPECT_THAT(Error({}), HasSubstr("--state-dir"));
  EXPECT_THAT(Error({"--state-dir", "/s", "--no-such-flag"}), HasSubstr("--no-such-flag"));
  EXPECT_THAT(Error({"--state-dir", "/s", "stray"}), HasSubstr("stray"));
  EXPECT_FALSE(Error({"--state-dir", "/s", "--join-token", "a", "--join-token-file", "b"}).empty());
}

TEST_F(NodeOptionsTest, SecretOfABadTokenIsNotRepeated) {
  const std::string token = "pm1.abcdefgh12345678.TOPSECRET.x";
  EXPECT_EQ(Error({"--state-dir", "/s", "--join-token", token}).find("TOPSECRET"),
            std::string::npos);
}

TEST_F(NodeOptionsTest, TokenComesFromItsFileWithWhiteSpaceAround) {
  NodeOptions options;
  EXPECT_FALSE(FindJoinToken(options).value());
  options.join_token_file = dir_ / "token";
  EXPECT_FALSE(FindJoinToken(options).value());  // used and removed
  std::ofstream(options.join_token_file) << Token().ToString() << "\n";
  ASSERT_TRUE(FindJoinToken(options).value());
  EXPECT_EQ((*FindJoinToken(options))->id, Token().id);
  std::ofstream(options.join_token_file) << "nonsense";
  EXPECT_THAT(std::string(FindJoinToken(options).status().message()),
              HasSubstr("--join-token-file"));
}

TEST(NameFromHostTest, MakesAValidNameOfAnything) {
  EXPECT_EQ(NameFromHost("fra-1"), "fra-1");
  EXPECT_EQ(NameFromHost("Fra_1.Example.COM"), "fra-1.example.com");
  EXPECT_EQ(NameFromHost("-x-"), "x");
  EXPECT_EQ(NameFromHost(""), "node");
  EXPECT_EQ(NameFromHost("___"), "node");
  EXPECT_EQ(NameFromHost(std::string(62, 'a') + "-tail"), std::string(62, 'a'));
}

}  // namespace
}  // namespace probemesh::node
