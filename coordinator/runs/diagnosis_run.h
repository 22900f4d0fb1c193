// One diagnosis: carries out the planner's orders, collects what comes back, keeps the watchers
// informed, and has it judged.
#ifndef PROBEMESH_COORDINATOR_RUNS_DIAGNOSIS_RUN_H_
#define PROBEMESH_COORDINATOR_RUNS_DIAGNOSIS_RUN_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "coordinator/planner/planner.h"
#include "coordinator/runs/diagnosis_engine.h"
#include "coordinator/runs/diagnosis_request.h"
#include "coordinator/runs/event_log.h"
#include "coordinator/runs/run_host.h"
#include "probemesh/v1/diagnosis_service.pb.h"

namespace probemesh::coordinator {

// Core loop only.
class DiagnosisRun {
 public:
  // Told once, from inside a method of the run, which must not be destroyed by it.
  using Finished = std::function<void(DiagnosisRun&)>;

  // `create_time` in whole milliseconds, `started` its reading of the monotonic clock. `vantages`
  // must not be empty. Nothing happens before Start.
  DiagnosisRun(RunHost& host, const DiagnosisEngine& engine, std::string name,
               const DiagnosisRequest& request, const std::vector<v1::Node>& vantages,
               absl::Time create_time, MonotonicTime started);
  ~DiagnosisRun();
  DiagnosisRun(const DiagnosisRun&) = delete;
  DiagnosisRun& operator=(const DiagnosisRun&) = delete;

  const std::string& name() const { return name_; }
  bool running() const { return resource_.state() == v1::Diagnosis::RUNNING; }

  // What earlier walks showed of the paths. Before Start.
  void SetBaseline(google::protobuf::RepeatedPtrField<v1::Observation> walks);
  void Start(Finished finished);
  // Ends it without a judgement: CANCELLED or INTERRUPTED. No-op when over.
  void Stop(v1::Diagnosis::State state);

  // As RunManager's.
  void OnObservation(const v1::Observation& observation);
  void OnCommandLost(const std::string& node, const std::string& command_id);
  void OnNodeGone(const std::string& node, const absl::Status& reason);

  // With its observations once it is over.
  const v1::Diagnosis& resource() const;
  // Never with observations: how the store keeps it.
  const v1::Diagnosis& stripped() const { return resource_; }
  const v1::EvidenceBundle& bundle_head() const { return bundle_head_; }
  v1::EvidenceBundle Bundle() const;
  // Node names, for "@ID" in selectors.
  std::vector<std::string> VantageNodes() const;
  EventLog<v1::DiagnosisEvent>& events() { return events_; }

 private:
  struct Command {
    std::string node;
    size_t vantage = 0;
    uint64_t order = 0;
    v1::ProbeSpec spec;
  };
  struct VantageState {
    size_t sent = 0;
    size_t answered = 0;
    size_t target_probes = 0;  // answered, and not about names
    size_t target_refusals = 0;
    v1::NotRunReason refusal = v1::NOT_RUN_REASON_UNSPECIFIED;
    v1::VantageReport::State told_state = v1::VantageReport::STATE_UNSPECIFIED;
    std::string told_reason;
  };

  absl::Duration Elapsed() const;
  void Step();
  bool Send(const ProbeOrder& order);
  void NoteAnswer(size_t vantage, const v1::Observation& observation);
  void ScheduleReport();
  void ReportNow();
  void ScheduleProvisional(absl::Duration at);
  void JudgeProvisionally();
  void Finish();
  void SettleVantages();
  void End(v1::Diagnosis::State state);
  void CancelTimers();
  void Publish(v1::DiagnosisEvent event);
  v1::BundleVantage& BundleVantageAt(size_t vantage);

  RunHost& host_;
  const DiagnosisEngine engine_;
  const std::string name_;
  const MonotonicTime started_;
  Finished finished_;

  // The observations are in the events, in order of arrival, and nowhere else.
  v1::Diagnosis resource_;
  v1::EvidenceBundle bundle_head_;
  std::vector<VantageState> vantages_;       // as in bundle_head_
  std::unique_ptr<Planner> planner_;         // while it runs
  std::map<std::string, Command> commands_;  // under way, by id
  EventLog<v1::DiagnosisEvent> events_;
  bool looked_healthy_ = false;
  TimerId step_timer_ = 0;
  TimerId report_timer_ = 0;
  std::vector<TimerId> provisional_timers_;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_RUNS_DIAGNOSIS_RUN_H_
