#include "coordinator/cli/command_line.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "absl/strings/match.h"
#include "common/base/proto_time.h"

namespace probemesh::cli {
namespace {

// Sets an environment variable for the length of a test.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  ~ScopedVariable() { unsetenv(name_); }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  const char* name_;
};

template <typename Options>
Options Parsed(const std::vector<std::string>& words) {
  CommandLine line = ParseCommandLine(words);
  EXPECT_TRUE(line.command.has_value()) << line.error;
  if (!line.command || !std::holds_alternative<Options>(*line.command)) {
    ADD_FAILURE() << "not the expected command";
    return {};
  }
  return std::get<Options>(*line.command);
}

void ExpectUsageError(const std::vector<std::string>& words, const std::string& what) {
  const CommandLine line = ParseCommandLine(words);
  EXPECT_FALSE(line.command.has_value());
  EXPECT_EQ(line.exit_code, ExitCode::kUsage);
  EXPECT_TRUE(absl::StrContains(line.error, what)) << line.error;
  EXPECT_FALSE(absl::StrContains(line.error, "\n")) << line.error;
}

TEST(Diagnose, TakesEveryFlagOfTheContract) {
  const auto options = Parsed<DiagnoseOptions>(
      {"diagnose", "https://www.lab.test/x", "--from", "site=fra,!va", "--limit", "5", "--timeout",
       "2500ms", "--neighbor", "10.0.0.2", "--neighbor", "10.0.0.3", "-6", "--json"});
  EXPECT_EQ(options.spec.target(), "https://www.lab.test/x");
  EXPECT_EQ(options.spec.from(), "site=fra,!va");
  EXPECT_EQ(options.spec.limit(), 5u);
  EXPECT_EQ(FromProto(options.spec.timeout()), absl::Milliseconds(2500));
  ASSERT_EQ(options.spec.neighbors_size(), 2);
  EXPECT_EQ(options.spec.neighbors(1), "10.0.0.3");
  EXPECT_EQ(options.spec.family(), v1::IPV6);
  EXPECT_EQ(options.format, OutputFormat::kJson);
}

TEST(Diagnose, DefaultsLeaveTheChoiceToTheCoordinator) {
  const auto options = Parsed<DiagnoseOptions>({"diagnose", "host"});
  EXPECT_FALSE(options.spec.has_timeout());
  EXPECT_EQ(options.spec.limit(), 0u);
  EXPECT_EQ(options.spec.family(), v1::ADDRESS_FAMILY_UNSPECIFIED);
  EXPECT_EQ(options.format, OutputFormat::kText);
}

TEST(Diagnose, FlagsMayComeBeforeTheTargetAndNeighborsDoNotSwallowIt) {
  const auto options =
      Parsed<DiagnoseOptions>({"diagnose", "-J", "--neighbor", "10.0.0.2", "-4", "host"});
  EXPECT_EQ(options.spec.target(), "host");
  EXPECT_EQ(options.spec.family(), v1::IPV4);
}

TEST(Usage, ErrorsAreOneLineAndStatus64) {
  ExpectUsageError({"diagnose"}, "TARGET");
  ExpectUsageError({"diagnose", "host", "--wat"}, "--wat");
  ExpectUsageError({"diagnose", "host", "extra"}, "extra");
  ExpectUsageError({"diagnose", "host", "-4", "-6"}, "ipv");
  ExpectUsageError({"diagnose", "host", "--json", "--markdown"}, "json");
  ExpectUsageError({"diagnose", "host", "--limit", "0"}, "limit");
  ExpectUsageError({"diagnose", "host", "--limit", "-3"}, "limit");
  ExpectUsageError({"diagnose", "host", "--limit", "0"}, "Value 0 not in range 1 to 4294967295");
  ExpectUsageError({"token", "create", "--uses", "0"}, "Value 0 not in range 1 to 4294967295");
  ExpectUsageError({"diagnose", "host", "--timeout", "soon"}, "soon");
  ExpectUsageError({"diagnose", "host", "--timeout", "-1s"}, "timeout");
  ExpectUsageError({"diagnose", "host", "--timeout", "nan"}, "timeout");
  ExpectUsageError({"frobnicate"}, "unknown command \"frobnicate\"");
  ExpectUsageError({"probe"}, "a command is needed (see \"probemesh probe --help\")");
  ExpectUsageError({"probe", "mtu", "host"}, "unknown command \"mtu\"");
  ExpectUsageError({"probe", "tcp", "host"}, "no port");
  ExpectUsageError({"probe", "tcp", "host:99999"}, "host:99999");
  ExpectUsageError({"probe", "ping", "host:80"}, "no port");
  ExpectUsageError({"probe", "ping", "host", "-c", "100"}, "--count");
  ExpectUsageError({"probe", "http", "host"}, "URL");
  ExpectUsageError({"probe", "http", "https://user@host/"}, "user name");
  ExpectUsageError({"probe", "trace", "host", "-f", "9", "-m", "3"}, "--first-ttl");
  ExpectUsageError({"token", "create", "--label", "nonsense"}, "nonsense");
  ExpectUsageError({"explain"}, "explain what");
  ExpectUsageError({"completion", "tcsh"}, "tcsh");
  ExpectUsageError({"diagnose", "\x1b[2J", "extra\x1b[2J"}, "extra\\x1b[2J");
}

TEST(Usage, NothingAtAllShowsTheHelp) {
  const CommandLine line = ParseCommandLine({});
  EXPECT_EQ(line.exit_code, ExitCode::kUsage);
  EXPECT_TRUE(absl::StrContains(line.output, "diagnose"));
}

TEST(Help, EveryCommandHasExamples) {
  const std::vector<std::vector<std::string>> commands = {
      {},
      {"diagnose"},
      {"probe"},
      {"probe", "ping"},
      {"probe", "tcp"},
      {"probe", "udp"},
      {"probe", "dns"},
      {"probe", "tls"},
      {"probe", "http"},
      {"probe", "trace"},
      {"nodes"},
      {"nodes", "list"},
      {"nodes", "show"},
      {"nodes", "drain"},
      {"nodes", "undrain"},
      {"nodes", "revoke"},
      {"token"},
      {"token", "create"},
      {"token", "list"},
      {"token", "revoke"},
      {"history"},
      {"history", "list"},
      {"history", "show"},
      {"explain"},
      {"bundle"},
      {"version"},
      {"completion"},
  };
  for (std::vector<std::string> words : commands) {
    words.emplace_back("--help");
    const CommandLine line = ParseCommandLine(words);
    EXPECT_EQ(line.exit_code, ExitCode::kHealthy);
    EXPECT_FALSE(line.command.has_value());
    EXPECT_TRUE(absl::StrContains(line.output, "Examples:")) << line.output;
  }
}

TEST(Version, IsOneLine) {
  const CommandLine line = ParseCommandLine({"--version"});
  EXPECT_EQ(line.exit_code, ExitCode::kHealthy);
  EXPECT_TRUE(absl::StartsWith(line.output, "probemesh "));
  EXPECT_EQ(line.output.find('\n'), line.output.size() - 1);
}

TEST(Sources, EnvironmentSetsFlagsAndTheCommandLineWins) {
  const ScopedVariable limit("PROBEMESH_LIMIT", "7");
  const ScopedVariable json("PROBEMESH_JSON", "true");
  const ScopedVariable context("PROBEMESH_CONTEXT", "/from/environment");
  const CommandLine line = ParseCommandLine({"diagnose", "host"});
  EXPECT_EQ(line.global.context, "/from/environment");
  auto options = Parsed<DiagnoseOptions>({"diagnose", "host"});
  EXPECT_EQ(options.spec.limit(), 7u);
  EXPECT_EQ(options.format, OutputFormat::kJson);
  options = Parsed<DiagnoseOptions>({"diagnose", "host", "--limit", "3"});
  EXPECT_EQ(options.spec.limit(), 3u);
  EXPECT_EQ(ParseCommandLine({"--context", "/mine", "diagnose", "host"}).global.context, "/mine");
  EXPECT_EQ(ParseCommandLine({"diagnose", "host", "--context", "/mine"}).global.context, "/mine");
}

class ConfigFile : public testing::Test {
 protected:
  void Write(const std::string& text) { std::ofstream(path_) << text; }
  void TearDown() override { unlink(path_.c_str()); }

