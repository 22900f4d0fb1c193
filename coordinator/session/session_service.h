// The server side of NodeService: admits nodes, and nobody else.
#ifndef PROBEMESH_COORDINATOR_SESSION_SESSION_SERVICE_H_
#define PROBEMESH_COORDINATOR_SESSION_SESSION_SERVICE_H_

#include "common/base/clock.h"
#include "coordinator/core/core_gate.h"
#include "probemesh/v1/node_service.grpc.pb.h"

namespace probemesh::coordinator {

class SessionService final : public v1::NodeService::CallbackService {
 public:
  // Both must outlive every session.
  SessionService(CoreGate& gate, const Clock& clock) : gate_(gate), clock_(clock) {}

  grpc::ServerBidiReactor<v1::NodeMessage, v1::CoordinatorMessage>* Connect(
      grpc::CallbackServerContext* context) override;

 private:
  CoreGate& gate_;
  const Clock& clock_;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_SESSION_SESSION_SERVICE_H_
