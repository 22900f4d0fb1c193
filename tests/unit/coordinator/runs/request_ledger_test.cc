#include "coordinator/runs/request_ledger.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace probemesh::coordinator {
namespace {

using Ledger = RequestLedger<v1::ProbeRun>;

v1::ProbeRun Named(const std::string& name) {
  v1::ProbeRun run;
  run.set_name(name);
  return run;
}

class RequestLedgerTest : public testing::Test {
 protected:
  // The reply that a new creation must use, or nullptr.
  Reply<v1::ProbeRun> Ask(const std::string& id, const std::string& fingerprint = "x",
                          absl::Duration now = absl::ZeroDuration()) {
    return ledger_.Admit(
        id, fingerprint, now,
        [this](absl::StatusOr<v1::ProbeRun> reply) { replies_.push_back(std::move(reply)); },
        [](const std::string& name, Reply<v1::ProbeRun> reply) { reply(Named("again " + name)); });
  }
  Ledger ledger_;
  std::vector<absl::StatusOr<v1::ProbeRun>> replies_;
};

TEST_F(RequestLedgerTest, JoinsAndRemembers) {
  const Reply<v1::ProbeRun> first = Ask("id");
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(Ask("id"), nullptr);
  EXPECT_TRUE(replies_.empty());
  first(Named("run"));
  ASSERT_EQ(replies_.size(), 2u);
  EXPECT_EQ(replies_[1]->name(), "run");
  EXPECT_EQ(Ask("id"), nullptr);
  EXPECT_EQ(replies_[2]->name(), "again run");
  EXPECT_EQ(Ask("id", "other"), nullptr);
  EXPECT_EQ(replies_[3].status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(Ask("id", "other", kRequestIdLifetime), nullptr);
}

TEST_F(RequestLedgerTest, FailuresMayBeTriedAgain) {
  Ask("id")(absl::UnavailableError("disk full"));
  EXPECT_EQ(replies_[0].status().code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(Ask("id"), nullptr);
}

TEST_F(RequestLedgerTest, WithoutAnIdEveryRequestIsNew) {
  EXPECT_NE(Ask(""), nullptr);
  EXPECT_NE(Ask(""), nullptr);
  EXPECT_EQ(ledger_.size(), 0u);
}

TEST_F(RequestLedgerTest, IsBounded) {
  EXPECT_EQ(Ask(std::string(kMaxRequestIdOctets + 1, 'x')), nullptr);
  EXPECT_EQ(replies_[0].status().code(), absl::StatusCode::kInvalidArgument);
  for (size_t i = 0; i < kMaxRequestIds + 50; ++i) Ask(absl::StrCat("id", i))(Named("run"));
  EXPECT_EQ(ledger_.size(), kMaxRequestIds);
}

}  // namespace
}  // namespace probemesh::coordinator
