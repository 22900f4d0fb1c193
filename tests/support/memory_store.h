// The store as plain maps, with failures to order: the fake of coordinator/store.
#ifndef PROBEMESH_TESTS_SUPPORT_MEMORY_STORE_H_
#define PROBEMESH_TESTS_SUPPORT_MEMORY_STORE_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/store/store.h"

namespace probemesh::coordinator {

// Passes the same conformance suite as the real stores.
class MemoryStore final : public Store {
 public:
  // Every call fails with `failure` and changes nothing, until OkStatus heals it.
  void FailWith(absl::Status failure) { failure_ = std::move(failure); }

  // Transactions of IngestAll that were committed.
  int ingest_commits() const { return ingest_commits_; }
  // Everything ingested for `node` that belongs to no run, in order of arrival.
  std::vector<v1::Observation> Unattributed(const std::string& node) const;

  absl::Status PutNode(const StoredNode& node) override;
  absl::StatusOr<std::vector<StoredNode>> ListNodes() override;
  absl::Status PutToken(const StoredToken& token) override;
  absl::StatusOr<std::vector<StoredToken>> ListTokens() override;
  absl::Status RevokeToken(const std::string& id) override;
  absl::Status Enroll(const std::string& token_id, absl::Time now, const StoredNode& node) override;
  absl::StatusOr<std::vector<IngestResult>> IngestAll(
      const std::vector<IngestBatch>& batches) override;
  absl::StatusOr<uint64_t> Watermark(const std::string& node, uint64_t generation) override;
  absl::StatusOr<std::vector<v1::Observation>> ObservationsOf(const std::string& run) override;
  absl::Status PutDiagnosis(const v1::Diagnosis& diagnosis,
                            const v1::EvidenceBundle& bundle) override;
  absl::StatusOr<v1::Diagnosis> GetDiagnosis(const std::string& name) override;
  absl::StatusOr<v1::EvidenceBundle> GetBundle(const std::string& name) override;
  absl::StatusOr<DiagnosisPage> ListDiagnoses(int page_size,
                                              const std::string& page_token) override;
  absl::StatusOr<int> InterruptRunning() override;

 private:
  struct Row {
    std::string run;
    std::string node;
    v1::Observation observation;
  };

  absl::Status failure_;
  int ingest_commits_ = 0;
  std::map<std::string, StoredNode> nodes_;
  std::map<std::string, StoredToken> tokens_;
  std::map<std::pair<std::string, uint64_t>, uint64_t> watermarks_;
  std::vector<Row> rows_;
  std::map<std::string, std::pair<v1::Diagnosis, v1::EvidenceBundle>> diagnoses_;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_TESTS_SUPPORT_MEMORY_STORE_H_
