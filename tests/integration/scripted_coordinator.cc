#include "tests/integration/scripted_coordinator.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/pki/client_context.h"
#include "common/rpc/channel_options.h"
#include "common/rpc/credentials.h"
#include "common/rpc/status_bridge.h"

namespace probemesh {
namespace {

constexpr absl::Duration kHoldLimit = absl::Seconds(30);

grpc::Status NotFound(const std::string& name) {
  return ToGrpc(absl::NotFoundError(absl::StrCat("no ", name)));
}

// Writes what the client has not seen yet; `mutex` is only there to pause on.
template <typename Event>
grpc::Status Play(const WatchScript<Event>& script, uint64_t after, bool may_break,
                  grpc::ServerWriter<Event>* writer) {
  Mutex mutex;
  CondVar never;
  for (size_t i = 0; i < script.events.size(); ++i) {
    if (may_break && script.break_after > 0 && i == static_cast<size_t>(script.break_after)) {
      return grpc::Status(grpc::StatusCode::UNAVAILABLE, "the stream broke");
    }
    if (i < after) continue;
    if (script.pause > absl::ZeroDuration()) {
      MutexLock lock(mutex);
      while (never.WaitFor(mutex, script.pause)) {
      }
    }
    Event event = script.events[i];
    event.set_sequence(i + 1);
    if (!writer->Write(event)) return grpc::Status::CANCELLED;
  }
  return grpc::Status::OK;
}

}  // namespace

v1::CreateDiagnosisRequest ScriptedDiagnoses::created() const {
  MutexLock lock(mutex_);
  return created_;
}

bool ScriptedDiagnoses::cancelled() const {
  MutexLock lock(mutex_);
  return cancelled_;
}

int ScriptedDiagnoses::watches() const {
  MutexLock lock(mutex_);
  return watches_;
}

grpc::Status ScriptedDiagnoses::CreateDiagnosis(grpc::ServerContext*,
                                                const v1::CreateDiagnosisRequest* request,
                                                v1::Diagnosis* response) {
  MutexLock lock(mutex_);
  created_ = *request;
  if (!create_status.ok()) return create_status;
  response->set_name(diagnosis.name());
  response->set_state(v1::Diagnosis::RUNNING);
  return grpc::Status::OK;
}

grpc::Status ScriptedDiagnoses::WatchDiagnosis(grpc::ServerContext* context,
                                               const v1::WatchDiagnosisRequest* request,
                                               grpc::ServerWriter<v1::DiagnosisEvent>* writer) {
  bool first = false;
  {
    MutexLock lock(mutex_);
    first = ++watches_ == 1;
  }
  const grpc::Status played = Play(script, request->after_sequence(), first, writer);
  if (!played.ok() || !script.hold) return played;
  if (!AwaitCancellation(context, kHoldLimit)) return grpc::Status::CANCELLED;
  v1::DiagnosisEvent done;
  done.set_sequence(script.events.size() + 1);
  *done.mutable_done() = diagnosis;
  done.mutable_done()->set_state(v1::Diagnosis::CANCELLED);
  writer->Write(done);
  return grpc::Status::OK;
}

bool ScriptedDiagnoses::AwaitCancellation(grpc::ServerContext* context, absl::Duration limit) {
  const MonotonicTime deadline = SystemClock().Monotonic() + limit;
  MutexLock lock(mutex_);
  while (!cancelled_) {
    if (context->IsCancelled() || SystemClock().Monotonic() > deadline) return false;
    changed_.WaitFor(mutex_, absl::Milliseconds(20));
  }
  return true;
}

grpc::Status ScriptedDiagnoses::CancelDiagnosis(grpc::ServerContext*,
                                                const v1::CancelDiagnosisRequest* request,
                                                v1::Diagnosis* response) {
  if (request->name() != diagnosis.name()) return NotFound(request->name());
  MutexLock lock(mutex_);
  cancelled_ = true;
  changed_.NotifyAll();
  *response = diagnosis;
  response->set_state(v1::Diagnosis::CANCELLED);
  return grpc::Status::OK;
}

grpc::Status ScriptedDiagnoses::GetDiagnosis(grpc::ServerContext*,
                                             const v1::GetDiagnosisRequest* request,
                                             v1::Diagnosis* response) {
  if (request->name() != diagnosis.name()) return NotFound(request->name());
  *response = diagnosis;
  return grpc::Status::OK;
}

grpc::Status ScriptedDiagnoses::ListDiagnoses(grpc::ServerContext*, const v1::ListDiagnosesRequest*,
                                              v1::ListDiagnosesResponse* response) {
  *response->add_diagnoses() = diagnosis;
  return grpc::Status::OK;
}

grpc::Status ScriptedDiagnoses::GetEvidenceBundle(grpc::ServerContext*,
                                                  const v1::GetEvidenceBundleRequest* request,
                                                  v1::EvidenceBundle* response) {
  if (request->name() != diagnosis.name()) return NotFound(request->name());
  *response = bundle;
  return grpc::Status::OK;
}

v1::CreateProbeRunRequest ScriptedProbes::created() const {
  MutexLock lock(mutex_);
  return created_;
}

grpc::Status ScriptedProbes::CreateProbeRun(grpc::ServerContext*,
                                            const v1::CreateProbeRunRequest* request,
                                            v1::ProbeRun* response) {
  MutexLock lock(mutex_);
  created_ = *request;
  *response = run;
  return grpc::Status::OK;
}

grpc::Status ScriptedProbes::WatchProbeRun(grpc::ServerContext*,
                                           const v1::WatchProbeRunRequest* request,
                                           grpc::ServerWriter<v1::ProbeRunEvent>* writer) {
  return Play(script, request->after_sequence(), false, writer);
}

// Two to a page.
grpc::Status ScriptedFleet::ListNodes(grpc::ServerContext*, const v1::ListNodesRequest* request,
                                      v1::ListNodesResponse* response) {
  for (auto it = nodes.upper_bound(request->page_token()); it != nodes.end(); ++it) {
    if (response->nodes_size() == 2) {
      response->set_next_page_token(response->nodes(1).name());
      break;
    }
    *response->add_nodes() = it->second;
  }
  return grpc::Status::OK;
}

grpc::Status ScriptedFleet::GetNode(grpc::ServerContext*, const v1::GetNodeRequest* request,
                                    v1::Node* response) {
  const auto found = nodes.find(request->name());
  if (found == nodes.end()) return NotFound(request->name());
  *response = found->second;
  return grpc::Status::OK;
}

grpc::Status ScriptedFleet::DrainNode(grpc::ServerContext*, const v1::DrainNodeRequest* request,
                                      v1::Node* response) {
  const auto found = nodes.find(request->name());
  if (found == nodes.end()) return NotFound(request->name());
  found->second.set_state(v1::Node::DRAINING);
  *response = found->second;
  return grpc::Status::OK;
}

grpc::Status ScriptedFleet::CreateJoinToken(grpc::ServerContext*,
                                            const v1::CreateJoinTokenRequest* request,
                                            v1::CreateJoinTokenResponse* response) {
  response->set_token(absl::StrCat("pm1.id.secret.pin@127.0.0.1:7444"));
  response->mutable_join_token()->set_node(request->node());
  return grpc::Status::OK;
}

ScriptedCoordinator::ScriptedCoordinator() {
  const coordinator::IssuedIdentity identity = authority_->IssueCoordinator({}).value();
  grpc::ServerBuilder builder;
  ConfigureServer(builder);
  builder.AddListeningPort(
      "127.0.0.1:0",
      MutualTlsServerCredentials({identity.key_pem, identity.chain_pem}, authority_->ca_pem()),
      &port_);
  builder.RegisterService(&diagnoses);
  builder.RegisterService(&probes);
  builder.RegisterService(&fleet);
  server_ = builder.BuildAndStart();
  WriteContext(authority_, context_path());
  WriteContext(foreign_, foreign_context_path());
}

ScriptedCoordinator::~ScriptedCoordinator() { Stop(); }

void ScriptedCoordinator::WriteContext(TestAuthority& authority, const std::string& path) {
  const coordinator::IssuedIdentity admin = authority->IssueOperator("admin").value();
  internal::v1::ClientContext context;
  context.set_endpoint(endpoint());
  context.set_ca_pem(authority->ca_pem());
  context.set_certificate_pem(admin.chain_pem);
  context.set_key_pem(admin.key_pem);
  EXPECT_TRUE(SaveClientContext(context, path).ok()) << path;
}

std::string ScriptedCoordinator::endpoint() const { return absl::StrCat("127.0.0.1:", port_); }

void ScriptedCoordinator::Stop() {
  if (server_ == nullptr) return;
  server_->Shutdown(absl::ToChronoTime(SystemClock().Wall() + absl::Milliseconds(200)));
  server_ = nullptr;
}

}  // namespace probemesh
