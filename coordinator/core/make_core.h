// Builds the coordinator's core from its parts.
#ifndef PROBEMESH_COORDINATOR_CORE_MAKE_CORE_H_
#define PROBEMESH_COORDINATOR_CORE_MAKE_CORE_H_

#include <memory>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "common/event/event_loop.h"
#include "coordinator/core/certificate_signer.h"
#include "coordinator/core/core.h"
#include "coordinator/core/core_counters.h"
#include "coordinator/store/store.h"
#include "coordinator/store/store_executor.h"

namespace probemesh::coordinator {

// What a starting coordinator remembers.
struct InitialState {
  std::vector<StoredNode> nodes;
  std::vector<StoredToken> tokens;
  int interrupted_diagnoses = 0;  // that an earlier process left behind
};

// Closes what an earlier process left running, and reads the rest. Before the loop runs, on any one
// thread.
absl::StatusOr<InitialState> LoadInitialState(Store& store);

struct CoreOptions {
  // All of these must outlive the core.
  EventLoop* loop = nullptr;
  Random* random = nullptr;  // fit for secrets, in production
  StoreExecutor* store = nullptr;
  CertificateSigner* signer = nullptr;
  CoreCounters* counters = nullptr;  // written on the loop

  InitialState initial;
  std::string version;
  // "host:port" destinations that vantages are gated against.
  std::vector<std::string> controls;
  // "host:port" that enrolled nodes open sessions to.
  std::vector<std::string> coordinators;
  // What goes into join tokens: where to enrol, and the SHA-256 of the CA's SPKI (32 octets, raw).
  std::string enrollment_endpoint;
  std::string ca_spki_sha256;
};

// Destroy the core on the loop's thread, or once the loop has ended.
std::unique_ptr<Core> MakeCore(CoreOptions options);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_CORE_MAKE_CORE_H_
