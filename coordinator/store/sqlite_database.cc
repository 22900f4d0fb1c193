#include "coordinator/store/sqlite_database.h"

#include <sqlite3.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace probemesh::coordinator {
namespace {

absl::StatusCode CodeOf(int primary) {
  switch (primary) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::StatusCode::kDataLoss;
    case SQLITE_CONSTRAINT:
      return absl::StatusCode::kAlreadyExists;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_NOMEM:
      return absl::StatusCode::kUnavailable;
    default:
      return absl::StatusCode::kInternal;
  }
}

absl::Status ErrorOf(sqlite3* connection, const std::string& path) {
  const int code = sqlite3_errcode(connection) & 0xff;
  if (code == SQLITE_BUSY) {
    return absl::UnavailableError(
        absl::StrCat("store ", path, ": in use by another process (a second coordinator?)"));
  }
  return absl::Status(CodeOf(code), absl::StrCat("store ", path, ": ", sqlite3_errmsg(connection)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteDatabase>> SqliteDatabase::Open(const std::string& path) {
  sqlite3* connection = nullptr;
  constexpr int kFlags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(path.c_str(), &connection, kFlags, nullptr);
  std::unique_ptr<SqliteDatabase> database(new SqliteDatabase(path, connection));
  if (code != SQLITE_OK) return database->LastError();
  return database;
}

SqliteDatabase::~SqliteDatabase() {
  for (const auto& entry : statements_) sqlite3_finalize(entry.second);
  sqlite3_close_v2(connection_);
}

absl::Status SqliteDatabase::Execute(const std::string& sql) {
  if (sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) {
    return absl::OkStatus();
  }
  return LastError();
}

absl::StatusOr<int64_t> SqliteDatabase::QueryInteger(const std::string& sql) {
  SqliteQuery query(*this, sql.c_str());
  PM_ASSIGN_OR_RETURN(const bool row, query.Next());
  if (!row) return absl::NotFoundError(absl::StrCat("no row: ", sql));
  return query.Integer(0);
}

absl::StatusOr<std::string> SqliteDatabase::QueryText(const std::string& sql) {
  SqliteQuery query(*this, sql.c_str());
  PM_ASSIGN_OR_RETURN(const bool row, query.Next());
  if (!row) return absl::NotFoundError(absl::StrCat("no row: ", sql));
  return query.Text(0);
}

absl::Status SqliteDatabase::InTransaction(const std::function<absl::Status()>& body) {
  PM_RETURN_IF_ERROR(Execute("BEGIN IMMEDIATE"));
  absl::Status status = body();
  if (status.ok()) status = Execute("COMMIT");
  // SQLite rolls back by itself on some errors (sqlite.org/lang_transaction.html, section 3).
  if (!status.ok() && sqlite3_get_autocommit(connection_) == 0) {
    const absl::Status rolled_back = Execute("ROLLBACK");
    if (!rolled_back.ok()) return rolled_back;
  }
  return status;
}

int64_t SqliteDatabase::changed_rows() const { return sqlite3_changes64(connection_); }

absl::Status SqliteDatabase::LastError() const { return ErrorOf(connection_, path_); }

absl::StatusOr<sqlite3_stmt*> SqliteDatabase::Prepared(const char* sql) {
  const auto known = statements_.find(sql);
  if (known != statements_.end()) return known->second;
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(connection_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) !=
      SQLITE_OK) {
    return LastError();
  }
  statements_.emplace(sql, statement);
  return statement;
}

SqliteQuery::SqliteQuery(SqliteDatabase& database, const char* sql) : database_(database) {
  absl::StatusOr<sqlite3_stmt*> statement = database.Prepared(sql);
  if (statement.ok()) {
    statement_ = *statement;
  } else {
    error_ = statement.status();
  }
}

SqliteQuery::~SqliteQuery() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

void SqliteQuery::Check(int code) {
  if (code != SQLITE_OK && error_.ok()) error_ = database_.LastError();
}

SqliteQuery& SqliteQuery::Bind(absl::string_view text) {
  if (error_.ok()) {
    Check(sqlite3_bind_text64(statement_, ++bound_, text.data() == nullptr ? "" : text.data(),
                              text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  }
  return *this;
}

SqliteQuery& SqliteQuery::Bind(int64_t value) {
  if (error_.ok()) Check(sqlite3_bind_int64(statement_, ++bound_, value));
  return *this;
}

SqliteQuery& SqliteQuery::BindNull() {
  if (error_.ok()) Check(sqlite3_bind_null(statement_, ++bound_));
  return *this;
}

SqliteQuery& SqliteQuery::BindProto(const google::protobuf::MessageLite& message) {
  if (!error_.ok()) return *this;
  const std::string bytes = message.SerializeAsString();
  Check(sqlite3_bind_blob64(statement_, ++bound_, bytes.data(), bytes.size(), SQLITE_TRANSIENT));
  return *this;
}

absl::StatusOr<bool> SqliteQuery::Next() {
  if (!error_.ok()) return error_;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  error_ = database_.LastError();
  return error_;
}

absl::Status SqliteQuery::Run() { return Next().status(); }

int64_t SqliteQuery::Integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string SqliteQuery::Text(int column) const {
  const unsigned char* text = sqlite3_column_text(statement_, column);
  if (text == nullptr) return "";
  return std::string(reinterpret_cast<const char*>(text),
                     static_cast<size_t>(sqlite3_column_bytes(statement_, column)));
}

absl::Status SqliteQuery::Proto(int column, google::protobuf::MessageLite* message) const {
  const void* bytes = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  if (message->ParseFromArray(bytes, size)) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("store ", database_.path_, ": a stored ",
                                          message->GetTypeName(), " is damaged"));
}

}  // namespace probemesh::coordinator
