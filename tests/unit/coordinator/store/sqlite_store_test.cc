// What is special about a file: it outlives the process, fills up, breaks, and belongs to one.
#include "coordinator/store/sqlite_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <fstream>
#include <string>

#include "coordinator/store/sqlite_database.h"
#include "coordinator/store/sqlite_schema.h"
#include "tests/unit/coordinator/store/store_test_util.h"

namespace probemesh::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::unique_ptr<SqliteStore> OpenOrDie(const std::string& path, int64_t max_pages = 0) {
  auto store = SqliteStore::Open({path, max_pages});
  EXPECT_TRUE(store.ok()) << store.status();
  return store.ok() ? *std::move(store) : nullptr;
}

IngestBatch HeavyBatch(uint64_t sequence) {
  IngestBatch batch = BatchOf("nodes/a", 1, sequence, sequence);
  batch.items[0].observation.set_detail(std::string(64 << 10, 'x'));
  return batch;
}

TEST(SqliteStore, KeepsEverythingOverARestart) {
  const ScratchDir scratch;
  const std::string path = scratch.File("store.db");
  {
    const auto store = OpenOrDie(path);
    ASSERT_TRUE(store->Ingest(BatchOf("nodes/a", 1, 1, 3)).ok());
  }
  const auto store = OpenOrDie(path);
  EXPECT_EQ(*store->Watermark("nodes/a", 1), 3u);
  EXPECT_THAT(*store->ObservationsOf("diagnoses/1"), SizeIs(3));
}

TEST(SqliteStore, SyncsEveryCommit) {
  const ScratchDir scratch;
  auto database = SqliteDatabase::Open(scratch.File("store.db"));
  ASSERT_TRUE(database.ok());
  ASSERT_TRUE(PrepareSqliteSchema(**database).ok());
  EXPECT_EQ(*(*database)->QueryInteger("PRAGMA synchronous"), 2);  // FULL
  EXPECT_EQ(*(*database)->QueryText("PRAGMA journal_mode"), "wal");
  EXPECT_EQ(*(*database)->QueryInteger("PRAGMA user_version"), kSqliteSchemaVersion);
}

TEST(SqliteStore, AFullDiskFailsTheWriteAndChangesNothing) {
  const ScratchDir scratch;
  const std::string path = scratch.File("store.db");
  uint64_t committed = 0;
  {
    const auto store = OpenOrDie(path, 100);
    absl::Status status;
    while (status.ok()) {
      status = store->Ingest(HeavyBatch(committed + 1)).status();
      if (status.ok()) ++committed;
    }
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("full"));
    EXPECT_EQ(*store->Watermark("nodes/a", 1), committed);
    EXPECT_THAT(*store->ObservationsOf("diagnoses/1"), SizeIs(committed));
  }
  ASSERT_GT(committed, 0u);
  const auto store = OpenOrDie(path);  // room again
  EXPECT_THAT(store->Ingest(HeavyBatch(committed + 1))->accepted, ElementsAre(0));
  EXPECT_THAT(*store->ObservationsOf("diagnoses/1"), SizeIs(committed + 1));
}

// The kernel refuses every write beyond the limit with EFBIG.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t octets) {
    old_handler_ = signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old_limit_);
    const rlimit limit{octets, old_limit_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &old_limit_);
    signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_limit_{};
  void (*old_handler_)(int) = nullptr;
};

TEST(SqliteStore, AnInputOutputErrorFailsTheWriteAndTheNextOneSucceeds) {
  const ScratchDir scratch;
  const auto store = OpenOrDie(scratch.File("store.db"));
  ASSERT_TRUE(store->Ingest(HeavyBatch(1)).ok());
  {
    const FileSizeLimit limit(64 << 10);
    const absl::Status status = store->Ingest(HeavyBatch(2)).status();
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    EXPECT_EQ(*store->Watermark("nodes/a", 1), 1u);
  }
  EXPECT_THAT(store->Ingest(HeavyBatch(2))->accepted, ElementsAre(0));
  EXPECT_THAT(*store->ObservationsOf("diagnoses/1"), SizeIs(2));
}

TEST(SqliteStore, BelongsToOneProcessAtATime) {
  const ScratchDir scratch;
  const std::string path = scratch.File("store.db");
  const auto store = OpenOrDie(path);
  const auto second = SqliteStore::Open({path});
  EXPECT_TRUE(absl::IsUnavailable(second.status())) << second.status();
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("another process"));
}

TEST(SqliteStore, ADamagedFileIsFoundAtOpen) {
  const ScratchDir scratch;
  const std::string path = scratch.File("store.db");
  {
    const auto store = OpenOrDie(path);
    for (uint64_t i = 1; i <= 20; ++i) ASSERT_TRUE(store->Ingest(HeavyBatch(i)).ok());
  }
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096);
    file << std::string(40960, '\x5a');
  }
  const auto store = SqliteStore::Open({path});
  EXPECT_TRUE(absl::IsDataLoss(store.status())) << store.status();
}

TEST(SqliteStore, WhatIsNotADatabaseIsRefused) {
  const ScratchDir scratch;
  std::ofstream(scratch.File("text.db")) << std::string(8192, 't');
  EXPECT_TRUE(absl::IsDataLoss(SqliteStore::Open({scratch.File("text.db")}).status()));
  {
    auto database = SqliteDatabase::Open(scratch.File("other.db"));
    ASSERT_TRUE((*database)->Execute("CREATE TABLE other (x INTEGER)").ok());
  }
  const auto other = SqliteStore::Open({scratch.File("other.db")});
  EXPECT_TRUE(absl::IsDataLoss(other.status()));
  EXPECT_THAT(std::string(other.status().message()), HasSubstr("not a probemesh database"));
}

TEST(SqliteStore, AFileOfANewerProgramIsLeftAlone) {
  const ScratchDir scratch;
  const std::string path = scratch.File("store.db");
  OpenOrDie(path).reset();
  {
    auto database = SqliteDatabase::Open(path);
    ASSERT_TRUE((*database)->Execute("PRAGMA user_version = 999").ok());
  }
  const auto store = SqliteStore::Open({path});
  EXPECT_TRUE(absl::IsFailedPrecondition(store.status())) << store.status();
}

TEST(SqliteStore, AFolderThatIsNotThereIsUnavailable) {
  EXPECT_TRUE(absl::IsUnavailable(SqliteStore::Open({"/nonexistent/store.db"}).status()));
}

}  // namespace
}  // namespace probemesh::coordinator
