#include "tests/support/memory_store.h"

#include <limits>

#include "common/base/status_macros.h"
#include "coordinator/store/ingest_plan.h"
#include "coordinator/store/page_token.h"
#include "coordinator/store/stored_diagnosis.h"

namespace probemesh::coordinator {

std::vector<v1::Observation> MemoryStore::Unattributed(const std::string& node) const {
  std::vector<v1::Observation> observations;
  for (const Row& row : rows_) {
    if (row.run.empty() && row.node == node) observations.push_back(row.observation);
  }
  return observations;
}

absl::Status MemoryStore::PutNode(const StoredNode& node) {
  PM_RETURN_IF_ERROR(failure_);
  nodes_[node.name] = node;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<StoredNode>> MemoryStore::ListNodes() {
  PM_RETURN_IF_ERROR(failure_);
  std::vector<StoredNode> nodes;
  for (const auto& entry : nodes_) nodes.push_back(entry.second);
  return nodes;
}

absl::Status MemoryStore::PutToken(const StoredToken& token) {
  PM_RETURN_IF_ERROR(failure_);
  if (tokens_.emplace(token.id, token).second) return absl::OkStatus();
  return absl::AlreadyExistsError("join token exists");
}

absl::StatusOr<std::vector<StoredToken>> MemoryStore::ListTokens() {
  PM_RETURN_IF_ERROR(failure_);
  std::vector<StoredToken> tokens;
  for (const auto& entry : tokens_) tokens.push_back(entry.second);
  return tokens;
}

absl::Status MemoryStore::RevokeToken(const std::string& id) {
  PM_RETURN_IF_ERROR(failure_);
  const auto token = tokens_.find(id);
  if (token == tokens_.end()) return absl::NotFoundError("no such join token");
  token->second.revoked = true;
  return absl::OkStatus();
}

absl::Status MemoryStore::Enroll(const std::string& token_id, absl::Time now,
                                 const StoredNode& node) {
  PM_RETURN_IF_ERROR(failure_);
  const auto found = tokens_.find(token_id);
  if (found == tokens_.end()) return absl::FailedPreconditionError("unknown");
  StoredToken& token = found->second;
  if (token.revoked || token.uses >= token.max_uses || token.expire_time <= now) {
    return absl::FailedPreconditionError("expired, used up or revoked");
  }
  ++token.uses;
  token.last_spki_sha256 = node.spki_sha256;
  token.last_use_time = now;
  nodes_[node.name] = node;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<IngestResult>> MemoryStore::IngestAll(
    const std::vector<IngestBatch>& batches) {
  PM_RETURN_IF_ERROR(failure_);
  std::vector<IngestResult> results;
  for (const IngestBatch& batch : batches) {
    uint64_t& watermark = watermarks_[{batch.node, batch.spool_generation}];
    results.push_back(PlanIngest(watermark, batch));
    watermark = results.back().acked_sequence;
    for (const size_t index : results.back().accepted) {
      rows_.push_back(Row{batch.items[index].run, batch.node, batch.items[index].observation});
    }
  }
  ++ingest_commits_;
  return results;
}

absl::StatusOr<uint64_t> MemoryStore::Watermark(const std::string& node, uint64_t generation) {
  PM_RETURN_IF_ERROR(failure_);
  const auto watermark = watermarks_.find({node, generation});
  return watermark == watermarks_.end() ? 0 : watermark->second;
}

absl::StatusOr<std::vector<v1::Observation>> MemoryStore::ObservationsOf(const std::string& run) {
  PM_RETURN_IF_ERROR(failure_);
  std::vector<v1::Observation> observations;
  for (const Row& row : rows_) {
    if (!run.empty() && row.run == run) observations.push_back(row.observation);
  }
  return observations;
}

absl::Status MemoryStore::PutDiagnosis(const v1::Diagnosis& diagnosis,
                                       const v1::EvidenceBundle& bundle) {
  PM_RETURN_IF_ERROR(failure_);
  diagnoses_[diagnosis.name()] = {WithoutObservations(diagnosis), WithoutObservations(bundle)};
  return absl::OkStatus();
}

absl::StatusOr<v1::Diagnosis> MemoryStore::GetDiagnosis(const std::string& name) {
  PM_RETURN_IF_ERROR(failure_);
  const auto diagnosis = diagnoses_.find(name);
  if (diagnosis == diagnoses_.end()) return NoSuchDiagnosis(name);
  return diagnosis->second.first;
}

absl::StatusOr<v1::EvidenceBundle> MemoryStore::GetBundle(const std::string& name) {
  PM_RETURN_IF_ERROR(failure_);
  const auto diagnosis = diagnoses_.find(name);
  if (diagnosis == diagnoses_.end()) return NoSuchDiagnosis(name);
  v1::EvidenceBundle bundle = diagnosis->second.second;
  PM_ASSIGN_OR_RETURN(const std::vector<v1::Observation> observations, ObservationsOf(name));
  for (const v1::Observation& observation : observations) *bundle.add_observations() = observation;
  return bundle;
}

absl::StatusOr<DiagnosisPage> MemoryStore::ListDiagnoses(int page_size,
                                                         const std::string& page_token) {
  PM_RETURN_IF_ERROR(failure_);
  PagePosition after{std::numeric_limits<int64_t>::max(), ""};
  if (!page_token.empty()) {
    PM_ASSIGN_OR_RETURN(after, DecodePageToken(page_token));
  }
  std::map<std::pair<int64_t, std::string>, v1::Diagnosis> by_time;
  for (const auto& entry : diagnoses_) {
    by_time[{CreateMicros(entry.second.first), entry.first}] = entry.second.first;
  }
  DiagnosisPage page;
  PagePosition last;
  auto next = std::make_reverse_iterator(by_time.lower_bound({after.micros, after.name}));
  for (; next != by_time.rend(); ++next) {
    if (page.diagnoses.size() == static_cast<size_t>(page_size)) {
      page.next_page_token = EncodePageToken(last);
      break;
    }
    page.diagnoses.push_back(next->second);
    last = {next->first.first, next->first.second};
  }
  return page;
}

absl::StatusOr<int> MemoryStore::InterruptRunning() {
  PM_RETURN_IF_ERROR(failure_);
  int count = 0;
  for (auto& entry : diagnoses_) {
    v1::Diagnosis& diagnosis = entry.second.first;
    if (diagnosis.state() != v1::Diagnosis::RUNNING) continue;
    diagnosis.set_state(v1::Diagnosis::INTERRUPTED);
    ++count;
  }
  return count;
}

}  // namespace probemesh::coordinator
