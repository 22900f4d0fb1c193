#include "coordinator/store/ingest_plan.h"

#include <utility>

#include "common/base/status_macros.h"

namespace probemesh::coordinator {

IngestResult PlanIngest(uint64_t watermark, const IngestBatch& batch) {
  IngestResult result;
  result.acked_sequence = watermark;
  for (size_t i = 0; i < batch.items.size(); ++i) {
    const uint64_t sequence = batch.items[i].sequence;
    if (sequence <= result.acked_sequence) continue;
    const bool contiguous = sequence - result.acked_sequence == 1;
    const bool jump = batch.allow_gap && result.accepted.empty();
    if (!contiguous && !jump) break;
    result.accepted.push_back(i);
    result.acked_sequence = sequence;
  }
  return result;
}

absl::StatusOr<IngestResult> Store::Ingest(const IngestBatch& batch) {
  PM_ASSIGN_OR_RETURN(std::vector<IngestResult> results, IngestAll({batch}));
  return std::move(results.front());
}

}  // namespace probemesh::coordinator
