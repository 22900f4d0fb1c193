#include "coordinator/pki/admin_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/pki/client_context.h"
#include "common/pki/key_and_certificate.h"
#include "common/pki/private_file.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temp_directory.h"

namespace probemesh::coordinator {
namespace {

class AdminContextTest : public testing::Test {
 protected:
  internal::v1::ClientContext Ensure(const std::string& endpoint) {
    EXPECT_TRUE(EnsureAdminContext(*authority_, path_, endpoint, clock_.Wall()).ok());
    return LoadClientContext(path_).value();
  }

  TempDirectory folder_;
  ManualClock clock_;
  SeededRandom random_{1};
  std::unique_ptr<CertificateAuthority> authority_ =
      CertificateAuthority::Open(folder_.path(), clock_, random_).value();
  const std::string path_ = folder_ / "admin.context";
};

TEST_F(AdminContextTest, HoldsAnOperator) {
  const internal::v1::ClientContext context = Ensure("127.0.0.1:7443");
  EXPECT_EQ(context.endpoint(), "127.0.0.1:7443");
  EXPECT_EQ(context.ca_pem(), authority_->ca_pem());
  EXPECT_THAT(ReadCertificatePem(context.certificate_pem()).value().uris,
              testing::ElementsAre("spiffe://probemesh/operator/admin"));
}

TEST_F(AdminContextTest, KeepsGoodCredentials) {
  const std::string key = Ensure("127.0.0.1:7443").key_pem();
  EXPECT_EQ(Ensure("127.0.0.1:7443").key_pem(), key);
  const internal::v1::ClientContext moved = Ensure("127.0.0.1:8443");
  EXPECT_EQ(moved.key_pem(), key);
  EXPECT_EQ(moved.endpoint(), "127.0.0.1:8443");
}

TEST_F(AdminContextTest, ReplacesWhatIsOldOrForeignOrBroken) {
  const std::string key = Ensure("127.0.0.1:7443").key_pem();
  clock_.Advance(kServiceCertificateLife * 0.6);
  const std::string renewed = Ensure("127.0.0.1:7443").key_pem();
  EXPECT_NE(renewed, key);

  const TempDirectory elsewhere;
  const auto other = CertificateAuthority::Open(elsewhere.path(), clock_, random_).value();
  ASSERT_TRUE(EnsureAdminContext(*other, path_, "127.0.0.1:7443", clock_.Wall()).ok());
  EXPECT_EQ(Ensure("127.0.0.1:7443").ca_pem(), authority_->ca_pem());

  ASSERT_TRUE(WriteFileAtomically(path_, "nonsense", 0600).ok());
  EXPECT_EQ(Ensure("127.0.0.1:7443").ca_pem(), authority_->ca_pem());
}

}  // namespace
}  // namespace probemesh::coordinator
