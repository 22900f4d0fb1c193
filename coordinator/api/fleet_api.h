// FleetService over the core.
#ifndef PROBEMESH_COORDINATOR_API_FLEET_API_H_
#define PROBEMESH_COORDINATOR_API_FLEET_API_H_

#include "coordinator/api/api_context.h"
#include "probemesh/v1/fleet_service.grpc.pb.h"

namespace probemesh::coordinator {

class FleetApi final : public v1::FleetService::CallbackService {
 public:
  explicit FleetApi(const ApiContext& api) : api_(api) {}

  grpc::ServerUnaryReactor* ListNodes(grpc::CallbackServerContext* context,
                                      const v1::ListNodesRequest* request,
                                      v1::ListNodesResponse* response) override;
  grpc::ServerUnaryReactor* GetNode(grpc::CallbackServerContext* context,
                                    const v1::GetNodeRequest* request, v1::Node* response) override;
  grpc::ServerUnaryReactor* DrainNode(grpc::CallbackServerContext* context,
                                      const v1::DrainNodeRequest* request,
                                      v1::Node* response) override;
  grpc::ServerUnaryReactor* UndrainNode(grpc::CallbackServerContext* context,
                                        const v1::UndrainNodeRequest* request,
                                        v1::Node* response) override;
  grpc::ServerUnaryReactor* RevokeNode(grpc::CallbackServerContext* context,
                                       const v1::RevokeNodeRequest* request,
                                       v1::Node* response) override;
  grpc::ServerUnaryReactor* CreateJoinToken(grpc::CallbackServerContext* context,
                                            const v1::CreateJoinTokenRequest* request,
                                            v1::CreateJoinTokenResponse* response) override;
  grpc::ServerUnaryReactor* ListJoinTokens(grpc::CallbackServerContext* context,
                                           const v1::ListJoinTokensRequest* request,
                                           v1::ListJoinTokensResponse* response) override;
  grpc::ServerUnaryReactor* RevokeJoinToken(grpc::CallbackServerContext* context,
                                            const v1::RevokeJoinTokenRequest* request,
                                            v1::JoinToken* response) override;
  grpc::ServerUnaryReactor* GetCoordinatorInfo(grpc::CallbackServerContext* context,
                                               const v1::GetCoordinatorInfoRequest* request,
                                               v1::CoordinatorInfo* response) override;

 private:
  const ApiContext api_;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_API_FLEET_API_H_
