// What every store must do, whatever it is made of.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coordinator/store/sqlite_store.h"
#include "coordinator/store/store.h"
#include "tests/support/memory_store.h"
#include "tests/unit/coordinator/store/store_test_util.h"

namespace probemesh::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

const absl::Time kNow = absl::FromUnixSeconds(1767225600);

enum class Kind { kMemory, kSqlite };

class StoreConformance : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    if (GetParam() == Kind::kMemory) {
      store_ = std::make_unique<MemoryStore>();
      return;
    }
    auto opened = SqliteStore::Open({scratch_.File("store.db")});
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
  }

  std::vector<std::string> CommandsOf(const std::string& run) {
    std::vector<std::string> ids;
    const auto observations = store_->ObservationsOf(run);
    EXPECT_TRUE(observations.ok()) << observations.status();
    for (const v1::Observation& observation : *observations)
      ids.push_back(observation.command_id());
    return ids;
  }

  ScratchDir scratch_;
  std::unique_ptr<Store> store_;
};

std::string NameOf(const ::testing::TestParamInfo<Kind>& kind) {
  return kind.param == Kind::kMemory ? "Memory" : "Sqlite";
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreConformance, ::testing::Values(Kind::kMemory, Kind::kSqlite),
                         NameOf);

TEST_P(StoreConformance, StartsEmpty) {
  EXPECT_THAT(*store_->ListNodes(), IsEmpty());
  EXPECT_THAT(*store_->ListTokens(), IsEmpty());
  EXPECT_EQ(*store_->Watermark("nodes/a", 1), 0u);
  EXPECT_THAT(*store_->ObservationsOf("diagnoses/none"), IsEmpty());
  EXPECT_THAT(store_->ListDiagnoses(10, "")->diagnoses, IsEmpty());
  EXPECT_EQ(*store_->InterruptRunning(), 0);
}

TEST_P(StoreConformance, NodesAreInsertedReplacedAndListedByName) {
  StoredNode node;
  node.name = "nodes/b";
  node.uid = "uid-b";
  node.spki_sha256 = "key-b";
  node.node.set_group("as64500");
  (*node.node.mutable_labels())["site"] = "fra";
  node.token_labels = {{"env", "prod"}, {"site", "fra"}};
  node.certificate_serials = {"0a", "0b"};
  ASSERT_TRUE(store_->PutNode(node).ok());
  StoredNode other;
  other.name = "nodes/a";
  ASSERT_TRUE(store_->PutNode(other).ok());
  node.revoked = true;
  node.drained = true;
  ASSERT_TRUE(store_->PutNode(node).ok());

  const auto nodes = store_->ListNodes();
  ASSERT_TRUE(nodes.ok()) << nodes.status();
  ASSERT_EQ(nodes->size(), 2u);
  EXPECT_EQ((*nodes)[0].name, "nodes/a");
  EXPECT_FALSE((*nodes)[0].revoked);
  const StoredNode& read = (*nodes)[1];
  EXPECT_EQ(read.uid, "uid-b");
  EXPECT_EQ(read.spki_sha256, "key-b");
  EXPECT_EQ(read.node.group(), "as64500");
  EXPECT_EQ(read.node.labels().at("site"), "fra");
  EXPECT_THAT(read.token_labels, ElementsAre(Pair("env", "prod"), Pair("site", "fra")));
  EXPECT_THAT(read.certificate_serials, ElementsAre("0a", "0b"));
  EXPECT_TRUE(read.revoked);
  EXPECT_TRUE(read.drained);
}

StoredToken TokenOf(const std::string& id) {
  StoredToken token;
  token.id = id;
  token.secret_sha256 = "digest";
  token.node = "nodes/fra-1";
  token.labels = {{"env", "prod"}};
  token.create_time = kNow;
  token.expire_time = kNow + absl::Minutes(15);
  token.max_uses = 2;
  token.last_use_time = absl::UnixEpoch();
  return token;
}

TEST_P(StoreConformance, TokensAreKeptWhole) {
  ASSERT_TRUE(store_->PutToken(TokenOf("bbbb")).ok());
  ASSERT_TRUE(store_->PutToken(TokenOf("aaaa")).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(store_->PutToken(TokenOf("aaaa"))));
  const auto tokens = store_->ListTokens();
  ASSERT_EQ(tokens->size(), 2u);
  const StoredToken& token = tokens->front();
  EXPECT_EQ(token.id, "aaaa");
  EXPECT_EQ(token.secret_sha256, "digest");
  EXPECT_EQ(token.node, "nodes/fra-1");
  EXPECT_THAT(token.labels, ElementsAre(Pair("env", "prod")));
  EXPECT_EQ(token.create_time, kNow);
  EXPECT_EQ(token.expire_time, kNow + absl::Minutes(15));
  EXPECT_EQ(token.max_uses, 2u);
  EXPECT_EQ(token.uses, 0u);
  EXPECT_FALSE(token.revoked);
}

