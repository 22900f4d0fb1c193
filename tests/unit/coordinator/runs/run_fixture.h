// A run manager over a fake host with four nodes and a judge that only counts.
#ifndef PROBEMESH_TESTS_UNIT_COORDINATOR_RUNS_RUN_FIXTURE_H_
#define PROBEMESH_TESTS_UNIT_COORDINATOR_RUNS_RUN_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/runs/run_manager.h"
#include "tests/support/fake_run_host.h"
#include "tests/unit/coordinator/runs/recording_sink.h"

namespace probemesh::coordinator {

inline v1::VantageReport::State CountedState(const v1::EvidenceBundle& bundle,
                                             const v1::BundleVantage& vantage) {
  if (vantage.lost()) return v1::VantageReport::LOST;
  if (vantage.not_run()) return v1::VantageReport::NOT_RUN;
  v1::VantageReport::State state = v1::VantageReport::STATE_UNSPECIFIED;
  for (const v1::Observation& observation : bundle.observations()) {
    if (observation.node() != vantage.node() || observation.spec().role() != v1::SERVICE) continue;
    if (observation.spec().has_dns()) continue;
    if (observation.outcome() == v1::ANSWERED) return v1::VantageReport::OK;
    state = v1::VantageReport::FAILED;
  }
  return state;
}

inline std::vector<v1::VantageReport> CountedReport(const v1::EvidenceBundle& bundle) {
  std::vector<v1::VantageReport> reports;
  for (const v1::BundleVantage& vantage : bundle.vantages()) {
    v1::VantageReport report;
    report.set_node(vantage.node());
    report.set_group(vantage.group());
    report.set_state(CountedState(bundle, vantage));
    report.set_reason(vantage.reason());
    reports.push_back(report);
  }
  return reports;
}

// HEALTHY if all present vantages are OK, SERVICE_DOWN if all failed, else INCONCLUSIVE.
inline DiagnosisResult CountedDiagnosis(const v1::EvidenceBundle& bundle) {
  DiagnosisResult result;
  result.vantages = CountedReport(bundle);
  int ok = 0;
  int failed = 0;
  for (const v1::VantageReport& report : result.vantages) {
    ok += report.state() == v1::VantageReport::OK;
    failed += report.state() == v1::VantageReport::FAILED;
  }
  result.judgement.set_verdict(ok > 0 && failed == 0   ? v1::Judgement::HEALTHY
                               : failed > 0 && ok == 0 ? v1::Judgement::SERVICE_DOWN
                                                       : v1::Judgement::INCONCLUSIVE);
  result.judgement.set_summary(absl::StrCat(bundle.observations_size(), " observations"));
  return result;
}

class RunFixture : public testing::Test {
 protected:
  RunFixture() {
    for (const char* name : {"a", "b", "c", "d"}) {
      host_.AddNode(name, absl::StrCat("as-", name));
    }
    Restart();
  }

  // A new process over the same store.
  void Restart() {
    manager_ =
        std::make_unique<RunManager>(host_, DiagnosisEngine{CountedDiagnosis, CountedReport});
    host_.Attach(manager_.get());
  }

  static v1::CreateDiagnosisRequest Request(const std::string& target,
                                            const std::string& from = "") {
    v1::CreateDiagnosisRequest request;
    request.mutable_spec()->set_target(target);
    request.mutable_spec()->set_from(from);
    return request;
  }

  // Shared with the reply, which may come after this has returned.
  absl::StatusOr<v1::Diagnosis> Create(const v1::CreateDiagnosisRequest& request) {
    auto created = std::make_shared<absl::StatusOr<v1::Diagnosis>>(absl::UnknownError("no reply"));
    manager_->CreateDiagnosis(
        request, [created](absl::StatusOr<v1::Diagnosis> reply) { *created = std::move(reply); });
    host_.manual_loop().RunUntilIdle();
    return *created;
  }

  absl::StatusOr<v1::Diagnosis> Get(const std::string& name) {
    absl::StatusOr<v1::Diagnosis> got = absl::UnknownError("no reply");
    manager_->GetDiagnosis(name, [&](absl::StatusOr<v1::Diagnosis> reply) { got = reply; });
    host_.manual_loop().RunUntilIdle();
    return got;
  }

  v1::EvidenceBundle BundleOf(const std::string& name) {
    v1::EvidenceBundle bundle;
    manager_->GetEvidenceBundle(name, [&](absl::StatusOr<v1::EvidenceBundle> got) {
      if (got.ok()) bundle = *std::move(got);
    });
    host_.manual_loop().RunUntilIdle();
    return bundle;
  }

  std::shared_ptr<DiagnosisRecorder> Watch(const std::string& name, uint64_t after = 0) {
    auto recorder = std::make_shared<DiagnosisRecorder>();
    manager_->WatchDiagnosis(name, after, recorder);
    host_.manual_loop().RunUntilIdle();
    return recorder;
  }

  // Runs until the diagnosis is over.
  v1::Diagnosis Finish(const std::string& name, absl::Duration limit = absl::Seconds(10)) {
    const bool over = host_.manual_loop().AdvanceUntil(
        [&] {
          bool done = false;
          manager_->GetDiagnosis(name, [&](absl::StatusOr<v1::Diagnosis> reply) {
            done = reply.ok() && reply->state() != v1::Diagnosis::RUNNING;
          });
          return done;
        },
        limit);
    EXPECT_TRUE(over) << "still running";
    host_.manual_loop().RunUntilIdle();
    return Get(name).value_or(v1::Diagnosis());
  }

  void SetService(FakeTarget::Service service) {
    for (const char* name : {"a", "b", "c", "d"}) host_.node(name).view.service = service;
  }

  static const v1::VantageReport& ReportOf(const v1::Diagnosis& diagnosis,
                                           const std::string& node) {
    for (const v1::VantageReport& report : diagnosis.vantages()) {
      if (report.node() == "nodes/" + node) return report;
    }
    return v1::VantageReport::default_instance();
  }

  FakeRunHost host_;
  std::unique_ptr<RunManager> manager_;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_TESTS_UNIT_COORDINATOR_RUNS_RUN_FIXTURE_H_
