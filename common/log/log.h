// Structured logs: one line for each event, key=value, to stderr. A thin front over spdlog.
#ifndef PROBEMESH_COMMON_LOG_LOG_H_
#define PROBEMESH_COMMON_LOG_LOG_H_

#include <initializer_list>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace probemesh {

// kFailure is "error" to readers; that name is a readiness bit of the event loop.
enum class LogLevel { kDebug, kInfo, kWarning, kFailure };

// A field of a log line. Values come from the network at times: they are escaped and cut at 512
// octets.
using LogField = std::pair<absl::string_view, std::string>;

// Sets up stderr logging for the process: `program` prefixes every line; `level` is "debug",
// "info", "warning" or "error". INVALID_ARGUMENT for anything else. Call once, early in main.
absl::Status InitLogging(absl::string_view program, absl::string_view level);

// Thread-safe; never blocks on anything but the write to stderr. `event` is a stable snake_case id.
void Log(LogLevel level, absl::string_view event, std::initializer_list<LogField> fields = {});

inline void LogInfo(absl::string_view event, std::initializer_list<LogField> fields = {}) {
  Log(LogLevel::kInfo, event, fields);
}
inline void LogWarning(absl::string_view event, std::initializer_list<LogField> fields = {}) {
  Log(LogLevel::kWarning, event, fields);
}
inline void LogError(absl::string_view event, std::initializer_list<LogField> fields = {}) {
  Log(LogLevel::kFailure, event, fields);
}
inline void LogDebug(absl::string_view event, std::initializer_list<LogField> fields = {}) {
  Log(LogLevel::kDebug, event, fields);
}

}  // namespace probemesh

#endif  // PROBEMESH_COMMON_LOG_LOG_H_
