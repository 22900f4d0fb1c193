#include "coordinator/api/monitoring.h"

#include <utility>

#include "coordinator/api/ask_loop.h"
#include "coordinator/api/metrics.h"

namespace probemesh::coordinator {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(2);
constexpr char kPlainText[] = "text/plain; charset=utf-8";

HttpReply Unavailable(const char* why) { return {503, kPlainText, why}; }

}  // namespace

Monitoring::Monitoring(EventLoop& loop, const CoreCounters& core, const ApiCounters& api,
                       std::string version)
    : loop_(loop),
      core_(core),
      api_(api),
      version_(std::move(version)),
      start_time_(loop.clock().Wall()) {}

void Monitoring::AddTo(HttpServer& server) {
  server.Handle("/metrics", [this] { return Metrics(); });
  server.Handle("/-/healthy", [this] { return Healthy(); });
  server.Handle("/-/ready", [this] { return Ready(); });
}

HttpReply Monitoring::Metrics() const {
  const auto counters = AskLoop(loop_, kPatience, [this] { return core_; });
  if (!counters) return Unavailable("the core does not answer\n");
  return {200, "text/plain; version=0.0.4; charset=utf-8",
          RenderMetrics(version_, start_time_, *counters, api_)};
}

HttpReply Monitoring::Healthy() const {
  if (!AskLoop(loop_, kPatience, [] { return true; })) {
    return Unavailable("the core does not answer\n");
  }
  return {200, kPlainText, "healthy\n"};
}

HttpReply Monitoring::Ready() const {
  if (!ready_) return Unavailable("not ready\n");
  return {200, kPlainText, "ready\n"};
}

}  // namespace probemesh::coordinator
