#include "coordinator/runs/probe_runs.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/random.h"
#include "coordinator/planner/vantage_selection.h"
#include "coordinator/runs/limits.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace probemesh::coordinator {
namespace {

constexpr absl::string_view kPrefix = "probeRuns/";

absl::Status NotFound(const std::string& name) {
  if (!absl::StartsWith(name, kPrefix) || name.size() > kMaxRunNameOctets) {
    return absl::InvalidArgumentError("name: probeRuns/<id>");
  }
  return absl::NotFoundError(absl::StrCat("there is no ", name));
}

// Maps (HTTP headers) have no order of their own on the wire.
std::string Fingerprint(v1::CreateProbeRunRequest request) {
  request.clear_request_id();
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    request.SerializeToCodedStream(&coded);
  }
  return bytes;
}

}  // namespace

absl::Status ProbeRuns::Admission() const {
  if (interrupted_) return absl::UnavailableError("the coordinator is shutting down");
  if (runs_.running_count() + creating_ < kMaxRunningProbeRuns) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat(kMaxRunningProbeRuns, " probe runs are under way; try again in a few seconds"));
}

void ProbeRuns::Create(v1::CreateProbeRunRequest request, Reply<v1::ProbeRun> reply) {
  absl::StatusOr<ProbeRequest> checked = CheckProbeRequest(request);
  if (!checked.ok()) return reply(checked.status());
  reply = ledger_.Admit(
      request.request_id(), Fingerprint(request), host_.loop().clock().Monotonic(),
      std::move(reply),
      [this](const std::string& name, Reply<v1::ProbeRun> again) { Get(name, std::move(again)); });
  if (reply == nullptr) return;
  if (const absl::Status status = Admission(); !status.ok()) return reply(status);
  ++creating_;
  const std::vector<std::string> runs = checked->selector.ReferencedRuns();
  references_.Resolve(runs, [this, request = *std::move(checked), reply = std::move(reply)](
                                absl::StatusOr<std::vector<std::vector<std::string>>> run_nodes) {
    --creating_;
    if (!run_nodes.ok()) return reply(run_nodes.status());
    Begin(request, *std::move(run_nodes), reply);
  });
}

void ProbeRuns::Begin(const ProbeRequest& request, std::vector<std::vector<std::string>> run_nodes,
                      Reply<v1::ProbeRun> reply) {
  if (interrupted_) return reply(absl::UnavailableError("the coordinator is shutting down"));
  const VantageQuery query{request.selector, std::move(run_nodes), request.limit,
                           request.vantage_family};
  const absl::StatusOr<std::vector<v1::Node>> vantages = SelectVantages(host_.Nodes(), query);
  if (!vantages.ok()) return reply(vantages.status());
  const absl::Time now = host_.loop().clock().Wall();
  ProbeRunRun& run = runs_.Add(std::make_unique<ProbeRunRun>(
      host_, absl::StrCat(kPrefix, NewUuidV7(host_.random(), now)), request, *vantages, now));
  run.Start([this](ProbeRunRun& finished) { runs_.Retire(finished.name()); });
  reply(run.resource());
}

void ProbeRuns::Get(const std::string& name, Reply<v1::ProbeRun> reply) {
  const ProbeRunRun* run = runs_.Find(name);
  if (run == nullptr) return reply(NotFound(name));
  reply(run->resource());
}

void ProbeRuns::Cancel(const std::string& name, Reply<v1::ProbeRun> reply) {
  if (ProbeRunRun* run = runs_.FindRunning(name)) run->Stop(v1::ProbeRun::CANCELLED);
  Get(name, std::move(reply));
}

void ProbeRuns::Watch(const std::string& name, uint64_t after_sequence,
                      std::shared_ptr<ProbeRunSink> sink) {
  ProbeRunRun* run = runs_.Find(name);
  if (run == nullptr) return sink->End(NotFound(name));
  run->events().Watch(after_sequence, std::move(sink));
}

void ProbeRuns::Unwatch(const ProbeRunSink* sink) {
  runs_.VisitAll([sink](ProbeRunRun& run) { return run.events().Unwatch(sink); });
}

void ProbeRuns::OnObservation(const std::string& run, const v1::Observation& observation) {
  if (ProbeRunRun* found = runs_.FindRunning(run)) found->OnObservation(observation);
}

void ProbeRuns::OnCommandLost(const std::string& run, const std::string& node,
                              const std::string& command_id, const absl::Status& reason) {
  if (ProbeRunRun* found = runs_.FindRunning(run)) found->OnCommandLost(node, command_id, reason);
}

void ProbeRuns::OnNodeGone(const std::string& node, const absl::Status& reason) {
  for (const std::string& name : runs_.RunningNames()) {
    if (ProbeRunRun* run = runs_.FindRunning(name)) run->OnNodeGone(node, reason);
  }
}

std::optional<std::vector<std::string>> ProbeRuns::Vantages(const std::string& name) {
  const ProbeRunRun* run = runs_.Find(name);
  if (run == nullptr) return std::nullopt;
  return run->VantageNodes();
}

void ProbeRuns::Interrupt() {
  interrupted_ = true;
  for (const std::string& name : runs_.RunningNames()) {
    if (ProbeRunRun* run = runs_.FindRunning(name)) run->Stop(v1::ProbeRun::INTERRUPTED);
  }
}

}  // namespace probemesh::coordinator
