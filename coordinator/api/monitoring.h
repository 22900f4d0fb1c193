// /metrics, /-/healthy and /-/ready.
#ifndef PROBEMESH_COORDINATOR_API_MONITORING_H_
#define PROBEMESH_COORDINATOR_API_MONITORING_H_

#include <atomic>
#include <string>

#include "absl/time/time.h"
#include "coordinator/api/api_context.h"
#include "coordinator/api/http_server.h"
#include "coordinator/core/core_counters.h"

namespace probemesh::coordinator {

// Thread-safe. Everything it is given must outlive the HTTP server.
class Monitoring {
 public:
  // `core` is read on the loop only.
  Monitoring(EventLoop& loop, const CoreCounters& core, const ApiCounters& api,
             std::string version);

  void AddTo(HttpServer& server);

  // Whether work is welcome: true once all listeners are up, false again when draining begins.
  void SetReady(bool ready) { ready_ = ready; }

 private:
  HttpReply Metrics() const;
  HttpReply Healthy() const;
  HttpReply Ready() const;

  EventLoop& loop_;
  const CoreCounters& core_;
  const ApiCounters& api_;
  const std::string version_;
  const absl::Time start_time_;
  std::atomic<bool> ready_{false};
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_API_MONITORING_H_
