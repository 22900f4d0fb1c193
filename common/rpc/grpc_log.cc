#include "common/rpc/grpc_log.h"

#include <cstdint>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/base/clock.h"
#include "common/log/log.h"
#include "common/sync/mutex.h"
#include "grpc/support/log.h"

namespace probemesh {
namespace {

absl::string_view BaseName(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == absl::string_view::npos ? path : path.substr(slash + 1);
}

// Said of every client that reaches this server by address; our clients look at the identity.
bool IsNoise(absl::string_view message) {
  return absl::StartsWith(message, "No match found for server name");
}

// Every connection of a stranger may cause a message: no more than some a second are worth a line.
class LineBudget {
 public:
  // Whether this message may be logged; `*skipped` is then how many before it were not.
  bool Take(uint64_t* skipped) {
    const MonotonicTime now = SystemClock().Monotonic();
    MutexLock lock(mutex_);
    if (now - window_start_ >= absl::Seconds(1)) {
      window_start_ = now;
      lines_ = 0;
    }
    if (lines_ >= kLinesPerSecond) {
      ++skipped_;
      return false;
    }
    ++lines_;
    *skipped = std::exchange(skipped_, 0);
    return true;
  }

 private:
  static constexpr int kLinesPerSecond = 10;

  Mutex mutex_;
  MonotonicTime window_start_ ABSL_GUARDED_BY(mutex_);
  int lines_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t skipped_ ABSL_GUARDED_BY(mutex_) = 0;
};

void Forward(gpr_log_func_args* args) {
  static LineBudget& budget = *new LineBudget();  // gRPC speaks until the very end of the process
  uint64_t skipped = 0;
  if (IsNoise(args->message) || !budget.Take(&skipped)) return;
  const LogLevel level =
      args->severity == GPR_LOG_SEVERITY_ERROR ? LogLevel::kWarning : LogLevel::kDebug;
  Log(level, "grpc",
      {{"message", args->message},
       {"at", absl::StrCat(BaseName(args->file), ":", args->line)},
       {"skipped", absl::StrCat(skipped)}});
}

}  // namespace

void LogGrpcMessages() { gpr_set_log_function(&Forward); }

}  // namespace probemesh
