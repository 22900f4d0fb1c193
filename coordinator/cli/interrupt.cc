#include "coordinator/cli/interrupt.h"

#include <unistd.h>

#include <atomic>
#include <csignal>

#include "coordinator/cli/exit_code.h"

namespace probemesh::cli {
namespace {

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "used in a signal handler");

void OnSignal(int) {
  if (interrupted.exchange(true)) _exit(static_cast<int>(ExitCode::kUnknown));
}

}  // namespace

void CatchInterrupts() {
  struct sigaction action {};
  action.sa_handler = OnSignal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool Interrupted() { return interrupted.load(); }

}  // namespace probemesh::cli
