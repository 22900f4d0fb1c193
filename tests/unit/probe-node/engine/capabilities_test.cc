#include <gtest/gtest.h>

#include <cerrno>

#include "probe-node/engine/probe_engine.h"
#include "tests/support/fake_socket_ops.h"

namespace probemesh::node {
namespace {

class CapabilitiesTest : public testing::Test {
 protected:
  v1::Capabilities Detect() {
    return DetectCapabilities(sockets_, EngineLimits{.max_in_flight = 7});
  }

  ManualEventLoop loop_;
  FakeSocketOps sockets_{loop_};
};

TEST_F(CapabilitiesTest, FindsEverythingWhereEverythingWorks) {
  const v1::Capabilities found = Detect();
  EXPECT_TRUE(found.icmp_echo_v4());
  EXPECT_TRUE(found.icmp_echo_v6());
  EXPECT_TRUE(found.ipv4());
  EXPECT_TRUE(found.ipv6());
  EXPECT_TRUE(found.error_queue());
  EXPECT_EQ(found.max_concurrent_probes(), 7u);
  EXPECT_EQ(sockets_.open_count(), 0u);
  EXPECT_TRUE(sockets_.packets().empty());
}

TEST_F(CapabilitiesTest, ClosedPingSocketsAreNoEcho) {
  sockets_.FailOpens(SocketKind::kPing, IpAddress::Family::kV4, EACCES);
  EXPECT_FALSE(Detect().icmp_echo_v4());
  EXPECT_TRUE(Detect().icmp_echo_v6());
}

TEST_F(CapabilitiesTest, AFamilyWithoutRouteIsMissing) {
  sockets_.FailNext(FakeSocketOps::Call::kConnect, ENETUNREACH, 4);
  const v1::Capabilities found = Detect();
  EXPECT_FALSE(found.ipv4());
  EXPECT_TRUE(found.ipv6());
  EXPECT_EQ(sockets_.open_count(), 0u);
}

TEST_F(CapabilitiesTest, ALoopbackSourceIsNoNetwork) {
  sockets_.set_local_v4(*IpAddress::Parse("127.0.0.1"));
  sockets_.set_local_v6(*IpAddress::Parse("::1"));
  EXPECT_FALSE(Detect().ipv4());
  EXPECT_FALSE(Detect().ipv6());
}

TEST_F(CapabilitiesTest, OneFamilyIsEnoughForTheErrorQueue) {
  sockets_.FailOpens(SocketKind::kTcp, IpAddress::Family::kV6, EAFNOSUPPORT);
  EXPECT_TRUE(Detect().error_queue());
  sockets_.FailOpens(SocketKind::kTcp, IpAddress::Family::kV4, EPERM);
  EXPECT_FALSE(Detect().error_queue());
}

}  // namespace
}  // namespace probemesh::node
