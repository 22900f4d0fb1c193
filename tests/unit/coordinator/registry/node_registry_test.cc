#include "coordinator/registry/node_registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/base/proto_time.h"

namespace probemesh::coordinator {
namespace {

using ::testing::HasSubstr;

const absl::Time kWall = absl::FromUnixSeconds(1767225600);
constexpr MonotonicTime kNow = absl::Hours(1);

StoredNode NodeOf(const std::string& name) {
  StoredNode node;
  node.name = name;
  node.uid = "uid-" + name;
  node.spki_sha256 = "key-" + name;
  return node;
}

class NodeRegistryTest : public ::testing::Test {
 protected:
  uint64_t Begin(const std::string& name, const v1::NodeHello& hello = {}) {
    return registry_.BeginSession(name, hello, kNow, kWall);
  }

  NodeRegistry registry_{{NodeOf("nodes/a"), NodeOf("nodes/b")}};
};

TEST_F(NodeRegistryTest, KnowsWhatTheStoreKnew) {
  EXPECT_EQ(registry_.size(), 2u);
  EXPECT_EQ(registry_.connected_count(), 0u);
  EXPECT_EQ(registry_.Find("nodes/none"), nullptr);
  EXPECT_EQ(registry_.FindByKey("key-nodes/b")->name, "nodes/b");
  EXPECT_EQ(registry_.FindByKey("none"), nullptr);
  const v1::Node view = registry_.View("nodes/a");
  EXPECT_EQ(view.name(), "nodes/a");
  EXPECT_EQ(view.uid(), "uid-nodes/a");
  EXPECT_EQ(view.state(), v1::Node::DISCONNECTED);
  EXPECT_FALSE(view.has_clock_offset());
}

TEST_F(NodeRegistryTest, ASessionBringsTheNodeToLife) {
  v1::NodeHello hello;
  hello.set_version("1.2.3");
  hello.mutable_capabilities()->set_icmp_echo_v4(true);
  (*hello.mutable_labels())["asn"] = "64500";
  hello.mutable_self_check()->add_controls()->set_control("192.0.2.1:443");
  EXPECT_GT(Begin("nodes/a", hello), 0u);
  EXPECT_EQ(registry_.connected_count(), 1u);
  EXPECT_TRUE(registry_.IsConnected("nodes/a"));
  const v1::Node view = registry_.View("nodes/a");
  EXPECT_EQ(view.state(), v1::Node::CONNECTED);
  EXPECT_EQ(view.version(), "1.2.3");
  EXPECT_EQ(view.group(), "64500");
  EXPECT_TRUE(view.capabilities().icmp_echo_v4());
  EXPECT_EQ(view.self_check().controls_size(), 1);
  EXPECT_EQ(FromProto(view.last_seen_time()), kWall);
}

TEST_F(NodeRegistryTest, LabelsOfTheTokenWinAndTheGroupFollowsThem) {
  StoredNode node = NodeOf("nodes/a");
  node.token_labels = {{"asn", "64501"}};
  registry_.Put(node);
  v1::NodeHello hello;
  (*hello.mutable_labels())["asn"] = "64500";
  (*hello.mutable_labels())["own"] = "yes";
  Begin("nodes/a", hello);
  EXPECT_EQ(registry_.View("nodes/a").labels().at("asn"), "64501");
  EXPECT_EQ(registry_.View("nodes/a").labels().at("own"), "yes");
  EXPECT_EQ(registry_.View("nodes/a").group(), "64501");
  Begin("nodes/b");
  EXPECT_EQ(registry_.View("nodes/b").group(), "b");
}

TEST_F(NodeRegistryTest, EpochsOnlyGrowAndAnOldOneChangesNothing) {
  const uint64_t first = Begin("nodes/a");
  const uint64_t second = Begin("nodes/a");
  const uint64_t other = Begin("nodes/b");
  EXPECT_LT(first, second);
  EXPECT_LT(second, other);
  EXPECT_EQ(registry_.connected_count(), 2u);
  registry_.EndSession("nodes/a", first, kWall);
  EXPECT_TRUE(registry_.IsConnected("nodes/a"));
  EXPECT_FALSE(registry_.OnHeartbeat("nodes/a", first, {}, kNow, kWall));
  registry_.EndSession("nodes/a", second, kWall);
  EXPECT_FALSE(registry_.IsConnected("nodes/a"));
  EXPECT_EQ(registry_.connected_count(), 1u);
  registry_.EndSession("nodes/a", second, kWall);
  EXPECT_EQ(registry_.connected_count(), 1u);
}

TEST_F(NodeRegistryTest, EpochsSurviveARestartOfTheCoordinator) {
  const uint64_t before = Begin("nodes/a");
  NodeRegistry restarted({NodeOf("nodes/a")});
  EXPECT_GT(restarted.BeginSession("nodes/a", {}, absl::ZeroDuration(), kWall + absl::Seconds(1)),
            before);
  // A wall clock that went back a little still yields greater ones within the process.
  EXPECT_GT(Begin("nodes/a"), before);
}

TEST_F(NodeRegistryTest, AHeartbeatRenewsTheLease) {
  const uint64_t epoch = Begin("nodes/a");
  EXPECT_EQ(registry_.LeaseEnd("nodes/a"), kNow + kLeaseDuration);
  EXPECT_EQ(registry_.LeaseEnd("nodes/b"), absl::ZeroDuration());
  v1::Heartbeat heartbeat;
  heartbeat.set_in_flight(3);
  *heartbeat.mutable_send_time() = ToProto(kWall + absl::Seconds(7));
  heartbeat.mutable_self_check()->add_controls()->set_control("c");
  const MonotonicTime later = kNow + absl::Seconds(10);
  EXPECT_TRUE(registry_.OnHeartbeat("nodes/a", epoch, heartbeat, later, kWall + absl::Seconds(10)));
  EXPECT_EQ(registry_.LeaseEnd("nodes/a"), later + kLeaseDuration);
  const v1::Node view = registry_.View("nodes/a");
  EXPECT_EQ(view.in_flight(), 3u);
  EXPECT_EQ(FromProto(view.clock_offset()), -absl::Seconds(3));
  EXPECT_EQ(view.self_check().controls_size(), 1);
  heartbeat.clear_self_check();
  registry_.OnHeartbeat("nodes/a", epoch, heartbeat, later, kWall);
  EXPECT_EQ(registry_.View("nodes/a").self_check().controls_size(), 1) << "the latest known stays";
}

TEST_F(NodeRegistryTest, HostileTimesDoNoHarm) {
  const uint64_t epoch = Begin("nodes/a");
  v1::Heartbeat heartbeat;
  heartbeat.mutable_send_time()->set_seconds(INT64_MAX);
  EXPECT_TRUE(registry_.OnHeartbeat("nodes/a", epoch, heartbeat, kNow, kWall));
  heartbeat.mutable_send_time()->set_seconds(INT64_MIN);
  EXPECT_TRUE(registry_.OnHeartbeat("nodes/a", epoch, heartbeat, kNow, kWall));
  EXPECT_TRUE(registry_.View("nodes/a").has_clock_offset());
}

TEST_F(NodeRegistryTest, DrainedAndRevokedShowInTheState) {
  Begin("nodes/a");
  registry_.SetDrained("nodes/a", true);
  EXPECT_EQ(registry_.View("nodes/a").state(), v1::Node::DRAINING);
  registry_.SetRevoked("nodes/a", true);
  EXPECT_EQ(registry_.View("nodes/a").state(), v1::Node::REVOKED);
  EXPECT_EQ(registry_.Views(false).size(), 1u);
  EXPECT_EQ(registry_.Views(true).size(), 2u);
  registry_.SetRevoked("nodes/none", true);
  registry_.SetDrained("nodes/none", true);
}

TEST_F(NodeRegistryTest, AdmitsOnlyWhoIsKnownAndUnrevoked) {
  EXPECT_TRUE(registry_.Admit("nodes/a", "", "").ok());
  EXPECT_TRUE(registry_.Admit("nodes/a", "uid-nodes/a", "").ok());
  const auto refusal = [this](const std::string& name, const std::string& uid) {
    const absl::Status status = registry_.Admit(name, uid, "");
    EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
    return std::string(status.message());
  };
  EXPECT_THAT(refusal("nodes/none", ""), HasSubstr("not known"));
  EXPECT_THAT(refusal("nodes/a", "uid-of-another"), HasSubstr("no longer speaks"));
  registry_.SetRevoked("nodes/a", true);
  EXPECT_THAT(refusal("nodes/a", ""), HasSubstr("revoked"));
}

TEST_F(NodeRegistryTest, OnlyPresentCertificatesSpeakForANode) {
  StoredNode node = NodeOf("nodes/a");
  node.certificate_serials = {"0a1f", "b2", "c3"};
  registry_.Put(node);
  EXPECT_TRUE(registry_.Admit("nodes/a", "", "0A:1F").ok()) << "another spelling of the same";
  EXPECT_TRUE(registry_.Admit("nodes/a", "", "c3").ok());
  EXPECT_FALSE(registry_.Admit("nodes/a", "", "d4").ok());
  registry_.RetireOlderSerials("nodes/a", "b2");
  EXPECT_FALSE(registry_.Admit("nodes/a", "", "0a1f").ok());
  EXPECT_TRUE(registry_.Admit("nodes/a", "", "b2").ok());
  EXPECT_TRUE(registry_.Admit("nodes/a", "", "c3").ok());
  registry_.RetireOlderSerials("nodes/a", "unknown");
  EXPECT_TRUE(registry_.Admit("nodes/a", "", "b2").ok());
}

}  // namespace
}  // namespace probemesh::coordinator
