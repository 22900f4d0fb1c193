// probemesh-coordinator: holds the mesh and decides.
#include <malloc.h>
#include <sys/stat.h>

#include <cstdio>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "common/event/stop_signals.h"
#include "common/log/log.h"
#include "coordinator/coordinator_app.h"
#include "coordinator/coordinator_options.h"

namespace {

constexpr int kCannotStart = 2;

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "probemesh-coordinator: %s\n", std::string(status.message()).c_str());
  return kCannotStart;
}

}  // namespace

int main(int argc, char** argv) {
  // Debian's Abseil has a lock-order detector that ends the process under gRPC's connection churn.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  umask(0077);
  // Messages are made on one thread and freed on another: more arenas only spread them over pages.
  mallopt(M_ARENA_MAX, 2);
  const auto line = probemesh::coordinator::ParseCommandLine(
      std::vector<std::string>(argv + 1, argv + argc), PROBEMESH_VERSION);
  if (!line.ok()) return Fail(line.status());
  if (line->print) {
    std::fputs(line->print->c_str(), stdout);
    return 0;
  }
  const absl::Status logging =
      probemesh::InitLogging("probemesh-coordinator", line->options.log_level);
  if (!logging.ok()) return Fail(logging);
  probemesh::StopSignals signals;
  const auto app = probemesh::coordinator::CoordinatorApp::Start(line->options);
  if (!app.ok()) return Fail(app.status());
  (*app)->Run(signals);
  return 0;
}
