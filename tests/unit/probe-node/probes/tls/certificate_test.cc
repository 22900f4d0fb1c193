#include "probe-node/probes/tls/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/clock.h"
#include "common/base/proto_time.h"
#include "tests/support/test_certificates.h"

namespace probemesh::node {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

X509* Leaf(TestIdentity& keep, const std::string& names, const std::string& common_name = "leaf") {
  TestLeaf leaf;
  leaf.common_name = common_name;
  leaf.alternative_names = names;
  keep = MakeSelfSignedLeaf(leaf);
  return keep.certificate.get();
}

TEST(Certificate, IsDescribedWhole) {
  TestIdentity keep;
  const v1::Certificate seen = DescribeCertificate(
      Leaf(keep, "DNS:a.example,DNS:*.b.example,IP:192.0.2.1,IP:2001:db8::1", "the leaf"));
  EXPECT_EQ(seen.subject(), "CN=the leaf");
  EXPECT_EQ(seen.issuer(), "CN=the leaf");
  EXPECT_THAT(seen.dns_names(),
              ElementsAre("a.example", "*.b.example", "192.0.2.1", "2001:db8::1"));
  EXPECT_EQ(seen.sha256().size(), 64u);
  EXPECT_FALSE(seen.serial().empty());
  const absl::Time now = SystemClock().Wall();
  EXPECT_LT(FromProto(seen.not_before()), now);
  EXPECT_GT(FromProto(seen.not_after()), now);
}

TEST(Certificate, TextIsPrintable) {
  TestIdentity keep;
  const v1::Certificate seen = DescribeCertificate(Leaf(keep, "DNS:x", "caf\xc3\xa9\x1b[31m"));
  for (const char c : seen.subject()) EXPECT_TRUE(c >= 0x20 && c < 0x7f);
  EXPECT_LE(seen.subject().size(), 512u);
}

TEST(Certificate, MatchesNamesAsHttpsDoes) {
  TestIdentity keep;
  X509* leaf =
      Leaf(keep, "DNS:www.example.com,DNS:*.wild.example,DNS:p*.part.example", "common.example");
  EXPECT_TRUE(CertificateMatches(leaf, "www.example.com"));
  EXPECT_TRUE(CertificateMatches(leaf, "WWW.EXAMPLE.COM"));
  EXPECT_TRUE(CertificateMatches(leaf, "a.wild.example"));
  EXPECT_FALSE(CertificateMatches(leaf, "a.b.wild.example"));
  EXPECT_FALSE(CertificateMatches(leaf, "wild.example"));
  EXPECT_FALSE(CertificateMatches(leaf, "pa.part.example"));
  EXPECT_FALSE(CertificateMatches(leaf, "common.example"));
  EXPECT_FALSE(CertificateMatches(leaf, ""));
  EXPECT_TRUE(CertificateMatches(Leaf(keep, "", "common.example"), "common.example"));
}

TEST(Certificate, AddressesMatchAddressesOnly) {
  TestIdentity keep;
  X509* leaf = Leaf(keep, "IP:192.0.2.1,IP:2001:db8::1,DNS:192.0.2.2");
  EXPECT_TRUE(CertificateMatches(leaf, "192.0.2.1"));
  EXPECT_TRUE(CertificateMatches(leaf, "2001:db8:0::1"));
  EXPECT_FALSE(CertificateMatches(leaf, "192.0.2.2"));
}

TEST(Certificate, KnowsItsDates) {
  TestIdentity keep;
  const X509* leaf = Leaf(keep, "DNS:x");
  const absl::Time now = SystemClock().Wall();
  EXPECT_FALSE(IsExpired(leaf, now));
  EXPECT_FALSE(IsNotYetValid(leaf, now));
  EXPECT_TRUE(IsExpired(leaf, now + absl::Hours(2)));
  EXPECT_TRUE(IsNotYetValid(leaf, now - absl::Hours(2)));
}

}  // namespace
}  // namespace probemesh::node
