#include "probe-node/probes/dns/resolv_conf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace probemesh::node {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Servers(const ResolvConf& conf) {
  std::vector<std::string> out;
  for (const Endpoint& server : conf.servers) out.push_back(server.ToString());
  return out;
}

std::vector<std::string> Texts(const std::vector<IpAddress>& addresses) {
  std::vector<std::string> out;
  for (const IpAddress& address : addresses) out.push_back(address.ToString());
  return out;
}

TEST(ResolvConf, KeepsServersInOrderAndAtMostThree) {
  const ResolvConf conf = ParseResolvConf(
      "# comment\nnameserver 192.0.2.1\n;x\nnameserver 2001:db8::1 ; why\nnameserver bogus\n"
      "nameserver fe80::1%eth0\n\tnameserver 192.0.2.3\nnameserver 192.0.2.4");
  EXPECT_THAT(Servers(conf), ElementsAre("192.0.2.1:53", "[2001:db8::1]:53", "192.0.2.3:53"));
}

TEST(ResolvConf, AnEmptyFileMeansTheLocalHost) {
  const ResolvConf conf = ParseResolvConf("");
  EXPECT_THAT(Servers(conf), ElementsAre("127.0.0.1:53"));
  EXPECT_EQ(conf.timeout_seconds, 5);
  EXPECT_EQ(conf.attempts, 2);
  EXPECT_EQ(conf.ndots, 1);
}

TEST(ResolvConf, OptionsAreReadWithinTheirBounds) {
  const ResolvConf conf =
      ParseResolvConf("options ndots:99 timeout:0 attempts:9 use-vc rotate\noptions ndots:x\n");
  EXPECT_EQ(conf.ndots, 15);
  EXPECT_EQ(conf.timeout_seconds, 1);
  EXPECT_EQ(conf.attempts, 5);
  EXPECT_TRUE(conf.use_vc);
}

TEST(ResolvConf, TheLastSearchOrDomainCounts) {
  EXPECT_THAT(ParseResolvConf("domain a.example\nsearch b.example. c.example\n").search,
              ElementsAre("b.example", "c.example"));
  EXPECT_THAT(ParseResolvConf("search b.example c.example\ndomain a.example\n").search,
              ElementsAre("a.example"));
}

TEST(ResolvConf, NamesAreTriedInTheLibrarysOrder) {
  const ResolvConf conf = ParseResolvConf("search a.example b.example\noptions ndots:2\n");
  const CandidateNames dotted = ListCandidateNames(conf, "x.y.z");
  EXPECT_THAT(dotted.names, ElementsAre("x.y.z", "x.y.z.a.example", "x.y.z.b.example"));
  EXPECT_EQ(dotted.as_given, 0u);
  const CandidateNames bare = ListCandidateNames(conf, "x.y");
  EXPECT_THAT(bare.names, ElementsAre("x.y.a.example", "x.y.b.example", "x.y"));
  EXPECT_EQ(bare.as_given, 2u);
  EXPECT_THAT(ListCandidateNames(conf, "x.").names, ElementsAre("x."));
}

TEST(Hosts, FindsEveryAddressOfItsFamily) {
  const char* hosts =
      "127.0.0.1 localhost\n::1 localhost ip6-localhost\n192.0.2.1 Web.Example web # the web\n"
      "192.0.2.2 web.example\n192.0.2.1 web.example\nnonsense web.example\n# 192.0.2.9 "
      "web.example\n";
  EXPECT_THAT(Texts(FindInHosts(hosts, "web.EXAMPLE.", IpAddress::Family::kV4)),
              ElementsAre("192.0.2.1", "192.0.2.2"));
  EXPECT_THAT(Texts(FindInHosts(hosts, "localhost", IpAddress::Family::kV6)), ElementsAre("::1"));
  EXPECT_THAT(FindInHosts(hosts, "web.example", IpAddress::Family::kV6), IsEmpty());
  EXPECT_THAT(FindInHosts(hosts, "the", IpAddress::Family::kV4), IsEmpty());
}

}  // namespace
}  // namespace probemesh::node