StoredNode NodeWithKey(const std::string& spki_sha256) {
  StoredNode node;
  node.name = absl::StrCat("nodes/of-", spki_sha256);
  node.spki_sha256 = spki_sha256;
  return node;
}

TEST_P(StoreConformance, ATokenIsBurntOnlyAsOftenAsItAllows) {
  ASSERT_TRUE(store_->PutToken(TokenOf("aaaa")).ok());
  const absl::Time later = kNow + absl::Minutes(1);
  EXPECT_TRUE(store_->Enroll("aaaa", kNow, NodeWithKey("key-1")).ok());
  EXPECT_TRUE(store_->Enroll("aaaa", later, NodeWithKey("key-2")).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(store_->Enroll("aaaa", later, NodeWithKey("key-3"))));
  const StoredToken token = store_->ListTokens()->front();
  EXPECT_EQ(token.uses, 2u);
  EXPECT_EQ(token.last_spki_sha256, "key-2");
  EXPECT_EQ(token.last_use_time, later);
  EXPECT_EQ(store_->ListNodes()->size(), 2u) << "each use writes its node, and only then";
}

TEST_P(StoreConformance, DeadTokensCannotBeBurnt) {
  ASSERT_TRUE(store_->PutToken(TokenOf("aaaa")).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(store_->Enroll("none", kNow, NodeWithKey("key"))));
  EXPECT_TRUE(absl::IsFailedPrecondition(
      store_->Enroll("aaaa", kNow + absl::Minutes(15), NodeWithKey("key"))));  // expired on the dot
  EXPECT_TRUE(store_->RevokeToken("aaaa").ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(store_->Enroll("aaaa", kNow, NodeWithKey("key"))));
  EXPECT_TRUE(store_->ListTokens()->front().revoked);
  EXPECT_EQ(store_->ListTokens()->front().uses, 0u);
  EXPECT_TRUE(absl::IsNotFound(store_->RevokeToken("none")));
}

TEST_P(StoreConformance, IngestsEachResultOnce) {
  ASSERT_THAT(store_->Ingest(BatchOf("nodes/a", 7, 1, 3))->accepted, ElementsAre(0, 1, 2));
  const auto again = store_->Ingest(BatchOf("nodes/a", 7, 2, 5));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_THAT(again->accepted, ElementsAre(2, 3));
  EXPECT_EQ(again->acked_sequence, 5u);
  EXPECT_EQ(*store_->Watermark("nodes/a", 7), 5u);
  EXPECT_THAT(CommandsOf("diagnoses/1"),
              ElementsAre("command-1", "command-2", "command-3", "command-4", "command-5"));
}

TEST_P(StoreConformance, GenerationsAndNodesHaveWatermarksOfTheirOwn) {
  constexpr uint64_t kHighBit = uint64_t{1} << 63;
  ASSERT_TRUE(store_->Ingest(BatchOf("nodes/a", kHighBit, 1, 3)).ok());
  EXPECT_EQ(*store_->Watermark("nodes/a", kHighBit), 3u);
  EXPECT_EQ(*store_->Watermark("nodes/a", 7), 0u);
  EXPECT_EQ(*store_->Watermark("nodes/b", kHighBit), 0u);
  EXPECT_EQ(store_->Ingest(BatchOf("nodes/a", 7, 1, 1))->accepted.size(), 1u);
}

TEST_P(StoreConformance, NothingBeyondAGapIsAccepted) {
  const auto result = store_->Ingest(BatchOf("nodes/a", 7, 2, 4));
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(result->accepted, IsEmpty());
  EXPECT_EQ(result->acked_sequence, 0u);
  EXPECT_THAT(CommandsOf("diagnoses/1"), IsEmpty());
}

TEST_P(StoreConformance, AnAllowedGapMovesTheWatermark) {
  IngestBatch batch = BatchOf("nodes/a", 7, 101, 102);
  batch.allow_gap = true;
  EXPECT_EQ(store_->Ingest(batch)->acked_sequence, 102u);
  EXPECT_EQ(*store_->Watermark("nodes/a", 7), 102u);
}

TEST_P(StoreConformance, BatchesOfManyNodesAreOneCommit) {
  const auto results = store_->IngestAll(
      {BatchOf("nodes/a", 1, 1, 2), BatchOf("nodes/b", 2, 1, 1), BatchOf("nodes/a", 1, 2, 3)});
  ASSERT_TRUE(results.ok()) << results.status();
  ASSERT_EQ(results->size(), 3u);
  EXPECT_EQ((*results)[0].acked_sequence, 2u);
  EXPECT_EQ((*results)[1].acked_sequence, 1u);
  EXPECT_THAT((*results)[2].accepted, ElementsAre(1));
  EXPECT_EQ(CommandsOf("diagnoses/1").size(), 4u);
  EXPECT_TRUE(store_->IngestAll({})->empty());
}

