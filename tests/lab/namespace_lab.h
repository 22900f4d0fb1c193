// Brings a lab up and takes it away again.
//
// ICMP budget: Linux routers answer each peer with at most 6 ICMP errors, then one a second (an
// unroutable packet costs two). The limits are left on. A test that draws errors twice from the
// same router uses a fresh lab for each scenario (about two seconds), or WaitForIcmpBudget().
#ifndef PROBEMESH_TESTS_LAB_NAMESPACE_LAB_H_
#define PROBEMESH_TESTS_LAB_NAMESPACE_LAB_H_

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/lab/lab_run.h"
#include "tests/lab/topology.h"

namespace probemesh::lab {

struct UpOptions {
  std::string run_id;  // empty: chosen
  pid_t owner =
      0;  // when that process ends, however it ends, the lab goes; 0: stays until TearDown
};

// Namespaces, wires, routes, name server, web servers; then checks that every vantage reaches the
// target's port 443 in both families. A failure on the way, or the death of the caller, leaves
// nothing behind. ALREADY_EXISTS when a lab of that id exists.
absl::StatusOr<LabRun> BringUp(const UpOptions& options);

// Kills what runs in the lab, removes namespaces, resolver files and state. Safe to repeat, and on
// a half-built lab.
absl::Status TearDown(const LabRun& run);
absl::Status TearDownAll();

// Links, addresses, routes and firewall of one node as the topology has them, whatever was done.
absl::Status RestoreNode(const LabRun& run, const Node& node);

// Until the error budget of every router towards every peer is full again, counted from now: nobody
// can read the kernel's buckets, so this is 6 tokens at one a second and a margin.
void WaitForIcmpBudget();

// The lab as JSON: nodes, roles, AS numbers, addresses, namespaces, names, the CA's file.
std::string AddressesJson(const LabRun& run);

// A lab for one test: owned by this process, gone at the end of the scope.
class ScopedLab {
 public:
  static absl::StatusOr<std::unique_ptr<ScopedLab>> Create();
  ~ScopedLab();
  ScopedLab(const ScopedLab&) = delete;
  ScopedLab& operator=(const ScopedLab&) = delete;
  const LabRun& run() const { return run_; }

 private:
  explicit ScopedLab(LabRun run) : run_(std::move(run)) {}
  LabRun run_;
};

}  // namespace probemesh::lab

#endif  // PROBEMESH_TESTS_LAB_NAMESPACE_LAB_H_