  std::string path_ = testing::TempDir() + "probemesh-cli-" + std::to_string(getpid()) + ".toml";
};

TEST_F(ConfigFile, SetsFlagsBelowTheEnvironment) {
  Write("context = \"/from/file\"\n[diagnose]\nlimit = 9\nfrom = \"site=fra\"\n");
  const auto options = Parsed<DiagnoseOptions>({"--config", path_, "diagnose", "host"});
  EXPECT_EQ(options.spec.limit(), 9u);
  EXPECT_EQ(options.spec.from(), "site=fra");
  EXPECT_EQ(ParseCommandLine({"--config", path_, "diagnose", "host"}).global.context, "/from/file");

  const ScopedVariable limit("PROBEMESH_LIMIT", "7");
  const ScopedVariable context("PROBEMESH_CONTEXT", "/from/environment");
  EXPECT_EQ(Parsed<DiagnoseOptions>({"--config", path_, "diagnose", "host"}).spec.limit(), 7u);
  EXPECT_EQ(ParseCommandLine({"--config", path_, "diagnose", "host"}).global.context,
            "/from/environment");
}

TEST_F(ConfigFile, AndTheEnvironmentMayHoldLists) {
  Write("[diagnose]\nneighbor = [\"10.0.0.2\", \"10.0.0.3\"]\n");
  EXPECT_EQ(Parsed<DiagnoseOptions>({"--config", path_, "diagnose", "host"}).spec.neighbors_size(),
            2);
  const ScopedVariable neighbors("PROBEMESH_NEIGHBOR", "10.0.0.4,10.0.0.5");
  EXPECT_EQ(Parsed<DiagnoseOptions>({"diagnose", "host"}).spec.neighbors(1), "10.0.0.5");
}

TEST_F(ConfigFile, WithATypoIsAnError) {
  Write("[diagnose]\nlimitt = 9\n");
  ExpectUsageError({"--config", path_, "diagnose", "host"}, "limitt");
  ExpectUsageError({"--config", "/nowhere/at/all", "diagnose", "host"}, "/nowhere/at/all");
}

TEST(Probe, TurnsTargetsIntoSpecs) {
  auto request = Parsed<ProbeOptions>({"probe", "tcp", "[fd00::1]:443"}).request;
  EXPECT_EQ(request.host(), "fd00::1");
  EXPECT_EQ(request.spec().port(), 443u);
  EXPECT_TRUE(request.spec().has_tcp());

  request = Parsed<ProbeOptions>({"probe", "ping", "fd00::1", "-c", "5", "-i", "200ms"}).request;
  EXPECT_EQ(request.host(), "fd00::1");
  EXPECT_EQ(request.spec().icmp().count(), 5u);
  EXPECT_EQ(FromProto(request.spec().timeout()), absl::Milliseconds(2800));

  request = Parsed<ProbeOptions>({"probe", "http", "https://www.lab.test:8443/p?q#f", "-H",
                                  "Host: other", "-X", "HEAD"})
                .request;
  EXPECT_EQ(request.host(), "www.lab.test");
  EXPECT_EQ(request.spec().port(), 8443u);
  EXPECT_EQ(request.spec().http().method(), "HEAD");
  EXPECT_EQ(request.spec().http().headers().at("Host"), "other");

  request = Parsed<ProbeOptions>({"probe", "tls", "10.0.0.1", "--server-name", "n"}).request;
  EXPECT_EQ(request.spec().port(), 443u);
  EXPECT_EQ(request.spec().tls().server_name(), "n");

  request = Parsed<ProbeOptions>({"probe", "dns", "lab.test", "-t", "soa"}).request;
  EXPECT_EQ(request.host(), "");
  EXPECT_EQ(request.spec().dns().name(), "lab.test");
  EXPECT_EQ(request.spec().dns().type(), "SOA");
  request = Parsed<ProbeOptions>({"probe", "dns", "lab.test", "--server", "10.0.0.53"}).request;
  EXPECT_EQ(request.host(), "10.0.0.53");
  EXPECT_EQ(request.spec().port(), 53u);
}

TEST(Probe, ATraceToAPortIsTcpUnlessSaidOtherwise) {
  const auto protocol = [](const std::vector<std::string>& words) {
    return Parsed<ProbeOptions>(words).request.spec().trace().protocol();
  };
  EXPECT_EQ(protocol({"probe", "trace", "host:443"}), v1::TraceProbe::TCP);
  EXPECT_EQ(protocol({"probe", "trace", "host"}), v1::TraceProbe::UDP);
  EXPECT_EQ(protocol({"probe", "trace", "host", "-P", "ICMP"}), v1::TraceProbe::ICMP);
}

TEST(Fleet, ParsesActions) {
  EXPECT_EQ(Parsed<NodesOptions>({"nodes"}).action, NodesOptions::Action::kList);
  EXPECT_EQ(Parsed<NodesOptions>({"nodes", "list", "-J"}).json, true);
  const auto drain = Parsed<NodesOptions>({"nodes", "drain", "fra-1"});
  EXPECT_EQ(drain.action, NodesOptions::Action::kDrain);
  EXPECT_EQ(drain.name, "fra-1");
  const auto token =
      Parsed<TokenOptions>({"token", "create", "--name", "fra-1", "--ttl", "1h", "--uses", "3",
                            "--label", "site=fra", "--label", "asn=64500"});
  EXPECT_EQ(token.create.node(), "fra-1");
  EXPECT_EQ(FromProto(token.create.ttl()), absl::Hours(1));
  EXPECT_EQ(token.create.max_uses(), 3u);
  EXPECT_EQ(token.create.labels().at("asn"), "64500");
}

TEST(Records, ParsesIds) {
  EXPECT_EQ(Parsed<HistoryOptions>({"history"}).id, "");
  EXPECT_EQ(Parsed<HistoryOptions>({"history", "show", "x", "--markdown"}).id, "x");
  EXPECT_EQ(Parsed<ExplainOptions>({"explain", "x"}).id, "x");
  EXPECT_EQ(Parsed<ExplainOptions>({"explain", "--bundle", "f"}).bundle_path, "f");
  EXPECT_TRUE(Parsed<ExplainOptions>({"explain", "--causes"}).causes);
  EXPECT_EQ(Parsed<BundleOptions>({"bundle", "x"}).id, "x");
}

}  // namespace
}  // namespace probemesh::cli
