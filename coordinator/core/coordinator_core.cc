#include "coordinator/core/coordinator_core.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/proto_time.h"
#include "common/log/log.h"
#include "coordinator/core/limits.h"

namespace probemesh::coordinator {
namespace {

constexpr absl::Duration kShutdownPoll = absl::Milliseconds(20);

}  // namespace

std::unique_ptr<Core> MakeCore(CoreOptions options) {
  return std::make_unique<CoordinatorCore>(std::move(options));
}

CoordinatorCore::CoordinatorCore(CoreOptions options)
    : parts_(std::move(options)),
      start_time_(parts_.wall()),
      enrollment_(parts_),
      sessions_(parts_, enrollment_, *this),
      fleet_(parts_, sessions_),
      runs_(*this) {}

CoordinatorCore::~CoordinatorCore() {
  if (shutdown_timer_ != 0) parts_.loop().CancelTimer(shutdown_timer_);
}

SessionId CoordinatorCore::OpenSession(PeerIdentity peer, std::shared_ptr<SessionSink> sink) {
  return sessions_.OpenSession(std::move(peer), std::move(sink));
}

void CoordinatorCore::OnSessionMessage(SessionId session, v1::NodeMessage message) {
  sessions_.OnSessionMessage(session, std::move(message));
}

void CoordinatorCore::OnSessionClosed(SessionId session, absl::Status status) {
  sessions_.OnSessionClosed(session, std::move(status));
}

void CoordinatorCore::CreateDiagnosis(v1::CreateDiagnosisRequest request,
                                      Reply<v1::Diagnosis> reply) {
  const absl::Status open = parts_.Open();
  open.ok() ? runs_.CreateDiagnosis(std::move(request), std::move(reply)) : reply(open);
}

void CoordinatorCore::GetDiagnosis(std::string name, Reply<v1::Diagnosis> reply) {
  runs_.GetDiagnosis(std::move(name), std::move(reply));
}

void CoordinatorCore::ListDiagnoses(v1::ListDiagnosesRequest request,
                                    Reply<v1::ListDiagnosesResponse> reply) {
  runs_.ListDiagnoses(std::move(request), std::move(reply));
}

void CoordinatorCore::CancelDiagnosis(std::string name, Reply<v1::Diagnosis> reply) {
  runs_.CancelDiagnosis(std::move(name), std::move(reply));
}

void CoordinatorCore::GetEvidenceBundle(std::string name, Reply<v1::EvidenceBundle> reply) {
  runs_.GetEvidenceBundle(std::move(name), std::move(reply));
}

void CoordinatorCore::WatchDiagnosis(std::string name, uint64_t after_sequence,
                                     std::shared_ptr<DiagnosisSink> sink) {
  runs_.WatchDiagnosis(std::move(name), after_sequence, std::move(sink));
}

void CoordinatorCore::Unwatch(const DiagnosisSink* sink) { runs_.Unwatch(sink); }

void CoordinatorCore::CreateProbeRun(v1::CreateProbeRunRequest request, Reply<v1::ProbeRun> reply) {
  const absl::Status open = parts_.Open();
  open.ok() ? runs_.CreateProbeRun(std::move(request), std::move(reply)) : reply(open);
}

void CoordinatorCore::GetProbeRun(std::string name, Reply<v1::ProbeRun> reply) {
  runs_.GetProbeRun(std::move(name), std::move(reply));
}

void CoordinatorCore::CancelProbeRun(std::string name, Reply<v1::ProbeRun> reply) {
  runs_.CancelProbeRun(std::move(name), std::move(reply));
}

void CoordinatorCore::WatchProbeRun(std::string name, uint64_t after_sequence,
                                    std::shared_ptr<ProbeRunSink> sink) {
  runs_.WatchProbeRun(std::move(name), after_sequence, std::move(sink));
}

void CoordinatorCore::Unwatch(const ProbeRunSink* sink) { runs_.Unwatch(sink); }

void CoordinatorCore::ListNodes(v1::ListNodesRequest request, Reply<v1::ListNodesResponse> reply) {
  fleet_.ListNodes(request, reply);
}

void CoordinatorCore::GetNode(std::string name, Reply<v1::Node> reply) {
  fleet_.GetNode(name, reply);
}

void CoordinatorCore::DrainNode(std::string name, bool drain, Reply<v1::Node> reply) {
  fleet_.DrainNode(name, drain, std::move(reply));
}

void CoordinatorCore::RevokeNode(std::string name, Reply<v1::Node> reply) {
  fleet_.RevokeNode(name, std::move(reply));
}

void CoordinatorCore::CreateJoinToken(v1::CreateJoinTokenRequest request,
                                      Reply<v1::CreateJoinTokenResponse> reply) {
  fleet_.CreateJoinToken(request, std::move(reply));
}

void CoordinatorCore::ListJoinTokens(v1::ListJoinTokensRequest request,
                                     Reply<v1::ListJoinTokensResponse> reply) {
  fleet_.ListJoinTokens(request, reply);
}

void CoordinatorCore::RevokeJoinToken(std::string name, Reply<v1::JoinToken> reply) {
  fleet_.RevokeJoinToken(name, std::move(reply));
}

void CoordinatorCore::Enroll(v1::EnrollRequest request, Reply<v1::EnrollResponse> reply) {
  enrollment_.Enroll(request, std::move(reply));
}

v1::CoordinatorInfo CoordinatorCore::Info() const {
  v1::CoordinatorInfo info;
  info.set_version(parts_.options.version);
  *info.mutable_start_time() = ToProto(start_time_);
  for (const std::string& control : parts_.options.controls) info.add_controls(control);
  info.set_connected_nodes(static_cast<uint32_t>(parts_.nodes.connected_count()));
  return info;
}

bool CoordinatorCore::RunCommand(const std::string& node, const std::string& run,
                                 v1::RunProbe command) {
  return sessions_.RunCommand(node, run, std::move(command));
}

void CoordinatorCore::CancelCommand(const std::string& node, const std::string& command_id) {
  sessions_.CancelCommand(node, command_id);
}

void CoordinatorCore::OnDiagnosisOver(const v1::Diagnosis& diagnosis) {
  if (diagnosis.state() != v1::Diagnosis::DONE) return;
  ++parts_.counters()
        .diagnoses_by_verdict[v1::Judgement::Verdict_Name(diagnosis.diagnosis().verdict())];
}

void CoordinatorCore::OnObservation(const std::string& run, const v1::Observation& observation) {
  runs_.OnObservation(run, observation);
}

void CoordinatorCore::OnCommandLost(const std::string& run, const std::string& node,
                                    const std::string& command_id, absl::Status reason) {
  runs_.OnCommandLost(run, node, command_id, std::move(reason));
}

void CoordinatorCore::OnNodeGone(const std::string& node, absl::Status reason) {
  runs_.OnNodeGone(node, std::move(reason));
}

// Nodes first: they finish what runs and go elsewhere. What they have sent by then is committed, so
// that they need not send it again.
void CoordinatorCore::Shutdown(std::function<void()> done) {
  if (parts_.shutting_down) return;
  parts_.shutting_down = true;
  shut_down_ = std::move(done);
  shutdown_deadline_ = parts_.now() + kShutdownGrace;
  sessions_.DrainAll("the coordinator is shutting down");
  runs_.Shutdown([this] { runs_stored_ = true; });
  FinishShutdown();
}

void CoordinatorCore::FinishShutdown() {
  const bool finished = runs_stored_ && sessions_.idle() && parts_.store().pending() == 0;
  const bool too_late = parts_.now() >= shutdown_deadline_;
  if (!finished && !too_late) {
    shutdown_timer_ = parts_.loop().ScheduleAfter(kShutdownPoll, [this] { FinishShutdown(); });
    return;
  }
  shutdown_timer_ = 0;
  if (!finished) LogWarning("shutdown_incomplete", {{"reason", "the store does not answer"}});
  sessions_.CloseAll(absl::UnavailableError("the coordinator is shutting down"));
  std::exchange(shut_down_, nullptr)();
}

}  // namespace probemesh::coordinator
