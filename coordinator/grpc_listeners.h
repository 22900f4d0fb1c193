// The coordinator's two gRPC ports: one for members of the mesh, one for those who want to become
// members.
#ifndef PROBEMESH_COORDINATOR_GRPC_LISTENERS_H_
#define PROBEMESH_COORDINATOR_GRPC_LISTENERS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/net/ip_address.h"
#include "common/rpc/credentials.h"
#include "coordinator/api/api_context.h"

namespace probemesh::coordinator {

struct ListenerOptions {
  Endpoint listen;         // port 0 picks one
  Endpoint enroll_listen;  // port 0 picks one
  KeyAndChain identity;    // the coordinator's, its CA included
  std::string ca_pem;
};

class GrpcListeners {
 public:
  // Accepts calls at once; they wait for the gate to open. Errors are one line that names the
  // address. What `api` refers to must outlive the listeners.
  static absl::StatusOr<std::unique_ptr<GrpcListeners>> Start(const ListenerOptions& options,
                                                              const ApiContext& api);
  // Shuts down with no grace. The loop must be running, or its gate closed and nothing under way.
  ~GrpcListeners();

  uint16_t port() const { return port_; }
  uint16_t enroll_port() const { return enroll_port_; }

  // Takes no new calls, waits `grace` for those under way to end, then cancels them. Blocks; not on
  // the loop's thread, because calls end through the loop.
  void Shutdown(absl::Duration grace);

 private:
  struct Services;

  GrpcListeners();
  absl::Status StartEnrollment(const ListenerOptions& options);
  absl::Status StartMesh(const ListenerOptions& options);

  std::unique_ptr<Services> services_;
  std::unique_ptr<grpc::Server> enrollment_;
  std::unique_ptr<grpc::Server> mesh_;
  uint16_t port_ = 0;
  uint16_t enroll_port_ = 0;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_GRPC_LISTENERS_H_
