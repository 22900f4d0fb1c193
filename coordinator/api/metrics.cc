#include "coordinator/api/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <sstream>
#include <utility>
#include <vector>

namespace probemesh::coordinator {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

class Families {
 public:
  void Gauge(const char* name, const char* help, double value,
             std::vector<ClientMetric::Label> labels = {}) {
    ClientMetric metric;
    metric.label = std::move(labels);
    metric.gauge.value = value;
    families_.push_back({name, help, MetricType::Gauge, {std::move(metric)}});
  }

  void Counter(const char* name, const char* help, uint64_t value) {
    families_.push_back({name, help, MetricType::Counter, {CounterOf(value)}});
  }

  void Counters(const char* name, const char* help, const char* label,
                const std::map<std::string, uint64_t>& values) {
    MetricFamily family{name, help, MetricType::Counter, {}};
    for (const auto& [key, value] : values) {
      family.metric.push_back(CounterOf(value));
      family.metric.back().label = {{label, key}};
    }
    if (!family.metric.empty()) families_.push_back(std::move(family));
  }

  std::string Render() const {
    std::ostringstream text;
    prometheus::TextSerializer().Serialize(text, families_);
    return text.str();
  }

 private:
  static ClientMetric CounterOf(uint64_t value) {
    ClientMetric metric;
    metric.counter.value = static_cast<double>(value);
    return metric;
  }

  std::vector<MetricFamily> families_;
};

void AddSessions(const CoreCounters& core, Families* families) {
  families->Gauge("probemesh_connected_nodes", "Nodes with a session.",
                  static_cast<double>(core.connected_nodes));
  families->Counter("probemesh_sessions_opened_total", "Node sessions that were accepted.",
                    core.sessions_opened);
  families->Counter("probemesh_sessions_closed_total", "Accepted node sessions that ended.",
                    core.sessions_closed);
  families->Counter("probemesh_sessions_rejected_total",
                    "Node sessions that were refused or never said hello.", core.sessions_rejected);
  families->Counter("probemesh_leases_expired_total", "Sessions that ended for want of heartbeats.",
                    core.leases_expired);
  families->Counter("probemesh_enrollments_total", "Nodes that enrolled.", core.enrollments);
  families->Counter("probemesh_enrollments_refused_total",
                    "Enrolments refused for their token, name or request.",
                    core.enrollments_refused);
  families->Counter("probemesh_certificate_renewals_total",
                    "Node certificates renewed over a session.", core.renewals);
}

void AddWork(const CoreCounters& core, Families* families) {
  families->Counters("probemesh_diagnoses_total", "Diagnoses that are over, by verdict.", "verdict",
                     core.diagnoses_by_verdict);
  families->Counter("probemesh_commands_sent_total", "Probe commands sent to nodes.",
                    core.commands_sent);
  families->Counter("probemesh_commands_lost_total", "Probe commands that will never be answered.",
                    core.commands_lost);
  families->Counter("probemesh_observations_ingested_total", "Observations that were committed.",
                    core.observations_ingested);
  families->Counter("probemesh_observations_duplicate_total",
                    "Observations that had been committed before.", core.observations_duplicate);
  families->Counter("probemesh_observations_unattributed_total",
                    "Observations that answer no command that their node was sent.",
                    core.observations_unattributed);
  families->Counter("probemesh_result_gaps_total", "Results that a node had lost.",
                    core.result_gaps);
  families->Counter("probemesh_store_errors_total", "Failed writes to the store.",
                    core.store_errors);
}

void AddApi(const CoreCounters& core, const ApiCounters& api, Families* families) {
  families->Counter("probemesh_api_calls_total", "Calls of the API, enrolments among them.",
                    api.calls);
  families->Counter("probemesh_api_calls_refused_total", "Calls without the role they need.",
                    api.calls_refused);
  families->Gauge("probemesh_api_calls_in_flight", "Calls and streams under way.",
                  static_cast<double>(api.calls_in_flight));
  std::map<std::string, uint64_t> limits = core.limits_hit;
  limits["api_calls"] = api.calls_over_limit;
  limits["api_watcher_queue"] = api.watchers_overflowed;
  limits["enrollment_rate"] = api.enrollments_limited;
  families->Counters("probemesh_limits_hit_total", "How often a limit held something back.",
                     "limit", limits);
}

}  // namespace

std::string RenderMetrics(const std::string& version, absl::Time start_time,
                          const CoreCounters& core, const ApiCounters& api) {
  Families families;
  families.Gauge("probemesh_build_info", "Always 1; the version is in the label.", 1,
                 {{"version", version}});
  families.Gauge("probemesh_start_time_seconds", "Start of the coordinator, in Unix time.",
                 absl::ToDoubleSeconds(start_time - absl::UnixEpoch()));
  AddSessions(core, &families);
  AddWork(core, &families);
  AddApi(core, api, &families);
  return families.Render();
}

}  // namespace probemesh::coordinator
