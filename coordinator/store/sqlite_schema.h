// The tables of the SQLite store, and how older files become newer ones.
#ifndef PROBEMESH_COORDINATOR_STORE_SQLITE_SCHEMA_H_
#define PROBEMESH_COORDINATOR_STORE_SQLITE_SCHEMA_H_

#include "absl/status/status.h"
#include "coordinator/store/sqlite_database.h"

namespace probemesh::coordinator {

// What this program writes; kept in `user_version`.
inline constexpr int kSqliteSchemaVersion = 1;

// Sets the connection up (WAL, synchronous=FULL, one process), checks the file, and migrates it,
// each step in a transaction of its own. DATA_LOSS for a damaged or foreign file;
// FAILED_PRECONDITION for one that a newer program wrote; UNAVAILABLE when the disk or another
// process is in the way.
absl::Status PrepareSqliteSchema(SqliteDatabase& database);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_STORE_SQLITE_SCHEMA_H_
