// Which results of a batch are new: the arithmetic of the watermark, shared by every back-end.
#ifndef PROBEMESH_COORDINATOR_STORE_INGEST_PLAN_H_
#define PROBEMESH_COORDINATOR_STORE_INGEST_PLAN_H_

#include <cstdint>

#include "coordinator/store/store.h"

namespace probemesh::coordinator {

// Pure. `watermark` is the highest sequence committed so far; the result's `acked_sequence` is the
// one after.
IngestResult PlanIngest(uint64_t watermark, const IngestBatch& batch);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_STORE_INGEST_PLAN_H_
