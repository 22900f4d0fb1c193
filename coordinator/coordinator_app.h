// The whole coordinator: every part built, wired to the others, and run.
#ifndef PROBEMESH_COORDINATOR_COORDINATOR_APP_H_
#define PROBEMESH_COORDINATOR_COORDINATOR_APP_H_

#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "common/base/random.h"
#include "common/event/epoll_event_loop.h"
#include "common/event/stop_signals.h"
#include "coordinator/api/api_context.h"
#include "coordinator/api/http_server.h"
#include "coordinator/api/monitoring.h"
#include "coordinator/coordinator_options.h"
#include "coordinator/core/core_counters.h"
#include "coordinator/core/core_gate.h"
#include "coordinator/data_directory.h"
#include "coordinator/grpc_listeners.h"
#include "coordinator/pki/certificate_authority.h"
#include "coordinator/store/store_thread.h"

namespace probemesh::coordinator {

class CoordinatorApp {
 public:
  // Locks the data directory, opens what is in it, and listens. Errors are one line for people.
  static absl::StatusOr<std::unique_ptr<CoordinatorApp>> Start(const CoordinatorOptions& options);
  ~CoordinatorApp();
  CoordinatorApp(const CoordinatorApp&) = delete;
  CoordinatorApp& operator=(const CoordinatorApp&) = delete;

  // Serves on the calling thread until a stop signal, then drains. A second signal ends the process
  // at once. Call at most once.
  void Run(StopSignals& signals);

 private:
  explicit CoordinatorApp(const CoordinatorOptions& options);

  absl::Status OpenState();
  absl::Status Listen();
  absl::Status BuildCore();
  std::vector<std::string> Advertised(uint16_t port) const;
  void OnSignal(StopSignals& signals);
  void Drain();
  void StopServing(absl::Duration grace);

  const CoordinatorOptions options_;
  const std::vector<std::string> hosts_;
  SystemRandom random_;
  CoreCounters core_counters_;
  ApiCounters api_counters_;
  std::unique_ptr<DataDirectory> directory_;
  std::unique_ptr<CertificateAuthority> authority_;
  EpollEventLoop loop_;
  CoreGate gate_{loop_};
  std::unique_ptr<StoreThread> store_;
  std::unique_ptr<Core> core_;
  std::unique_ptr<Monitoring> monitoring_;
  std::unique_ptr<HttpServer> http_;
  std::unique_ptr<GrpcListeners> listeners_;
  std::thread stopper_;
  bool draining_ = false;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_COORDINATOR_APP_H_
