#include "coordinator/advertised_hosts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace probemesh::coordinator {
namespace {

using testing::ElementsAre;

CoordinatorOptions Listening(const std::string& endpoint) {
  CoordinatorOptions options;
  options.listen = Endpoint::Parse(endpoint).value();
  return options;
}

TEST(AdvertisedHosts, AreWhatWasGiven) {
  CoordinatorOptions options = Listening("192.0.2.1:7443");
  options.advertise = {"a.example", "b.example"};
  EXPECT_THAT(AdvertisedHosts(options), ElementsAre("a.example", "b.example"));
}

TEST(AdvertisedHosts, ElseTheListeningAddress) {
  EXPECT_THAT(AdvertisedHosts(Listening("192.0.2.1:7443")), ElementsAre("192.0.2.1"));
  EXPECT_THAT(AdvertisedHosts(Listening("[2001:db8::1]:7443")), ElementsAre("2001:db8::1"));
}

TEST(AdvertisedHosts, ElseSomeAddressOfThisMachine) {
  for (const char* wildcard : {"0.0.0.0:7443", "[::]:7443"}) {
    const std::vector<std::string> hosts = AdvertisedHosts(Listening(wildcard));
    ASSERT_EQ(hosts.size(), 1u);
    const absl::StatusOr<IpAddress> address = IpAddress::Parse(hosts[0]);
    ASSERT_TRUE(address.ok());
    EXPECT_NE(*address, IpAddress());
    EXPECT_NE(*address, IpAddress::V6({}));
  }
}

TEST(LocalEndpoint, IsReachableFromThisMachine) {
  const auto local = [](const std::string& listen) {
    return LocalEndpoint(Endpoint::Parse(listen).value(), 7443).ToString();
  };
  EXPECT_EQ(local("0.0.0.0:0"), "127.0.0.1:7443");
  EXPECT_EQ(local("[::]:0"), "127.0.0.1:7443");
  EXPECT_EQ(local("192.0.2.1:0"), "192.0.2.1:7443");
}

}  // namespace
}  // namespace probemesh::coordinator