TEST_P(StoreConformance, ResultsFindTheirRuns) {
  IngestBatch batch = BatchOf("nodes/a", 1, 1, 0);
  batch.items = {ItemOf(1, "diagnoses/x"), ItemOf(2, ""), ItemOf(3, "probeRuns/y"),
                 ItemOf(4, "diagnoses/x")};
  ASSERT_EQ(store_->Ingest(batch)->accepted.size(), 4u);
  EXPECT_THAT(CommandsOf("diagnoses/x"), ElementsAre("command-1", "command-4"));
  EXPECT_THAT(CommandsOf("probeRuns/y"), ElementsAre("command-3"));
  EXPECT_THAT(CommandsOf(""), IsEmpty());
}

TEST_P(StoreConformance, ADiagnosisIsKeptWithoutItsObservationsAndReadBackWithThem) {
  v1::Diagnosis diagnosis = DiagnosisOf("diagnoses/1", kNow, v1::Diagnosis::RUNNING);
  diagnosis.add_vantages()->add_observations()->set_command_id("inline");
  diagnosis.mutable_vantages(0)->set_node("nodes/a");
  v1::EvidenceBundle bundle;
  bundle.set_diagnosis("diagnoses/1");
  bundle.add_controls("192.0.2.1:443");
  bundle.add_observations()->set_command_id("inline");
  ASSERT_TRUE(store_->PutDiagnosis(diagnosis, bundle).ok());
  ASSERT_TRUE(store_->Ingest(BatchOf("nodes/a", 1, 1, 2)).ok());
  diagnosis.set_state(v1::Diagnosis::DONE);
  ASSERT_TRUE(store_->PutDiagnosis(diagnosis, bundle).ok());

  const auto read = store_->GetDiagnosis("diagnoses/1");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->state(), v1::Diagnosis::DONE);
  ASSERT_EQ(read->vantages_size(), 1);
  EXPECT_EQ(read->vantages(0).node(), "nodes/a");
  EXPECT_EQ(read->vantages(0).observations_size(), 0);
  const auto read_bundle = store_->GetBundle("diagnoses/1");
  ASSERT_TRUE(read_bundle.ok()) << read_bundle.status();
  EXPECT_THAT(read_bundle->controls(), ElementsAre("192.0.2.1:443"));
  ASSERT_EQ(read_bundle->observations_size(), 2);
  EXPECT_EQ(read_bundle->observations(0).command_id(), "command-1");

  EXPECT_TRUE(absl::IsNotFound(store_->GetDiagnosis("diagnoses/none").status()));
  EXPECT_TRUE(absl::IsNotFound(store_->GetBundle("diagnoses/none").status()));
}

TEST_P(StoreConformance, HistoryComesNewestFirstInPagesThatNewEntriesDoNotShift) {
  const auto put = [this](const std::string& name, int minute) {
    ASSERT_TRUE(
        store_
            ->PutDiagnosis(DiagnosisOf(name, kNow + absl::Minutes(minute), v1::Diagnosis::DONE), {})
            .ok());
  };
  put("diagnoses/b", 1);
  put("diagnoses/a", 1);
  put("diagnoses/c", 0);
  put("diagnoses/d", 2);
  std::vector<std::string> names;
  std::string token;
  do {
    const auto page = store_->ListDiagnoses(2, token);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const v1::Diagnosis& diagnosis : page->diagnoses) names.push_back(diagnosis.name());
    token = page->next_page_token;
    put("diagnoses/new", 9);
  } while (!token.empty());
  EXPECT_THAT(names, ElementsAre("diagnoses/d", "diagnoses/b", "diagnoses/a", "diagnoses/c"));
  EXPECT_TRUE(absl::IsInvalidArgument(store_->ListDiagnoses(2, "bogus").status()));
}

TEST_P(StoreConformance, APageThatIsExactlyFullHasNoSuccessor) {
  ASSERT_TRUE(store_->PutDiagnosis(DiagnosisOf("diagnoses/a", kNow, v1::Diagnosis::DONE), {}).ok());
  const auto page = store_->ListDiagnoses(1, "");
  EXPECT_EQ(page->diagnoses.size(), 1u);
  EXPECT_EQ(page->next_page_token, "");
}

TEST_P(StoreConformance, WhatWasRunningIsInterruptedAtStart) {
  const auto put = [this](const std::string& name, v1::Diagnosis::State state) {
    v1::EvidenceBundle bundle;
    bundle.set_diagnosis(name);
    ASSERT_TRUE(store_->PutDiagnosis(DiagnosisOf(name, kNow, state), bundle).ok());
  };
  put("diagnoses/running", v1::Diagnosis::RUNNING);
  put("diagnoses/done", v1::Diagnosis::DONE);
  EXPECT_EQ(*store_->InterruptRunning(), 1);
  EXPECT_EQ(*store_->InterruptRunning(), 0);
  EXPECT_EQ(store_->GetDiagnosis("diagnoses/running")->state(), v1::Diagnosis::INTERRUPTED);
  EXPECT_EQ(store_->GetBundle("diagnoses/running")->diagnosis(), "diagnoses/running");
  EXPECT_EQ(store_->GetDiagnosis("diagnoses/done")->state(), v1::Diagnosis::DONE);
}

}  // namespace
}  // namespace probemesh::coordinator
