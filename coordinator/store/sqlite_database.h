// SQLite's C interface with owners and statuses: one connection, its prepared statements, its
// transactions.
#ifndef PROBEMESH_COORDINATOR_STORE_SQLITE_DATABASE_H_
#define PROBEMESH_COORDINATOR_STORE_SQLITE_DATABASE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message_lite.h"

struct sqlite3;
struct sqlite3_stmt;

namespace probemesh::coordinator {

// One thread at a time.
class SqliteDatabase {
 public:
  // Creates the file (mode 0600 of a private umask is the caller's business) when it is missing.
  static absl::StatusOr<std::unique_ptr<SqliteDatabase>> Open(const std::string& path);
  ~SqliteDatabase();
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;

  // One or more statements without results or parameters.
  absl::Status Execute(const std::string& sql);
  // The first column of the first row, as an integer; NOT_FOUND without a row.
  absl::StatusOr<int64_t> QueryInteger(const std::string& sql);
  absl::StatusOr<std::string> QueryText(const std::string& sql);

  // Runs `body` between BEGIN IMMEDIATE and COMMIT; rolls back when any of them fails.
  absl::Status InTransaction(const std::function<absl::Status()>& body);

  // Rows that the last INSERT, UPDATE or DELETE changed.
  int64_t changed_rows() const;

  // The connection's latest error as a status: UNAVAILABLE (disk, lock, memory), DATA_LOSS
  // (damaged file), ALREADY_EXISTS (constraint), INTERNAL (our SQL is wrong).
  absl::Status LastError() const;

 private:
  friend class SqliteQuery;

  SqliteDatabase(std::string path, sqlite3* connection)
      : path_(std::move(path)), connection_(connection) {}
  absl::StatusOr<sqlite3_stmt*> Prepared(const char* sql);

  std::string path_;
  sqlite3* connection_;
  std::map<std::string, sqlite3_stmt*> statements_;
};

// One execution of a prepared statement. Parameters are bound in order; errors on the way are kept
// and returned by Next or Run. The statement is ready for its next user when this goes out of
// scope.
class SqliteQuery {
 public:
  // `sql` must be a literal: prepared once for each connection.
  SqliteQuery(SqliteDatabase& database, const char* sql);
  ~SqliteQuery();
  SqliteQuery(const SqliteQuery&) = delete;
  SqliteQuery& operator=(const SqliteQuery&) = delete;

  SqliteQuery& Bind(absl::string_view text);
  SqliteQuery& Bind(int64_t value);
  SqliteQuery& BindNull();
  SqliteQuery& BindProto(const google::protobuf::MessageLite& message);

  // True: a row is there to be read. False: no more rows.
  absl::StatusOr<bool> Next();
  // For statements without rows.
  absl::Status Run();

  // Columns of the present row, from 0.
  int64_t Integer(int column) const;
  std::string Text(int column) const;
  // DATA_LOSS when the column does not hold such a message.
  absl::Status Proto(int column, google::protobuf::MessageLite* message) const;

 private:
  void Check(int code);

  SqliteDatabase& database_;
  sqlite3_stmt* statement_ = nullptr;
  int bound_ = 0;
  absl::Status error_;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_STORE_SQLITE_DATABASE_H_
