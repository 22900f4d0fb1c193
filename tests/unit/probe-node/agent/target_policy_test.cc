#include "probe-node/agent/target_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"

namespace probemesh::node {
namespace {

using testing::HasSubstr;

std::vector<IpPrefix> Prefixes(const std::vector<std::string>& texts) {
  std::vector<IpPrefix> prefixes;
  for (const std::string& text : texts) prefixes.push_back(IpPrefix::Parse(text).value());
  return prefixes;
}

class TargetPolicyTest : public testing::Test {
 protected:
  absl::Status Check(const std::string& address, const std::vector<std::string>& allow = {},
                     const std::vector<std::string>& deny = {}) {
    const TargetPolicy policy({Prefixes(allow), Prefixes(deny)}, clock_, [this] { return own_; });
    return policy.Check(IpAddress::Parse(address).value());
  }
  bool Allowed(const std::string& address, const std::vector<std::string>& allow = {},
               const std::vector<std::string>& deny = {}) {
    const absl::Status status = Check(address, allow, deny);
    EXPECT_TRUE(status.ok() || absl::IsPermissionDenied(status));
    return status.ok();
  }

  ManualClock clock_;
  std::vector<IpAddress> own_;
};

TEST_F(TargetPolicyTest, PublicAddressesAreAllowed) {
  for (const char* address : {"1.1.1.1", "9.9.9.9", "11.0.0.0", "100.63.255.255", "100.128.0.0",
                              "172.15.255.255", "172.32.0.0", "192.0.1.0", "223.255.255.255",
                              "2606:4700::1111", "2a01:4f8::1", "2001:4860::8888"}) {
    EXPECT_TRUE(Allowed(address)) << address;
  }
}

TEST_F(TargetPolicyTest, FirstAndLastAddressOfEveryDeniedRangeIsDenied) {
  for (const char* address : {"0.0.0.0",      "0.255.255.255",   "10.0.0.0",      "10.255.255.255",
                              "100.64.0.0",   "100.127.255.255", "127.0.0.1",     "127.255.255.255",
                              "169.254.0.0",  "169.254.255.255", "172.16.0.0",    "172.31.255.255",
                              "192.0.0.0",    "192.0.0.255",     "192.0.2.1",     "192.88.99.1",
                              "192.168.0.0",  "192.168.255.255", "198.18.0.0",    "198.19.255.255",
                              "198.51.100.7", "203.0.113.255",   "224.0.0.0",     "239.255.255.255",
                              "240.0.0.0",    "255.255.255.255", "168.63.129.16", "::",
                              "::1",          "::7f00:1",        "64:ff9b:1::1",  "100::1",
                              "2001::1",      "2001:10::1",      "2001:20::1",    "2001:db8::1",
                              "2002::1",      "fc00::1",         "fdff::1",       "fe80::1",
                              "febf::1",      "fec0::1",         "ff02::1"}) {
    EXPECT_FALSE(Allowed(address)) << address;
  }
}

TEST_F(TargetPolicyTest, EmbeddedIpv4IsJudgedAsItself) {
  EXPECT_FALSE(Allowed("::ffff:127.0.0.1"));
  EXPECT_FALSE(Allowed("::ffff:169.254.169.254"));
  EXPECT_TRUE(Allowed("::ffff:1.1.1.1"));
  EXPECT_FALSE(Allowed("64:ff9b::10.0.0.1"));
  EXPECT_TRUE(Allowed("64:ff9b::1.1.1.1"));
  EXPECT_FALSE(Allowed("2002:7f00:1::1", {"2002::/16"}));
  EXPECT_TRUE(Allowed("2002:101:101::1", {"2002::/16"}));
  // A grant of the IPv4 range counts for its mapped form, a grant of all of IPv6 does not help it.
  EXPECT_TRUE(Allowed("::ffff:10.0.0.1", {"10.0.0.0/8"}));
  EXPECT_FALSE(Allowed("::ffff:10.0.0.1", {"::/0"}));
  EXPECT_FALSE(Allowed("64:ff9b::10.0.0.1", {"::/0"}));
}

TEST_F(TargetPolicyTest, GrantsOpenWhatIsDeniedByDefaultAndNothingElse) {
  EXPECT_TRUE(Allowed("10.1.2.3", {"10.0.0.0/8"}));
  EXPECT_TRUE(Allowed("127.0.0.1", {"127.0.0.1"}));
  EXPECT_TRUE(Allowed("fd00::1", {"fd00::/8"}));
  EXPECT_FALSE(Allowed("192.168.1.1", {"10.0.0.0/8", "fd00::/8"}));
  EXPECT_TRUE(Allowed("1.1.1.1", {"10.0.0.0/8"}));
}

TEST_F(TargetPolicyTest, MetadataServicesNeedAGrantOfTheirVeryAddress) {
  for (const char* address :
       {"169.254.169.254", "100.100.100.200", "168.63.129.16", "169.254.170.2"}) {
    EXPECT_FALSE(Allowed(address, {"0.0.0.0/0"})) << address;
    EXPECT_FALSE(Allowed(address, {std::string(address) + "/31"})) << address;
    EXPECT_TRUE(Allowed(address, {address})) << address;
  }
  EXPECT_FALSE(Allowed("fd00:ec2::254", {"fd00::/8"}));
  EXPECT_TRUE(Allowed("fd00:ec2::254", {"fd00:ec2::254/128"}));
  EXPECT_FALSE(Allowed("::ffff:169.254.169.254", {"0.0.0.0/0", "::/0"}));
  EXPECT_THAT(std::string(Check("169.254.169.254", {"169.254.0.0/16"}).message()),
              HasSubstr("metadata"));
}

TEST_F(TargetPolicyTest, DenyBeatsEveryGrant) {
  EXPECT_FALSE(Allowed("1.1.1.1", {}, {"1.1.1.0/24"}));
  EXPECT_FALSE(Allowed("10.0.0.1", {"10.0.0.1/32"}, {"10.0.0.0/8"}));
  EXPECT_FALSE(Allowed("::ffff:1.1.1.1", {}, {"1.1.1.1"}));
}

TEST_F(TargetPolicyTest, OwnAddressesNeedAGrant) {
  own_ = {IpAddress::Parse("1.2.3.4").value()};
  EXPECT_FALSE(Allowed("1.2.3.4"));
  EXPECT_FALSE(Allowed("::ffff:1.2.3.4"));
  EXPECT_TRUE(Allowed("1.2.3.5"));
  EXPECT_TRUE(Allowed("1.2.3.4", {"1.2.3.0/24"}));
}

TEST_F(TargetPolicyTest, OwnAddressesAreLookedUpAgainFromTimeToTime) {
  const TargetPolicy policy({}, clock_, [this] { return own_; });
  const IpAddress address = IpAddress::Parse("1.2.3.4").value();
  EXPECT_TRUE(policy.Check(address).ok());
  own_ = {address};
  clock_.Advance(absl::Seconds(10));
  EXPECT_FALSE(policy.Check(address).ok());
}

TEST_F(TargetPolicyTest, ReasonsNameTheRange) {
  EXPECT_EQ(Check("10.1.2.3").message(),
            "10.1.2.3 is in 10.0.0.0/8 (private), which the owner of this node has not granted");
}

TEST(InterfaceAddressesTest, IncludeLoopback) {
  EXPECT_THAT(InterfaceAddresses(), testing::Contains(IpAddress::Parse("127.0.0.1").value()));
}

}  // namespace
}  // namespace probemesh::node
