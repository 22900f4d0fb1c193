// The store as the runs use it: asynchronous, and safe against a run manager that is gone by the
// time the answer comes.
#ifndef PROBEMESH_COORDINATOR_RUNS_STORE_ACCESS_H_
#define PROBEMESH_COORDINATOR_RUNS_STORE_ACCESS_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "coordinator/runs/run_host.h"

namespace probemesh::coordinator {

// Core loop only. Completions run on the loop, never from inside a call, and not at all after the
// destruction of this.
class StoreAccess {
 public:
  // `host` must outlive this.
  explicit StoreAccess(RunHost& host) : host_(host) {}

  // Calls `work` on the store's thread and `done` with what it returned.
  template <typename Result>
  void Do(std::function<Result(Store&)> work, std::function<void(Result)> done) {
    auto result = std::make_shared<Result>(absl::UnknownError("the store did nothing"));
    host_.store().Submit([result, work = std::move(work)](Store& store) { *result = work(store); },
                         [alive = std::weak_ptr<bool>(alive_), result, done = std::move(done)] {
                           if (!alive.expired()) done(std::move(*result));
                         });
  }

  // `done` once everything that was submitted before has been carried out.
  void Flush(std::function<void()> done);

  // No completion is called after this.
  void Detach() { alive_.reset(); }

  bool Overloaded() const;

  // The diagnosis with the observations that it rests on.
  void Load(const std::string& name, std::function<void(absl::StatusOr<v1::Diagnosis>)> done);
  void LoadBundle(const std::string& name,
                  std::function<void(absl::StatusOr<v1::EvidenceBundle>)> done);

 private:
  RunHost& host_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_RUNS_STORE_ACCESS_H_
