// The program probemesh-node as its owner meets it, against a real coordinator.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/proto_time.h"
#include "tests/integration/program.h"
#include "tests/integration/real_coordinator.h"
#include "tests/support/loopback_port.h"

namespace probemesh {
namespace {

using testing::HasSubstr;

// The sanitizers' shadow memory is not the program's.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kIdleKilobytes = 1 << 20;
#else
constexpr int kIdleKilobytes = 30 << 10;
#endif

constexpr char kName[] = "nodes/fra-1";

class NodeProgramTest : public testing::Test {
 protected:
  std::unique_ptr<Program> StartNode(std::vector<std::string> flags = {}) {
    std::vector<std::string> command = {std::string(PROBEMESH_BIN_DIR) + "/probemesh-node",
                                        "--state-dir",
                                        state_dir_,
                                        "--name",
                                        "fra-1",
                                        "--allow-target",
                                        "127.0.0.0/8"};
    command.insert(command.end(), flags.begin(), flags.end());
    return std::make_unique<Program>(command);
  }
  std::unique_ptr<Program> JoinMesh() {
    auto node = StartNode({"--join-token", coordinator_.MakeToken()});
    EXPECT_TRUE(coordinator_.AwaitState(kName, v1::Node::CONNECTED));
    return node;
  }
  // The exit code and the last line on stderr.
  static std::pair<int, std::string> EndOf(Program& program) {
    const int code = program.Wait();
    const std::vector<std::string> lines = absl::StrSplit(program.err(), '\n', absl::SkipEmpty());
    return {code, lines.empty() ? "" : lines.back()};
  }
  static v1::ProbeSpec TcpSpec(uint16_t port) {
    v1::ProbeSpec spec;
    spec.mutable_tcp();
    spec.set_port(port);
    *spec.mutable_timeout() = ToProto(absl::Seconds(2));
    return spec;
  }

