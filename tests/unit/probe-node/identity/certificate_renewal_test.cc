#include "probe-node/identity/certificate_renewal.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/manual_clock.h"
#include "tests/support/test_authority.h"

namespace probemesh::node {
namespace {

class CertificateRenewalTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto issued = authority_.Node("fra-1");
    identity_.set_node("nodes/fra-1");
    identity_.set_key_pem(issued.key_pem);
    identity_.set_certificate_chain_pem(issued.chain_pem);
    identity_.set_ca_bundle_pem(authority_->ca_pem());
    before_ = identity_;
  }

  CertificateRenewal Renewal() { return {identity_, path_, clock_, random_}; }

  // At a moment when it is due for certain.
  std::string LateRequest(CertificateRenewal& renewal) {
    clock_.Advance(coordinator::kNodeCertificateLife * 0.8);
    return renewal.DueRequest();
  }
  v1::IssuedCertificate Issue(const std::string& csr, const std::string& node = "fra-1") {
    v1::IssuedCertificate issued;
    issued.set_certificate_chain_pem(authority_->SignNode(csr, node).value().chain_pem);
    issued.set_ca_bundle_pem(authority_->ca_pem() + "\n");
    return issued;
  }

  ManualClock clock_;
  SeededRandom random_{1};
  TestAuthority authority_{clock_};
  TempDirectory dir_;
  std::string path_ = dir_ / "identity.json";
  NodeIdentity identity_;
  NodeIdentity before_;
};

TEST_F(CertificateRenewalTest, DueInTheThirdQuarterOfTheLife) {
  const auto facts = ReadCertificatePem(identity_.certificate_chain_pem()).value();
  const absl::Duration life = facts.not_after - facts.not_before;
  absl::Time earliest = absl::InfiniteFuture();
  absl::Time latest = absl::InfinitePast();
  for (int i = 0; i < 200; ++i) {
    const absl::Time due = Renewal().due();
    earliest = std::min(earliest, due);
    latest = std::max(latest, due);
  }
  EXPECT_GE(earliest, facts.not_before + life / 2);
  EXPECT_LE(earliest, facts.not_before + life * 0.55);
  EXPECT_LE(latest, facts.not_before + life * 0.75);
  EXPECT_GE(latest, facts.not_before + life * 0.7);
}

TEST_F(CertificateRenewalTest, NothingIsAskedForTooEarly) {
  CertificateRenewal renewal = Renewal();
  EXPECT_EQ(renewal.DueRequest(), "");
  clock_.Advance(coordinator::kNodeCertificateLife * 0.4);
  EXPECT_EQ(renewal.DueRequest(), "");
}

TEST_F(CertificateRenewalTest, NewKeyAndCertificateAreStoredTogetherAndUsed) {
  CertificateRenewal renewal = Renewal();
  const std::string csr = LateRequest(renewal);
  ASSERT_FALSE(csr.empty());
  renewal.OnIssued(Issue(csr));
  EXPECT_NE(identity_.key_pem(), before_.key_pem());
  EXPECT_NE(identity_.certificate_chain_pem(), before_.certificate_chain_pem());
  EXPECT_NE(identity_.ca_bundle_pem(), before_.ca_bundle_pem());
  const auto stored = LoadIdentity(path_);
  ASSERT_TRUE(stored.ok()) << stored.status();
  EXPECT_EQ(stored->key_pem(), identity_.key_pem());
  EXPECT_GT(renewal.due(), clock_.Wall());
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(renewal.DueRequest(), "");
}

TEST_F(CertificateRenewalTest, UnansweredRequestIsRepeatedAfterAWhileWithAnotherKey) {
  CertificateRenewal renewal = Renewal();
  const std::string first = LateRequest(renewal);
  EXPECT_EQ(renewal.DueRequest(), "");
  clock_.Advance(CertificateRenewal::kRetryAfter);
  const std::string second = renewal.DueRequest();
  ASSERT_FALSE(second.empty());
  EXPECT_NE(SpkiSha256OfCsr(first).value(), SpkiSha256OfCsr(second).value());
  renewal.OnIssued(Issue(first));  // too late: its key is gone
  EXPECT_EQ(identity_.key_pem(), before_.key_pem());
}

TEST_F(CertificateRenewalTest, WhatDoesNotFitChangesNothing) {
  CertificateRenewal renewal = Renewal();
  renewal.OnIssued(Issue(MakeCsrDer(before_.key_pem()).value()));  // not asked for
  const std::string csr = LateRequest(renewal);
  renewal.OnIssued(Issue(csr, "ams-1"));
  EXPECT_EQ(identity_.DebugString(), before_.DebugString());
  clock_.Advance(CertificateRenewal::kRetryAfter);
  renewal.DueRequest();
  renewal.OnIssued(v1::IssuedCertificate());
  EXPECT_EQ(identity_.DebugString(), before_.DebugString());
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(CertificateRenewalTest, AnswerAfterTheSessionEndedIsNotUsed) {
  CertificateRenewal renewal = Renewal();
  const std::string csr = LateRequest(renewal);
  renewal.OnSessionEnded();
  renewal.OnIssued(Issue(csr));
  EXPECT_EQ(identity_.DebugString(), before_.DebugString());
}

TEST_F(CertificateRenewalTest, DiskThatFailsKeepsTheOldIdentity) {
  CertificateRenewal renewal(identity_, dir_ / "no/such/folder", clock_, random_);
  renewal.OnIssued(Issue(LateRequest(renewal)));
  EXPECT_EQ(identity_.DebugString(), before_.DebugString());
}

}  // namespace
}  // namespace probemesh::node
