// The embedded store: one SQLite file in the data directory.
#ifndef PROBEMESH_COORDINATOR_STORE_SQLITE_STORE_H_
#define PROBEMESH_COORDINATOR_STORE_SQLITE_STORE_H_

#include <memory>
#include <string>
#include <vector>

#include "coordinator/store/sqlite_database.h"
#include "coordinator/store/store.h"

namespace probemesh::coordinator {

struct SqliteStoreOptions {
  std::string path;
  // Most pages of 4 KiB that the file may take; 0 is SQLite's own limit. Writes beyond it are
  // UNAVAILABLE, as on a full disk.
  int64_t max_pages = 0;
};

class SqliteStore final : public Store {
 public:
  // Creates, checks and migrates the file. DATA_LOSS: damaged, or not ours. FAILED_PRECONDITION:
  // written by a newer program. UNAVAILABLE: disk, permissions, or used by another process.
  static absl::StatusOr<std::unique_ptr<SqliteStore>> Open(const SqliteStoreOptions& options);

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
  absl::Status BurnToken(const std::string& id, absl::Time now, const std::string& spki_sha256);
  explicit SqliteStore(std::unique_ptr<SqliteDatabase> database) : database_(std::move(database)) {}

  absl::StatusOr<std::vector<v1::Diagnosis>> ReadRunning();
  absl::Status UpdateResource(const v1::Diagnosis& diagnosis);
  absl::StatusOr<IngestResult> IngestOne(const IngestBatch& batch);
  absl::Status AppendObservations(const IngestBatch& batch, const std::vector<size_t>& accepted);
  absl::Status AppendPack(const IngestBatch& batch, const std::vector<size_t>& items);
  absl::Status MoveWatermark(const IngestBatch& batch, uint64_t sequence);

  std::unique_ptr<SqliteDatabase> database_;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_STORE_SQLITE_STORE_H_
