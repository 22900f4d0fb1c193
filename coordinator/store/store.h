// Where the mesh remembers: nodes, tokens, diagnoses and their evidence. One interface for every
// back-end; one conformance suite (tests/unit/coordinator/store) runs against each.
#ifndef PROBEMESH_COORDINATOR_STORE_STORE_H_
#define PROBEMESH_COORDINATOR_STORE_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "probemesh/v1/diagnosis.pb.h"
#include "probemesh/v1/node.pb.h"
#include "probemesh/v1/node_service.pb.h"

namespace probemesh::coordinator {

struct StoredNode {
  std::string name;  // "nodes/fra-1"
  std::string uid;
  std::string spki_sha256;  // hex, of the key that it enrolled with
  v1::Node node;            // labels, group, version, times
  std::vector<std::pair<std::string, std::string>> token_labels;  // sorted; win over the node's own
  // Hex serials of the certificates that speak for it, newest last; others of that name are dead.
  std::vector<std::string> certificate_serials;
  bool revoked = false;
  bool drained = false;
};

struct StoredToken {
  std::string id;
  std::string secret_sha256;  // hex; the secret itself is never stored
  std::string node;           // the one name it may enrol, empty for any
  std::vector<std::pair<std::string, std::string>> labels;  // sorted
  absl::Time create_time;
  absl::Time expire_time;
  uint32_t max_uses = 1;
  uint32_t uses = 0;
  bool revoked = false;
  // The last enrolment, so that a lost reply can be repeated by the same key only.
  std::string last_spki_sha256;
  absl::Time last_use_time;  // UnixEpoch when never used
};

// One result as it arrived, with the run it belongs to (empty when the run is unknown or of a raw
// probe).
struct IngestItem {
  uint64_t sequence = 0;
  std::string run;  // "diagnoses/..." or "probeRuns/..." or empty
  v1::Observation observation;
};

// A batch of contiguous results of one node and spool generation.
struct IngestBatch {
  std::string node;
  uint64_t spool_generation = 0;
  std::vector<IngestItem> items;  // ascending sequence
  // The node no longer has what lies between the watermark and the first new item (its spool was
  // acked by a store that has since been restored from a backup, for example): the watermark jumps.
  bool allow_gap = false;
};

struct IngestResult {
  uint64_t acked_sequence = 0;  // the watermark after the commit
  // Indices of `items` that were new; the others had been ingested before or lie beyond a gap.
  std::vector<size_t> accepted;
};

struct DiagnosisPage {
  std::vector<v1::Diagnosis> diagnoses;  // newest first, without observations
  std::string next_page_token;
};

// Synchronous; used by one thread at a time (the store thread). Every write is one durable
// transaction. Errors: NOT_FOUND, ALREADY_EXISTS, ABORTED (lost a race), UNAVAILABLE (disk full,
// I/O error: nothing was written), DATA_LOSS (the file is damaged).
class Store {
 public:
  virtual ~Store() = default;

  virtual absl::Status PutNode(const StoredNode& node) = 0;         // insert or replace by name
  virtual absl::StatusOr<std::vector<StoredNode>> ListNodes() = 0;  // by name

  virtual absl::Status PutToken(const StoredToken& token) = 0;        // ALREADY_EXISTS by id
  virtual absl::StatusOr<std::vector<StoredToken>> ListTokens() = 0;  // by id
  virtual absl::Status RevokeToken(const std::string& id) = 0;
  // One more use of the token, if unexpired at `now`, unrevoked and uses < max_uses:
  // FAILED_PRECONDITION otherwise, and nothing changes. In the same transaction `node` is written,
  // and its key remembered with the token.
  virtual absl::Status Enroll(const std::string& token_id, absl::Time now,
                              const StoredNode& node) = 0;

  // Exactly-once: rows and watermarks of all batches move in one transaction, so that one sync of
  // the disk serves many nodes. One result for each batch, in order.
  virtual absl::StatusOr<std::vector<IngestResult>> IngestAll(
      const std::vector<IngestBatch>& batches) = 0;
  absl::StatusOr<IngestResult> Ingest(const IngestBatch& batch);
  // 0 for a generation never seen.
  virtual absl::StatusOr<uint64_t> Watermark(const std::string& node, uint64_t generation) = 0;
  // The observations of a run, in order of arrival; none for a run never seen.
  virtual absl::StatusOr<std::vector<v1::Observation>> ObservationsOf(const std::string& run) = 0;

  // The resource without observations; `bundle` carries target, vantages and spec, also without
  // them.
  virtual absl::Status PutDiagnosis(const v1::Diagnosis& diagnosis,
                                    const v1::EvidenceBundle& bundle) = 0;  // insert or replace
  virtual absl::StatusOr<v1::Diagnosis> GetDiagnosis(const std::string& name) = 0;
  // With its observations: everything the judgement is a function of.
  virtual absl::StatusOr<v1::EvidenceBundle> GetBundle(const std::string& name) = 0;
  // Newest first. `page_size` of 1 or more; INVALID_ARGUMENT for a token that no page gave out.
  virtual absl::StatusOr<DiagnosisPage> ListDiagnoses(int page_size,
                                                      const std::string& page_token) = 0;
  // Every diagnosis still RUNNING becomes INTERRUPTED; returns how many. Called once at start-up.
  virtual absl::StatusOr<int> InterruptRunning() = 0;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_STORE_STORE_H_