  LoopbackPort open_{LoopbackPort::Kind::kTcpListening, IpAddress::Family::kV4};
  RealCoordinator coordinator_{{absl::StrCat("127.0.0.1:", open_.port())}};
  TempDirectory dir_;
  std::string state_dir_ = dir_ / "state";
};

TEST_F(NodeProgramTest, JoinsChecksItselfProbesAndLeaves) {
  const auto node = JoinMesh();
  ASSERT_TRUE(coordinator_.AwaitSelfCheck(kName));
  const v1::SelfCheck check = coordinator_.Node(kName).self_check();
  EXPECT_TRUE(check.controls(0).tcp_ok()) << check.DebugString();

  const v1::ProbeRun run = coordinator_.RunProbe("127.0.0.1", TcpSpec(open_.port()));
  ASSERT_EQ(run.vantages_size(), 1) << run.DebugString();
  ASSERT_EQ(run.vantages(0).observations_size(), 1) << run.DebugString();
  EXPECT_EQ(run.vantages(0).observations(0).outcome(), v1::ANSWERED);

  node->Signal(SIGTERM);
  EXPECT_EQ(EndOf(*node).first, 0) << node->err();
  EXPECT_TRUE(coordinator_.AwaitState(kName, v1::Node::DISCONNECTED));
}

TEST_F(NodeProgramTest, OwnersPolicyIsStrongerThanTheCoordinator) {
  const auto node = JoinMesh();
  const v1::ProbeRun run = coordinator_.RunProbe("10.0.0.1", TcpSpec(80));
  ASSERT_EQ(run.vantages_size(), 1) << run.DebugString();
  ASSERT_EQ(run.vantages(0).observations_size(), 1) << run.DebugString();
  EXPECT_EQ(run.vantages(0).observations(0).outcome(), v1::NOT_RUN);
  EXPECT_EQ(run.vantages(0).observations(0).not_run_reason(), v1::POLICY_DENIED);
}

TEST_F(NodeProgramTest, KilledNodeComesBackWithoutItsToken) {
  JoinMesh()->Signal(SIGKILL);
  EXPECT_TRUE(coordinator_.AwaitState(kName, v1::Node::DISCONNECTED));
  const auto again = StartNode();
  EXPECT_TRUE(coordinator_.AwaitState(kName, v1::Node::CONNECTED));
  const v1::ProbeRun run = coordinator_.RunProbe("127.0.0.1", TcpSpec(open_.port()));
  ASSERT_EQ(run.vantages(0).observations_size(), 1) << run.DebugString();
}

TEST_F(NodeProgramTest, ProbeThatRunsWhenTheNodeStopsIsInterruptedNotFailed) {
  const auto node = JoinMesh();
  // Connects, and then hears nothing for long.
  const LoopbackPort mute(LoopbackPort::Kind::kTcpListening, IpAddress::Family::kV4);
  v1::ProbeSpec spec;
  spec.set_port(mute.port());
  spec.mutable_http()->set_url(absl::StrCat("http://127.0.0.1:", mute.port(), "/"));
  *spec.mutable_timeout() = ToProto(absl::Seconds(50));
  const v1::ProbeRun started = coordinator_.StartProbe("127.0.0.1", spec);
  pollfd connected{.fd = mute.fd(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(poll(&connected, 1, 20'000), 1);
  node->Signal(SIGTERM);
  EXPECT_EQ(EndOf(*node).first, 0) << node->err();
  const v1::ProbeRun run = coordinator_.AwaitProbe(started.name());
  ASSERT_EQ(run.vantages(0).observations_size(), 1) << run.DebugString();
  EXPECT_EQ(run.vantages(0).observations(0).outcome(), v1::NOT_RUN);
  EXPECT_EQ(run.vantages(0).observations(0).not_run_reason(), v1::INTERRUPTED);
}

TEST_F(NodeProgramTest, CoordinatorsRestartIsSurvived) {
  const auto node = JoinMesh();
  coordinator_.Stop();
  coordinator_.Start();
  EXPECT_TRUE(coordinator_.AwaitState(kName, v1::Node::CONNECTED)) << node->err();
  const v1::ProbeRun run = coordinator_.RunProbe("127.0.0.1", TcpSpec(open_.port()));
  EXPECT_EQ(run.vantages(0).observations_size(), 1) << run.DebugString();
}

TEST_F(NodeProgramTest, RevokedNodeIsShutOutAndSaysSo) {
  const auto node = JoinMesh();
  coordinator_.Revoke(kName);
  EXPECT_TRUE(coordinator_.AwaitState(kName, v1::Node::REVOKED));
  EXPECT_TRUE(node->AwaitError("session_refused"));
  node->Signal(SIGTERM);
  EXPECT_EQ(EndOf(*node).first, 0);
}

TEST_F(NodeProgramTest, SecondNodeOnTheSameFolderIsRefused) {
  const auto first = JoinMesh();
  const auto second = StartNode();
  const auto [code, line] = EndOf(*second);
  EXPECT_EQ(code, 2);
  EXPECT_THAT(line, HasSubstr("another node is running on " + state_dir_));
}

TEST_F(NodeProgramTest, WhatKeepsItFromStartingIsOneLineAndExitCodeTwo) {
  const auto without = StartNode();
  EXPECT_EQ(EndOf(*without).first, 2);
  EXPECT_THAT(EndOf(*without).second, HasSubstr("--join-token"));

  const auto bad_flag = StartNode({"--allow-target", "nonsense"});
  EXPECT_EQ(bad_flag->Wait(), 2);
  EXPECT_EQ(bad_flag->err(), "probemesh-node: --allow-target: \"nonsense\" is not an IP address\n");

  const auto bad_policy = StartNode({"--policy", dir_ / "none.yaml"});
  EXPECT_EQ(EndOf(*bad_policy).first, 2);
  EXPECT_THAT(EndOf(*bad_policy).second, HasSubstr("none.yaml"));

  std::string token = coordinator_.MakeToken();
  token[4] = token[4] == 'a' ? 'b' : 'a';
  const auto bad_token = StartNode({"--join-token", token});
  EXPECT_EQ(EndOf(*bad_token).first, 2);
  EXPECT_THAT(EndOf(*bad_token).second, HasSubstr("the join token is refused"));
}

TEST_F(NodeProgramTest, StopsWhileItWaitsForACoordinatorThatIsAway) {
  const auto node = JoinMesh();
  coordinator_.Stop();
  node->Signal(SIGINT);
  EXPECT_EQ(EndOf(*node).first, 0) << node->err();
  coordinator_.Start();
}

TEST_F(NodeProgramTest, IdleNodeIsSmall) {
  const auto node = JoinMesh();
  ASSERT_TRUE(coordinator_.AwaitSelfCheck(kName));
  int resident = 0;
  std::ifstream status(absl::StrCat("/proc/", node->pid(), "/status"));
  for (std::string line; std::getline(status, line);) {
    const std::vector<std::string> words =
        absl::StrSplit(line, absl::ByAnyChar(": \t"), absl::SkipEmpty());
    const bool found = words.size() > 1 && words[0] == "VmRSS";
    ASSERT_TRUE(!found || absl::SimpleAtoi(words[1], &resident));
  }
  EXPECT_GT(resident, 0);
  EXPECT_LE(resident, kIdleKilobytes);
  std::printf("resident: %d kB\n", resident);
}

}  // namespace
}  // namespace probemesh
