#include "coordinator/runs/diagnosis_runs.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/proto_time.h"
#include "common/base/random.h"
#include "common/log/log.h"
#include "coordinator/planner/vantage_selection.h"
#include "coordinator/runs/evidence.h"
#include "coordinator/runs/limits.h"

namespace probemesh::coordinator {
namespace {

constexpr absl::string_view kPrefix = "diagnoses/";

absl::Status CheckName(const std::string& name) {
  if (absl::StartsWith(name, kPrefix) && name.size() > kPrefix.size() &&
      name.size() <= kMaxRunNameOctets) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("name: diagnoses/<id>");
}

absl::Status Found(absl::Status status, const std::string& name) {
  if (!absl::IsNotFound(status)) return status;
  return absl::NotFoundError(absl::StrCat("there is no ", name));
}

}  // namespace

DiagnosisRuns::DiagnosisRuns(RunHost& host, DiagnosisEngine engine, StoreAccess& store,
                             RunReferences& references, PathAtlas& atlas)
    : host_(host),
      engine_(std::move(engine)),
      store_(store),
      references_(references),
      atlas_(atlas) {}

absl::Status DiagnosisRuns::Admission() const {
  if (interrupted_) return absl::UnavailableError("the coordinator is shutting down");
  if (runs_.running_count() + creating_ >= kMaxRunningDiagnoses) {
    return absl::ResourceExhaustedError(
        absl::StrCat(kMaxRunningDiagnoses, " diagnoses run already; try again in a few seconds"));
  }
  if (store_.Overloaded()) return absl::UnavailableError("the store is behind; try again later");
  return absl::OkStatus();
}

void DiagnosisRuns::Create(v1::CreateDiagnosisRequest request, Reply<v1::Diagnosis> reply) {
  absl::StatusOr<DiagnosisRequest> checked = CheckDiagnosisSpec(request.spec());
  if (!checked.ok()) return reply(checked.status());
  reply = ledger_.Admit(
      request.request_id(), request.spec().SerializeAsString(), host_.loop().clock().Monotonic(),
      std::move(reply),
      [this](const std::string& name, Reply<v1::Diagnosis> again) { Get(name, std::move(again)); });
  if (reply == nullptr) return;
  if (const absl::Status status = Admission(); !status.ok()) return reply(status);
  Creation creation{*std::move(checked), host_.loop().clock().Wall(),
                    host_.loop().clock().Monotonic()};
  // Names carry whole milliseconds, and offsets are counted from the name's.
  const absl::Time whole = absl::FromUnixMillis(absl::ToUnixMillis(creation.create_time));
  creation.started -= creation.create_time - whole;
  creation.create_time = whole;
  ++creating_;
  const std::vector<std::string> runs = creation.request.selector.ReferencedRuns();
  references_.Resolve(runs, [this, creation = std::move(creation), reply = std::move(reply)](
                                absl::StatusOr<std::vector<std::vector<std::string>>> run_nodes) {
    --creating_;
    if (!run_nodes.ok()) return reply(run_nodes.status());
    Select(creation, *std::move(run_nodes), reply);
  });
}

void DiagnosisRuns::Select(Creation creation, std::vector<std::vector<std::string>> run_nodes,
                           Reply<v1::Diagnosis> reply) {
  const VantageQuery query{creation.request.selector, std::move(run_nodes),
                           creation.request.spec.limit(), creation.request.vantage_family};
  absl::StatusOr<std::vector<v1::Node>> vantages = SelectVantages(host_.Nodes(), query);
  if (!vantages.ok()) return reply(vantages.status());
  Persist(std::move(creation), *std::move(vantages), std::move(reply));
}

// What runs is in the store first, so that a crash leaves a trace of it.
void DiagnosisRuns::Persist(Creation creation, std::vector<v1::Node> vantages,
                            Reply<v1::Diagnosis> reply) {
  const std::string name = absl::StrCat(kPrefix, NewUuidV7(host_.random(), creation.create_time));
  auto run = std::make_shared<std::unique_ptr<DiagnosisRun>>(std::make_unique<DiagnosisRun>(
      host_, engine_, name, creation.request, vantages, creation.create_time, creation.started));
  (*run)->SetBaseline(atlas_.Baseline(creation.request.target));
  const v1::Diagnosis resource = (*run)->stripped();
  const v1::EvidenceBundle bundle = (*run)->bundle_head();
  ++creating_;
  store_.Do<absl::Status>(
      [resource, bundle](Store& store) { return store.PutDiagnosis(resource, bundle); },
      [this, run, reply = std::move(reply)](const absl::Status& stored) {
        --creating_;
        if (!stored.ok()) {
          LogError("diagnosis_not_stored", {{"reason", stored.ToString()}});
          return reply(absl::UnavailableError(
              absl::StrCat("the store failed, nothing was begun: ", stored.message())));
        }
        if (interrupted_) return reply(absl::UnavailableError("the coordinator is shutting down"));
        DiagnosisRun& started = runs_.Add(std::move(*run));
        started.Start([this](DiagnosisRun& finished) { OnFinished(finished); });
        reply(started.resource());
      });
}

// The verdict has been told by now; a store that fails cannot take it back.
void DiagnosisRuns::OnFinished(DiagnosisRun& run) {
  const std::string name = run.name();
  v1::EvidenceBundle head = run.bundle_head();
  const v1::EvidenceBundle whole = run.Bundle();
  MarkJudged(whole.observations(), &head);
  atlas_.OnDiagnosisOver(run.stripped(), whole);
  store_.Do<absl::Status>(
      [resource = run.stripped(), bundle = std::move(head)](Store& store) {
        return store.PutDiagnosis(resource, bundle);
      },
      [name](const absl::Status& stored) {
        if (stored.ok()) return;
        LogError("verdict_not_stored", {{"run", name}, {"reason", stored.ToString()}});
      });
  runs_.Retire(name);
}

void DiagnosisRuns::Get(const std::string& name, Reply<v1::Diagnosis> reply) {
  if (const absl::Status status = CheckName(name); !status.ok()) return reply(status);
  if (const DiagnosisRun* run = runs_.Find(name)) return reply(run->resource());
  store_.Load(name, [name, reply = std::move(reply)](absl::StatusOr<v1::Diagnosis> loaded) {
    if (!loaded.ok()) return reply(Found(loaded.status(), name));
    reply(*std::move(loaded));
  });
}

void DiagnosisRuns::List(const v1::ListDiagnosesRequest& request,
                         Reply<v1::ListDiagnosesResponse> reply) {
  if (request.page_size() < 0) {
    return reply(absl::InvalidArgumentError("page_size: not negative"));
  }
  const int size = request.page_size() == 0 ? kDefaultDiagnosisPage
                                            : std::min(request.page_size(), kMaxDiagnosisPage);
  store_.Do<absl::StatusOr<DiagnosisPage>>(
      [size, token = request.page_token()](Store& store) {
        return store.ListDiagnoses(size, token);
      },
      [this, reply = std::move(reply)](absl::StatusOr<DiagnosisPage> page) {
        if (!page.ok()) return reply(page.status());
        v1::ListDiagnosesResponse response;
        response.set_next_page_token(page->next_page_token);
        for (v1::Diagnosis& diagnosis : page->diagnoses) {
          // What has just finished may not be in the store yet.
          const DiagnosisRun* run = runs_.Find(diagnosis.name());
          *response.add_diagnoses() = run == nullptr ? std::move(diagnosis) : run->stripped();
        }
        reply(std::move(response));
      });
}

void DiagnosisRuns::Cancel(const std::string& name, Reply<v1::Diagnosis> reply) {
  if (DiagnosisRun* run = runs_.FindRunning(name)) run->Stop(v1::Diagnosis::CANCELLED);
  Get(name, std::move(reply));
}

void DiagnosisRuns::GetBundle(const std::string& name, Reply<v1::EvidenceBundle> reply) {
  if (const absl::Status status = CheckName(name); !status.ok()) return reply(status);
  if (const DiagnosisRun* run = runs_.Find(name)) return reply(run->Bundle());
  store_.LoadBundle(name,
                    [name, reply = std::move(reply)](absl::StatusOr<v1::EvidenceBundle> loaded) {
                      if (!loaded.ok()) return reply(Found(loaded.status(), name));
                      reply(*std::move(loaded));
                    });
}

void DiagnosisRuns::Watch(const std::string& name, uint64_t after_sequence,
                          std::shared_ptr<DiagnosisSink> sink) {
  if (const absl::Status status = CheckName(name); !status.ok()) return sink->End(status);
  if (DiagnosisRun* run = runs_.Find(name)) {
    return run->events().Watch(after_sequence, std::move(sink));
  }
  if (loading_.size() >= kMaxLoadingWatchers) {
    return sink->End(absl::ResourceExhaustedError("too many watchers at once; try again later"));
  }
  const DiagnosisSink* key = sink.get();
  loading_[key] = std::move(sink);
  store_.Load(name, [this, name, after_sequence, key](absl::StatusOr<v1::Diagnosis> loaded) {
    auto waiting = loading_.extract(key);
    if (waiting.empty()) return;  // it went away
    DiagnosisSink& watcher = *waiting.mapped();
    if (!loaded.ok()) return watcher.End(Found(loaded.status(), name));
    if (loaded->state() == v1::Diagnosis::RUNNING) {
      return watcher.End(absl::UnavailableError("this diagnosis runs on another coordinator"));
    }
    Replay(*loaded, after_sequence, watcher);
    watcher.End(absl::OkStatus());
  });
}

// Only the first and the last event of a diagnosis outlive its process. Whoever resumes has seen
// the first one, and is still owed the last.
void DiagnosisRuns::Replay(const v1::Diagnosis& diagnosis, uint64_t after_sequence,
                           DiagnosisSink& sink) {
  if (after_sequence == 0) {
    v1::DiagnosisEvent accepted;
    accepted.set_sequence(1);
    v1::Diagnosis& resource = *accepted.mutable_accepted();
    resource.set_name(diagnosis.name());
    resource.set_target(diagnosis.target());
    *resource.mutable_create_time() = diagnosis.create_time();
    *resource.mutable_spec() = diagnosis.spec();
    resource.set_state(v1::Diagnosis::RUNNING);
    for (const v1::VantageReport& report : diagnosis.vantages()) {
      v1::VantageReport& vantage = *resource.add_vantages();
      vantage.set_node(report.node());
      vantage.set_group(report.group());
    }
    sink.Publish(accepted);
  }
  v1::DiagnosisEvent done;
  done.set_sequence(std::max<uint64_t>(after_sequence, 1) + 1);
  *done.mutable_offset() = diagnosis.elapsed();
  *done.mutable_done() = diagnosis;
  sink.Publish(done);
}

void DiagnosisRuns::Unwatch(const DiagnosisSink* sink) {
  if (loading_.erase(sink) > 0) return;
  runs_.VisitAll([sink](DiagnosisRun& run) { return run.events().Unwatch(sink); });
}

void DiagnosisRuns::OnObservation(const std::string& run, const v1::Observation& observation) {
  if (DiagnosisRun* found = runs_.FindRunning(run)) found->OnObservation(observation);
}

void DiagnosisRuns::OnCommandLost(const std::string& run, const std::string& node,
                                  const std::string& command_id) {
  if (DiagnosisRun* found = runs_.FindRunning(run)) found->OnCommandLost(node, command_id);
}

void DiagnosisRuns::OnNodeGone(const std::string& node, const absl::Status& reason) {
  for (const std::string& name : runs_.RunningNames()) {
    if (DiagnosisRun* run = runs_.FindRunning(name)) run->OnNodeGone(node, reason);
  }
}

std::optional<std::vector<std::string>> DiagnosisRuns::Vantages(const std::string& name) {
  const DiagnosisRun* run = runs_.Find(name);
  if (run == nullptr) return std::nullopt;
  return run->VantageNodes();
}

void DiagnosisRuns::Interrupt() {
  interrupted_ = true;
  for (const std::string& name : runs_.RunningNames()) {
    if (DiagnosisRun* run = runs_.FindRunning(name)) run->Stop(v1::Diagnosis::INTERRUPTED);
  }
}

}  // namespace probemesh::coordinator
