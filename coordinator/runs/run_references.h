// "@ID" in selectors: the vantages of earlier runs.
#ifndef PROBEMESH_COORDINATOR_RUNS_RUN_REFERENCES_H_
#define PROBEMESH_COORDINATOR_RUNS_RUN_REFERENCES_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "coordinator/runs/store_access.h"

namespace probemesh::coordinator {

// Core loop only.
class RunReferences {
 public:
  // The vantages of a run in memory, by its full name; nullopt if it is not there.
  using FindInMemory = std::function<std::optional<std::vector<std::string>>(const std::string&)>;
  using Resolved = std::function<void(absl::StatusOr<std::vector<std::vector<std::string>>>)>;

  RunReferences(StoreAccess& store, FindInMemory find) : store_(store), find_(std::move(find)) {}

  // `ids` with or without "diagnoses/" or "probeRuns/". INVALID_ARGUMENT for an unknown one or for
  // more than kMaxReferencedRuns. `done` may be called at once.
  void Resolve(const std::vector<std::string>& ids, Resolved done);

 private:
  void ResolveFrom(size_t next, std::vector<std::string> ids,
                   std::vector<std::vector<std::string>> found, Resolved done);
  std::optional<std::vector<std::string>> Find(const std::string& id) const;

  StoreAccess& store_;
  FindInMemory find_;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_RUNS_RUN_REFERENCES_H_
