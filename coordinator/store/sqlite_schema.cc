#include "coordinator/store/sqlite_schema.h"

#include <array>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace probemesh::coordinator {
namespace {

// "PMSH": tells our file from any other SQLite file (sqlite.org/fileformat2.html, 1.3.18).
constexpr int64_t kApplicationId = 0x504d5348;

// A check reads the whole file: beyond this size, damage is found when a damaged page is read.
constexpr int64_t kMaxCheckedOctets = int64_t{256} << 20;

// Times are microseconds since the Unix epoch. An observation row holds what one commit brought for
// one run; `run` is null where no run is known. Nothing but rows of INSERT ever changes it.
constexpr char kVersion1[] = R"sql(
CREATE TABLE nodes (
  name TEXT PRIMARY KEY,
  uid TEXT NOT NULL,
  spki_sha256 TEXT NOT NULL,
  revoked INTEGER NOT NULL,
  drained INTEGER NOT NULL,
  record BLOB NOT NULL,
  extras BLOB NOT NULL
);
CREATE TABLE join_tokens (
  id TEXT PRIMARY KEY,
  secret_sha256 TEXT NOT NULL,
  node TEXT NOT NULL,
  labels BLOB NOT NULL,
  create_time BIGINT NOT NULL,
  expire_time BIGINT NOT NULL,
  max_uses BIGINT NOT NULL,
  uses BIGINT NOT NULL,
  revoked INTEGER NOT NULL,
  last_spki_sha256 TEXT NOT NULL,
  last_use_time BIGINT NOT NULL
);
CREATE TABLE watermarks (
  node TEXT NOT NULL,
  generation BIGINT NOT NULL,
  sequence BIGINT NOT NULL,
  PRIMARY KEY (node, generation)
);
CREATE TABLE observations (
  id INTEGER PRIMARY KEY,
  run TEXT,
  node TEXT NOT NULL,
  generation BIGINT NOT NULL,
  first_sequence BIGINT NOT NULL,
  last_sequence BIGINT NOT NULL,
  pack BLOB NOT NULL
);
CREATE INDEX observations_by_run ON observations (run, id) WHERE run IS NOT NULL;
CREATE TABLE diagnoses (
  name TEXT PRIMARY KEY,
  create_time BIGINT NOT NULL,
  state INTEGER NOT NULL,
  resource BLOB NOT NULL,
  bundle BLOB NOT NULL
);
CREATE INDEX diagnoses_by_time ON diagnoses (create_time, name);
CREATE INDEX diagnoses_by_state ON diagnoses (state);
)sql";

// Step i brings a file from version i to version i + 1.
constexpr std::array<const char*, kSqliteSchemaVersion> kMigrations = {kVersion1};

// Exclusive: a second coordinator on the same folder would hand out the same epochs. FULL: an ack
// promises that a power cut loses nothing.
constexpr char kConnectionSettings[] = R"sql(
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
PRAGMA cache_size = -65536;
PRAGMA wal_autocheckpoint = 4000;
)sql";

absl::Status CheckIntegrity(SqliteDatabase& database) {
  PM_ASSIGN_OR_RETURN(const int64_t pages, database.QueryInteger("PRAGMA page_count"));
  PM_ASSIGN_OR_RETURN(const int64_t page_size, database.QueryInteger("PRAGMA page_size"));
  if (pages * page_size > kMaxCheckedOctets) return absl::OkStatus();
  PM_ASSIGN_OR_RETURN(const std::string verdict, database.QueryText("PRAGMA quick_check(1)"));
  if (verdict == "ok") return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("the store is damaged: ", verdict,
                                          "; restore it from a backup, or move it away to start "
                                          "with an empty one"));
}

absl::Status CheckOwner(SqliteDatabase& database, int64_t version) {
  PM_ASSIGN_OR_RETURN(const int64_t owner, database.QueryInteger("PRAGMA application_id"));
  PM_ASSIGN_OR_RETURN(const int64_t tables,
                      database.QueryInteger("SELECT count(*) FROM sqlite_master"));
  const bool fresh = owner == 0 && version == 0 && tables == 0;
  if (fresh || owner == kApplicationId) return absl::OkStatus();
  return absl::DataLossError("the store is not a probemesh database");
}

absl::Status MigrateFrom(SqliteDatabase& database, size_t version) {
  return database.InTransaction([&database, version]() -> absl::Status {
    PM_RETURN_IF_ERROR(database.Execute(kMigrations[version]));
    PM_RETURN_IF_ERROR(database.Execute(absl::StrCat("PRAGMA application_id = ", kApplicationId)));
    return database.Execute(absl::StrCat("PRAGMA user_version = ", version + 1));
  });
}

absl::Status TurnWalOn(SqliteDatabase& database) {
  PM_ASSIGN_OR_RETURN(const std::string mode, database.QueryText("PRAGMA journal_mode = WAL"));
  if (mode == "wal") return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("the store cannot use a write-ahead log (", mode, ")"));
}

}  // namespace

absl::Status PrepareSqliteSchema(SqliteDatabase& database) {
  PM_RETURN_IF_ERROR(database.Execute(kConnectionSettings));
  PM_RETURN_IF_ERROR(TurnWalOn(database));
  PM_ASSIGN_OR_RETURN(const int64_t version, database.QueryInteger("PRAGMA user_version"));
  if (version > kSqliteSchemaVersion) {
    return absl::FailedPreconditionError(absl::StrCat("the store has schema version ", version,
                                                      ", written by a newer coordinator; "
                                                      "this one knows ",
                                                      kSqliteSchemaVersion));
  }
  PM_RETURN_IF_ERROR(CheckOwner(database, version));
  PM_RETURN_IF_ERROR(CheckIntegrity(database));
  for (size_t step = static_cast<size_t>(version); step < kMigrations.size(); ++step) {
    PM_RETURN_IF_ERROR(MigrateFrom(database, step));
  }
  return absl::OkStatus();
}

}  // namespace probemesh::coordinator
