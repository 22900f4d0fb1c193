#include "common/rpc/channel_options.h"

#include <gtest/gtest.h>

namespace probemesh {
namespace {

int Argument(const grpc::ChannelArguments& arguments, const std::string& key) {
  const grpc_channel_args list = arguments.c_channel_args();
  for (size_t i = 0; i < list.num_args; ++i) {
    if (list.args[i].key == key) return list.args[i].value.integer;
  }
  return -1;
}

TEST(ChannelOptions, ClientsPingNoFasterThanServersAllow) {
  const int interval = Argument(ClientChannelArguments(), GRPC_ARG_KEEPALIVE_TIME_MS);
  EXPECT_GE(absl::Milliseconds(interval), kServerMinPingInterval);
}

TEST(ChannelOptions, TheEnvironmentCannotRedirectClients) {
  EXPECT_EQ(Argument(ClientChannelArguments(), GRPC_ARG_ENABLE_HTTP_PROXY), 0);
}

// Three round trips to the other side of the world, twice retransmitted, on a busy machine.
TEST(ChannelOptions, ADistantCoordinatorHasTimeToAnswer) {
  EXPECT_GE(Argument(ClientChannelArguments(), GRPC_ARG_MIN_RECONNECT_BACKOFF_MS), 5000);
}

TEST(GrpcTarget, NamesAndAddresses) {
  EXPECT_EQ(GrpcTarget("mesh.example.com:7443"), "dns:///mesh.example.com:7443");
  EXPECT_EQ(GrpcTarget("192.0.2.1:7443"), "ipv4:192.0.2.1:7443");
  EXPECT_EQ(GrpcTarget("[2001:db8::1]:7443"), "ipv6:[2001:db8::1]:7443");
}

}  // namespace
}  // namespace probemesh
