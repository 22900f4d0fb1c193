#include "coordinator/core/core_parts.h"

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"

namespace probemesh::coordinator {
namespace {

bool IsCallersFault(const absl::Status& status) {
  return absl::IsNotFound(status) || absl::IsAlreadyExists(status) ||
         absl::IsFailedPrecondition(status);
}

absl::Status ForUsers(const absl::Status& status) {
  if (status.ok() || IsCallersFault(status)) return status;
  return absl::UnavailableError(
      absl::StrCat("the coordinator cannot write to its store: ", status.message()));
}

}  // namespace

absl::StatusOr<InitialState> LoadInitialState(Store& store) {
  InitialState initial;
  PM_ASSIGN_OR_RETURN(initial.interrupted_diagnoses, store.InterruptRunning());
  PM_ASSIGN_OR_RETURN(initial.nodes, store.ListNodes());
  PM_ASSIGN_OR_RETURN(initial.tokens, store.ListTokens());
  return initial;
}

absl::Status CoreParts::Open() const {
  if (shutting_down) return absl::UnavailableError("the coordinator is shutting down");
  if (store().full()) {
    HitLimit("pending_store_work");
    return absl::UnavailableError("the coordinator's store is behind; try again soon");
  }
  return absl::OkStatus();
}

void CoreParts::Write(std::function<absl::Status(Store&)> write,
                      std::function<void(absl::Status)> done) {
  auto status = std::make_shared<absl::Status>();
  store().Submit([status, write = std::move(write)](Store& store) { *status = write(store); },
                 [this, status, done = std::move(done), alive = std::weak_ptr<bool>(alive_)] {
                   if (alive.expired()) return;
                   if (!status->ok() && !IsCallersFault(*status)) {
                     ++counters().store_errors;
                     LogError("store_write_failed", {{"status", status->ToString()}});
                   }
                   done(ForUsers(*status));
                 });
}

void CoreParts::SaveNode(const std::string& name) {
  const StoredNode* node = nodes.Find(name);
  if (node == nullptr) return;
  if (store().full()) {
    HitLimit("pending_store_work");
    return;
  }
  Write([node = *node](Store& store) { return store.PutNode(node); }, [](const absl::Status&) {});
}

}  // namespace probemesh::coordinator
