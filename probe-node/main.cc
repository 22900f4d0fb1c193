// probemesh-node: a vantage point.
#include <malloc.h>

#include <cstdio>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "common/event/stop_signals.h"
#include "common/log/log.h"
#include "probe-node/node_app.h"
#include "probe-node/node_options.h"

namespace {

constexpr int kCannotStart = 2;

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "probemesh-node: %s\n", std::string(status.message()).c_str());
  return kCannotStart;
}

}  // namespace

int main(int argc, char** argv) {
  // Debian's Abseil has a lock-order detector that ends the process under gRPC's connection churn.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  // One loop allocates nearly everything: more arenas would only spread it over more pages.
  mallopt(M_ARENA_MAX, 1);
  const auto line = probemesh::node::ParseCommandLine(
      std::vector<std::string>(argv + 1, argv + argc), PROBEMESH_VERSION);
  if (!line.ok()) return Fail(line.status());
  if (line->print) {
    std::fputs(line->print->c_str(), stdout);
    return 0;
  }
  const absl::Status logging = probemesh::InitLogging("probemesh-node", line->options.log_level);
  if (!logging.ok()) return Fail(logging);
  probemesh::StopSignals signals;
  const absl::Status ended = probemesh::node::RunNode(line->options, signals);
  return ended.ok() ? 0 : Fail(ended);
}
