// A core that remembers what it was asked and answers what the test wants, for tests of the threads
// around it.
#ifndef PROBEMESH_TESTS_SUPPORT_FAKE_CORE_H_
#define PROBEMESH_TESTS_SUPPORT_FAKE_CORE_H_

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/core/core.h"

namespace probemesh::coordinator {

// Loop thread only, its fields too.
class FakeCore final : public Core {
 public:
  struct Session {
    PeerIdentity peer;
    std::shared_ptr<SessionSink> sink;
    std::vector<v1::NodeMessage> messages;
    bool closed = false;
    absl::Status close_status;
  };
  template <typename Sink>
  struct Watcher {
    std::string name;
    uint64_t after_sequence = 0;
    std::shared_ptr<Sink> sink;
  };

  std::vector<std::string> calls;  // "GetDiagnosis diagnoses/1"
  absl::Status answer;             // what every call answers, if not OK
  bool hold_replies = false;       // keep the replies of unary calls instead of calling them
  std::vector<std::function<void()>> held;
  int unwatch_count = 0;  // of sinks that nobody knows, too
  std::map<SessionId, Session> sessions;
  std::vector<Watcher<DiagnosisSink>> diagnosis_watchers;
  std::vector<Watcher<ProbeRunSink>> probe_watchers;
  v1::CreateDiagnosisRequest last_diagnosis;
  v1::EnrollRequest last_enrollment;

  SessionId OpenSession(PeerIdentity peer, std::shared_ptr<SessionSink> sink) override {
    const SessionId id = sessions.size() + 1;
    sessions[id].peer = std::move(peer);
    sessions[id].sink = std::move(sink);
    return id;
  }
  void OnSessionMessage(SessionId session, v1::NodeMessage message) override {
    sessions[session].messages.push_back(std::move(message));
  }
  void OnSessionClosed(SessionId session, absl::Status status) override {
    sessions[session].closed = true;
    sessions[session].close_status = std::move(status);
    sessions[session].sink.reset();
  }

  void CreateDiagnosis(v1::CreateDiagnosisRequest request, Reply<v1::Diagnosis> reply) override {
    last_diagnosis = std::move(request);
    Named("CreateDiagnosis", "diagnoses/1", std::move(reply));
  }
  void GetDiagnosis(std::string name, Reply<v1::Diagnosis> reply) override {
    Named("GetDiagnosis", name, std::move(reply));
  }
  void ListDiagnoses(v1::ListDiagnosesRequest, Reply<v1::ListDiagnosesResponse> reply) override {
    Give("ListDiagnoses", v1::ListDiagnosesResponse(), std::move(reply));
  }
  void CancelDiagnosis(std::string name, Reply<v1::Diagnosis> reply) override {
    Named("CancelDiagnosis", name, std::move(reply));
  }
  void GetEvidenceBundle(std::string name, Reply<v1::EvidenceBundle> reply) override {
    Give("GetEvidenceBundle " + name, v1::EvidenceBundle(), std::move(reply));
  }
  void WatchDiagnosis(std::string name, uint64_t after_sequence,
                      std::shared_ptr<DiagnosisSink> sink) override {
    Watch("WatchDiagnosis ", name, after_sequence, std::move(sink), &diagnosis_watchers);
  }
  void Unwatch(const DiagnosisSink* sink) override { Forget(sink, &diagnosis_watchers); }

  void CreateProbeRun(v1::CreateProbeRunRequest, Reply<v1::ProbeRun> reply) override {
    Named("CreateProbeRun", "probeRuns/1", std::move(reply));
  }
  void GetProbeRun(std::string name, Reply<v1::ProbeRun> reply) override {
    Named("GetProbeRun", name, std::move(reply));
  }
  void CancelProbeRun(std::string name, Reply<v1::ProbeRun> reply) override {
    Named("CancelProbeRun", name, std::move(reply));
  }
  void WatchProbeRun(std::string name, uint64_t after_sequence,
                     std::shared_ptr<ProbeRunSink> sink) override {
    Watch("WatchProbeRun ", name, after_sequence, std::move(sink), &probe_watchers);
  }
  void Unwatch(const ProbeRunSink* sink) override { Forget(sink, &probe_watchers); }

  void ListNodes(v1::ListNodesRequest request, Reply<v1::ListNodesResponse> reply) override {
    Give("ListNodes " + request.filter(), v1::ListNodesResponse(), std::move(reply));
  }
  void GetNode(std::string name, Reply<v1::Node> reply) override {
    Named("GetNode", name, std::move(reply));
  }
  void DrainNode(std::string name, bool drain, Reply<v1::Node> reply) override {
    Named(drain ? "DrainNode" : "UndrainNode", name, std::move(reply));
  }
  void RevokeNode(std::string name, Reply<v1::Node> reply) override {
    Named("RevokeNode", name, std::move(reply));
  }
  void CreateJoinToken(v1::CreateJoinTokenRequest request,
                       Reply<v1::CreateJoinTokenResponse> reply) override {
    Give("CreateJoinToken " + request.node(), v1::CreateJoinTokenResponse(), std::move(reply));
  }
  void ListJoinTokens(v1::ListJoinTokensRequest, Reply<v1::ListJoinTokensResponse> reply) override {
    Give("ListJoinTokens", v1::ListJoinTokensResponse(), std::move(reply));
  }
  void RevokeJoinToken(std::string name, Reply<v1::JoinToken> reply) override {
    Named("RevokeJoinToken", name, std::move(reply));
  }
  void Enroll(v1::EnrollRequest request, Reply<v1::EnrollResponse> reply) override {
    last_enrollment = std::move(request);
    v1::EnrollResponse response;
    response.set_node("nodes/" + last_enrollment.requested_name());
    Give("Enroll", response, std::move(reply));
  }

  v1::CoordinatorInfo Info() const override {
    v1::CoordinatorInfo info;
    info.set_version("fake");
    return info;
  }

  void Shutdown(std::function<void()> done) override { done(); }

 private:
  template <typename T>
  void Give(const std::string& call, const T& value, Reply<T> reply) {
    calls.push_back(call);
    const absl::StatusOr<T> result = answer.ok() ? absl::StatusOr<T>(value) : answer;
    if (hold_replies) {
      held.push_back([reply, result] { reply(result); });
    } else {
      reply(result);
    }
  }

  template <typename T>
  void Named(const std::string& call, const std::string& name, Reply<T> reply) {
    T resource;
    resource.set_name(name);
    Give(call + " " + name, resource, std::move(reply));
  }

  template <typename Sink>
  void Watch(const std::string& call, const std::string& name, uint64_t after_sequence,
             std::shared_ptr<Sink> sink, std::vector<Watcher<Sink>>* watchers) {
    calls.push_back(call + name);
    if (!answer.ok()) {
      sink->End(answer);
    } else {
      watchers->push_back({name, after_sequence, std::move(sink)});
    }
  }

  template <typename Sink>
  void Forget(const Sink* sink, std::vector<Watcher<Sink>>* watchers) {
    ++unwatch_count;
    for (auto watcher = watchers->begin(); watcher != watchers->end(); ++watcher) {
      if (watcher->sink.get() != sink) continue;
      watchers->erase(watcher);
      calls.push_back("Unwatch");
      return;
    }
  }
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_TESTS_SUPPORT_FAKE_CORE_H_
