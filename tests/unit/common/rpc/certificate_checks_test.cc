#include "common/rpc/certificate_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/pki/key_and_certificate.h"
#include "tests/support/manual_clock.h"
#include "tests/support/test_authority.h"

namespace probemesh {
namespace {

TEST(CoordinatorUris, ExactlyOneCoordinator) {
  const std::string coordinator = "spiffe://probemesh/coordinator/coordinator";
  EXPECT_TRUE(CheckCoordinatorUris({coordinator}).ok());
  for (const std::vector<std::string>& uris : {std::vector<std::string>{},
                                               {"spiffe://probemesh/node/fra-1"},
                                               {coordinator, "spiffe://probemesh/node/fra-1"},
                                               {"https://example.com"}}) {
    EXPECT_EQ(CheckCoordinatorUris(uris).code(), absl::StatusCode::kUnauthenticated);
  }
}

class PinnedChain : public testing::Test {
 protected:
  TestAuthority authority_;
  TestAuthority foreign_;
};

TEST_F(PinnedChain, TheCoordinatorOfThePinnedAuthorityIsAccepted) {
  const std::string chain = authority_->IssueCoordinator({}).value().chain_pem;
  EXPECT_TRUE(CheckPinnedChain(chain, authority_->spki_sha256()).ok());
}

TEST_F(PinnedChain, AnotherPinIsRefused) {
  const std::string chain = authority_->IssueCoordinator({}).value().chain_pem;
  const absl::Status status = CheckPinnedChain(chain, foreign_->spki_sha256());
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("wrong pin"));
}

TEST_F(PinnedChain, ThePinnedAuthorityMustHaveSignedTheLeaf) {
  // An impostor appends the true CA, which is public, to a chain of its own.
  const std::string chain = foreign_->IssueCoordinator({}).value().chain_pem + authority_->ca_pem();
  EXPECT_EQ(CheckPinnedChain(chain, authority_->spki_sha256()).code(),
            absl::StatusCode::kUnauthenticated);
}

TEST_F(PinnedChain, TheAuthorityAloneIsNoServer) {
  EXPECT_FALSE(CheckPinnedChain(authority_->ca_pem(), authority_->spki_sha256()).ok());
}

TEST_F(PinnedChain, ANodeIsNoCoordinator) {
  const std::string chain = authority_.Node("fra-1").chain_pem + authority_->ca_pem();
  EXPECT_FALSE(CheckPinnedChain(chain, authority_->spki_sha256()).ok());
}

TEST_F(PinnedChain, AnExpiredCertificateIsRefused) {
  ManualClock clock;
  clock.SetWall(SystemClock().Wall() - coordinator::kServiceCertificateLife - absl::Hours(1));
  TestAuthority old(clock);
  const absl::Status status =
      CheckPinnedChain(old->IssueCoordinator({}).value().chain_pem, old->spki_sha256());
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("expired"));
}

TEST_F(PinnedChain, NonsenseIsRefused) {
  EXPECT_FALSE(CheckPinnedChain("", authority_->spki_sha256()).ok());
  EXPECT_FALSE(CheckPinnedChain("nonsense", authority_->spki_sha256()).ok());
  EXPECT_FALSE(CheckPinnedChain(authority_->ca_pem(), "").ok());
}

}  // namespace
}  // namespace probemesh
