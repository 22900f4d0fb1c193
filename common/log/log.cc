#include "common/log/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace probemesh {
namespace {

constexpr size_t kMaxValueOctets = 512;

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kFailure:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

bool NeedsQuotes(absl::string_view value) {
  if (value.empty()) return true;
  for (const char c : value) {
    if (c <= ' ' || c == '"' || c == '=' || c == 0x7f) return true;
  }
  return false;
}

std::string Render(absl::string_view value) {
  const absl::string_view cut = value.substr(0, kMaxValueOctets);
  const std::string safe = absl::Utf8SafeCEscape(cut);
  return NeedsQuotes(safe) ? absl::StrCat("\"", safe, "\"") : safe;
}

}  // namespace

absl::Status InitLogging(absl::string_view program, absl::string_view level) {
  const std::string name(level);
  if (name != "debug" && name != "info" && name != "warning" && name != "error") {
    return absl::InvalidArgumentError(
        absl::StrCat("log level \"", level, "\" is not debug, info, warning or error"));
  }
  auto logger = std::make_shared<spdlog::logger>(std::string(program),
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %n %v");
  logger->set_level(spdlog::level::from_str(name));
  logger->flush_on(spdlog::level::debug);
  spdlog::set_default_logger(std::move(logger));
  return absl::OkStatus();
}

void Log(LogLevel level, absl::string_view event, std::initializer_list<LogField> fields) {
  spdlog::logger* logger = spdlog::default_logger_raw();
  if (logger == nullptr || !logger->should_log(ToSpdlog(level))) return;
  std::string line(event);
  for (const LogField& field : fields)
    absl::StrAppend(&line, " ", field.first, "=", Render(field.second));
  logger->log(ToSpdlog(level), line);
}

}  // namespace probemesh
