#include "coordinator/runs/diagnosis_run.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/proto_time.h"
#include "common/log/log.h"
#include "coordinator/planner/schedule.h"
#include "coordinator/runs/evidence.h"

namespace probemesh::coordinator {
namespace {

constexpr uint32_t kBundleFormat = 1;
// How vantages stand is worked out for many observations at once.
constexpr absl::Duration kReportDelay = absl::Milliseconds(50);
constexpr absl::Duration kFirstProvisional = absl::Milliseconds(1200);
constexpr absl::Duration kSecondProvisional = absl::Milliseconds(3000);

PlanInput ToPlanInput(const DiagnosisRequest& request, const v1::EvidenceBundle& bundle) {
  PlanInput input;
  input.target = request.target;
  input.family = request.family;
  input.neighbors = request.neighbors;
  input.deadline = request.deadline;
  input.controls.assign(bundle.controls().begin(), bundle.controls().end());
  for (const v1::BundleVantage& vantage : bundle.vantages()) {
    input.vantages.push_back(PlanVantage{vantage.node(), vantage.group(), vantage.capabilities()});
  }
  return input;
}

}  // namespace

DiagnosisRun::DiagnosisRun(RunHost& host, const DiagnosisEngine& engine, std::string name,
                           const DiagnosisRequest& request, const std::vector<v1::Node>& vantages,
                           absl::Time create_time, MonotonicTime started)
    : host_(host), engine_(engine), name_(std::move(name)), started_(started) {
  bundle_head_.set_format(kBundleFormat);
  bundle_head_.set_diagnosis(name_);
  *bundle_head_.mutable_target() = request.target;
  *bundle_head_.mutable_spec() = request.spec;
  *bundle_head_.mutable_create_time() = ToProto(create_time);
  for (const std::string& control : host_.Controls()) bundle_head_.add_controls(control);
  resource_.set_name(name_);
  resource_.set_target(request.spec.target());
  *resource_.mutable_create_time() = ToProto(create_time);
  resource_.set_state(v1::Diagnosis::RUNNING);
  *resource_.mutable_spec() = request.spec;
  for (const v1::Node& node : vantages) {
    const v1::BundleVantage vantage = ToBundleVantage(node);
    v1::VantageReport& report = *resource_.add_vantages();
    report.set_node(vantage.node());
    report.set_group(vantage.group());
    *bundle_head_.add_vantages() = vantage;
  }
  vantages_.resize(vantages.size());
  planner_ = std::make_unique<Planner>(ToPlanInput(request, bundle_head_));
}

DiagnosisRun::~DiagnosisRun() { CancelTimers(); }

absl::Duration DiagnosisRun::Elapsed() const { return host_.loop().clock().Monotonic() - started_; }

void DiagnosisRun::SetBaseline(google::protobuf::RepeatedPtrField<v1::Observation> walks) {
  *bundle_head_.mutable_baseline() = std::move(walks);
}

void DiagnosisRun::Start(Finished finished) {
  finished_ = std::move(finished);
  v1::DiagnosisEvent event;
  *event.mutable_accepted() = resource_;
  Publish(std::move(event));
  ScheduleProvisional(kFirstProvisional);
  ScheduleProvisional(kSecondProvisional);
  Step();
}

void DiagnosisRun::Publish(v1::DiagnosisEvent event) {
  *event.mutable_offset() = ToProto(Elapsed());
  events_.Publish(std::move(event));
}

v1::BundleVantage& DiagnosisRun::BundleVantageAt(size_t vantage) {
  return *bundle_head_.mutable_vantages(static_cast<int>(vantage));
}

// Orders that cannot be sent change the plan at once; each is asked for only once, so this ends.
void DiagnosisRun::Step() {
  if (step_timer_ != 0) host_.loop().CancelTimer(step_timer_);
  step_timer_ = 0;
  for (bool all_sent = false; !all_sent;) {
    const PlanStep step = planner_->Advance(Elapsed());
    if (step.finished) return Finish();
    all_sent = true;
    for (const ProbeOrder& order : step.orders) {
      if (Send(order)) continue;
      planner_->OnNoResult(order.id);
      all_sent = false;
    }
    if (!all_sent) continue;
    if (step.looks_healthy && !looked_healthy_) {
      looked_healthy_ = true;
      JudgeProvisionally();
    }
    step_timer_ = host_.loop().ScheduleAfter(step.next - Elapsed(), [this] {
      step_timer_ = 0;
      Step();
    });
  }
}

bool DiagnosisRun::Send(const ProbeOrder& order) {
  const std::string& node = bundle_head_.vantages(static_cast<int>(order.vantage)).node();
  v1::RunProbe command;
  command.set_command_id(NewUuidV7(host_.random(), host_.loop().clock().Wall()));
  *command.mutable_spec() = order.spec;
  *command.mutable_time_to_live() = ToProto(order.time_to_live);
  const std::string id = command.command_id();
  if (!host_.RunCommand(node, name_, std::move(command))) return false;
  commands_[id] = Command{node, order.vantage, order.id, order.spec};
  ++vantages_[order.vantage].sent;
  return true;
}

void DiagnosisRun::OnObservation(const v1::Observation& observation) {
  const auto found = commands_.find(observation.command_id());
  if (!running() || found == commands_.end() || found->second.node != observation.node()) return;
  const Command command = std::move(found->second);
  commands_.erase(found);
  if (!AnswersProbe(command.spec, observation)) {
    LogWarning("observation_refused", {{"run", name_},
                                       {"node", observation.node()},
                                       {"octets", absl::StrCat(observation.ByteSizeLong())}});
    planner_->OnNoResult(command.order);
    return Step();
  }
  v1::Observation evidence = observation;
  if (!evidence.has_spec()) *evidence.mutable_spec() = command.spec;
  if (!evidence.has_arrival_offset()) *evidence.mutable_arrival_offset() = ToProto(Elapsed());
  NoteAnswer(command.vantage, evidence);
  v1::DiagnosisEvent event;
  *event.mutable_observation() = evidence;
  Publish(std::move(event));
  planner_->OnObservation(command.order, evidence, Elapsed());
  ScheduleReport();
  Step();
}

// A node whose owner refuses the target cannot have seen it fail.
void DiagnosisRun::NoteAnswer(size_t index, const v1::Observation& observation) {
  VantageState& state = vantages_[index];
  ++state.answered;
  const v1::ProbeRole role = observation.spec().role();
  const bool about_target = role == v1::SERVICE || role == v1::HOST || role == v1::CONTRAST;
  if (!about_target || observation.spec().has_dns()) return;
  ++state.target_probes;
  if (observation.outcome() == v1::NOT_RUN) {
    ++state.target_refusals;
    state.refusal = observation.not_run_reason();
  }
  const bool refused = state.target_refusals == state.target_probes;
  v1::BundleVantage& vantage = BundleVantageAt(index);
  vantage.set_not_run(refused);
  vantage.set_reason(refused ? NotRunText(state.refusal) : "");
}

void DiagnosisRun::OnCommandLost(const std::string& node, const std::string& command_id) {
  const auto found = commands_.find(command_id);
  if (!running() || found == commands_.end() || found->second.node != node) return;
  planner_->OnNoResult(found->second.order);
  commands_.erase(found);
  Step();
}

void DiagnosisRun::OnNodeGone(const std::string& node, const absl::Status& reason) {
  if (!running()) return;
  for (size_t i = 0; i < vantages_.size(); ++i) {
    v1::BundleVantage& vantage = BundleVantageAt(i);
    if (vantage.node() != node || vantage.lost()) continue;
    vantage.set_lost(true);
    vantage.set_not_run(false);
    vantage.set_reason(reason.message().empty() ? "the node's session ended"
                                                : std::string(reason.message()));
    planner_->OnVantageLost(i);
    for (auto command = commands_.begin(); command != commands_.end();) {
      command = command->second.node == node ? commands_.erase(command) : std::next(command);
    }
    ReportNow();
    return Step();
  }
}

void DiagnosisRun::ScheduleReport() {
  if (report_timer_ != 0) return;
  report_timer_ = host_.loop().ScheduleAfter(kReportDelay, [this] {
    report_timer_ = 0;
    ReportNow();
  });
}

void DiagnosisRun::ReportNow() {
  for (v1::VantageReport& report : engine_.report(Bundle())) {
    for (size_t i = 0; i < vantages_.size(); ++i) {
      VantageState& told = vantages_[i];
      if (resource_.vantages(static_cast<int>(i)).node() != report.node()) continue;
      if (report.state() == told.told_state && report.reason() == told.told_reason) break;
      told.told_state = report.state();
      told.told_reason = report.reason();
      report.clear_observations();
      *resource_.mutable_vantages(static_cast<int>(i)) = report;
      v1::DiagnosisEvent event;
      *event.mutable_vantage_changed() = report;
      Publish(std::move(event));
      break;
    }
  }
}

void DiagnosisRun::ScheduleProvisional(absl::Duration at) {
  provisional_timers_.push_back(
      host_.loop().ScheduleAfter(at - Elapsed(), [this] { JudgeProvisionally(); }));
}

void DiagnosisRun::JudgeProvisionally() {
  v1::EvidenceBundle bundle = Bundle();
  *bundle.mutable_elapsed() = ToProto(Elapsed());
  v1::DiagnosisEvent event;
  *event.mutable_provisional() = engine_.diagnose(bundle).judgement;
  v1::ProvisionalJudgement& provisional = *resource_.add_provisional();
  *provisional.mutable_offset() = bundle.elapsed();
  provisional.set_verdict(event.provisional().verdict());
  provisional.set_confidence(event.provisional().confidence());
  Publish(std::move(event));
}

// A vantage that has told nothing is absent, whatever the reason: it saw no failure.
void DiagnosisRun::SettleVantages() {
  for (size_t i = 0; i < vantages_.size(); ++i) {
    v1::BundleVantage& vantage = BundleVantageAt(i);
    if (vantage.lost() || vantages_[i].answered > 0) continue;
    if (vantages_[i].sent > 0) {
      vantage.set_lost(true);
      vantage.set_reason("the node did not answer in time");
    } else {
      vantage.set_not_run(true);
      vantage.set_reason("the node took no command: it is not connected or too busy");
    }
  }
}

void DiagnosisRun::Finish() {
  SettleVantages();
  *bundle_head_.mutable_elapsed() = ToProto(Elapsed());
  DiagnosisResult result = engine_.diagnose(Bundle());
  *resource_.mutable_diagnosis() = std::move(result.judgement);
  resource_.clear_vantages();
  for (v1::VantageReport& report : result.vantages) {
    report.clear_observations();
    *resource_.add_vantages() = std::move(report);
  }
  End(v1::Diagnosis::DONE);
}

void DiagnosisRun::Stop(v1::Diagnosis::State state) {
  if (!running()) return;
  *bundle_head_.mutable_elapsed() = ToProto(Elapsed());
  ReportNow();
  End(state);
}

void DiagnosisRun::End(v1::Diagnosis::State state) {
  CancelTimers();
  for (const auto& [id, command] : commands_) host_.CancelCommand(command.node, id);
  commands_.clear();
  planner_.reset();
  resource_.set_state(state);
  *resource_.mutable_elapsed() = bundle_head_.elapsed();
  const v1::EvidenceBundle bundle = Bundle();
  v1::DiagnosisEvent event;
  *event.mutable_done() = resource_;
  AttachObservations(bundle.observations(), event.mutable_done()->mutable_vantages());
  Publish(std::move(event));
  events_.End();
  host_.OnDiagnosisOver(resource_);
  if (finished_) finished_(*this);
}

void DiagnosisRun::CancelTimers() {
  host_.loop().CancelTimer(step_timer_);
  host_.loop().CancelTimer(report_timer_);
  for (const TimerId timer : provisional_timers_) host_.loop().CancelTimer(timer);
  step_timer_ = report_timer_ = 0;
  provisional_timers_.clear();
}

const v1::Diagnosis& DiagnosisRun::resource() const {
  return running() ? resource_ : events_.events().back().done();
}

v1::EvidenceBundle DiagnosisRun::Bundle() const {
  v1::EvidenceBundle bundle = bundle_head_;
  for (const v1::DiagnosisEvent& event : events_.events()) {
    if (event.has_observation()) *bundle.add_observations() = event.observation();
  }
  return bundle;
}

std::vector<std::string> DiagnosisRun::VantageNodes() const {
  std::vector<std::string> nodes;
  for (const v1::BundleVantage& vantage : bundle_head_.vantages()) nodes.push_back(vantage.node());
  return nodes;
}

}  // namespace probemesh::coordinator
