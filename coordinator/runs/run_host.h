// What a run may ask of the rest of the coordinator.
#ifndef PROBEMESH_COORDINATOR_RUNS_RUN_HOST_H_
#define PROBEMESH_COORDINATOR_RUNS_RUN_HOST_H_

#include <string>
#include <vector>

#include "common/base/random.h"
#include "common/event/event_loop.h"
#include "coordinator/store/store_executor.h"
#include "probemesh/v1/diagnosis.pb.h"
#include "probemesh/v1/node.pb.h"
#include "probemesh/v1/node_service.pb.h"

namespace probemesh::coordinator {

// Core loop only; implemented by the core and by tests. Nothing here calls a run back from inside.
class RunHost {
 public:
  virtual ~RunHost() = default;

  virtual EventLoop& loop() = 0;
  virtual Random& random() = 0;
  virtual StoreExecutor& store() = 0;

  // Every node that is not revoked, by name, with its state, labels, group, capabilities and latest
  // self-check.
  virtual std::vector<v1::Node> Nodes() const = 0;
  // "host:port" destinations that vantages are gated against.
  virtual const std::vector<std::string>& Controls() const = 0;

  // Sends the command when the node has a free slot, in order of submission, or drops it when its
  // time-to-live has passed. What comes of it is told to the run through RunManager: its
  // observation once committed, or OnCommandLost. False when the node is not connected or its queue
  // is full: nothing will come.
  virtual bool RunCommand(const std::string& node, const std::string& run,
                          v1::RunProbe command) = 0;
  // Asks the node to stop it; its observation still comes (CANCELLED). No-op when unknown.
  virtual void CancelCommand(const std::string& node, const std::string& command_id) = 0;

  // A diagnosis is over, whatever its state; for those who count.
  virtual void OnDiagnosisOver(const v1::Diagnosis&) {}
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_RUNS_RUN_HOST_H_
