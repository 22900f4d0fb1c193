#include "coordinator/api/fleet_api.h"

#include <utility>

#include "coordinator/api/unary_call.h"

namespace probemesh::coordinator {

grpc::ServerUnaryReactor* FleetApi::ListNodes(grpc::CallbackServerContext* context,
                                              const v1::ListNodesRequest* request,
                                              v1::ListNodesResponse* response) {
  return OperatorCall(api_, context, response, [request = *request](Core& core, auto reply) {
    core.ListNodes(request, std::move(reply));
  });
}

grpc::ServerUnaryReactor* FleetApi::GetNode(grpc::CallbackServerContext* context,
                                            const v1::GetNodeRequest* request, v1::Node* response) {
  return OperatorCall(api_, context, response, [request = *request](Core& core, auto reply) {
    core.GetNode(request.name(), std::move(reply));
  });
}

grpc::ServerUnaryReactor* FleetApi::DrainNode(grpc::CallbackServerContext* context,
                                              const v1::DrainNodeRequest* request,
                                              v1::Node* response) {
  return OperatorCall(api_, context, response, [request = *request](Core& core, auto reply) {
    core.DrainNode(request.name(), /*drain=*/true, std::move(reply));
  });
}

grpc::ServerUnaryReactor* FleetApi::UndrainNode(grpc::CallbackServerContext* context,
                                                const v1::UndrainNodeRequest* request,
                                                v1::Node* response) {
  return OperatorCall(api_, context, response, [request = *request](Core& core, auto reply) {
    core.DrainNode(request.name(), /*drain=*/false, std::move(reply));
  });
}

grpc::ServerUnaryReactor* FleetApi::RevokeNode(grpc::CallbackServerContext* context,
                                               const v1::RevokeNodeRequest* request,
                                               v1::Node* response) {
  return OperatorCall(api_, context, response, [request = *request](Core& core, auto reply) {
    core.RevokeNode(request.name(), std::move(reply));
  });
}

grpc::ServerUnaryReactor* FleetApi::CreateJoinToken(grpc::CallbackServerContext* context,
                                                    const v1::CreateJoinTokenRequest* request,
                                                    v1::CreateJoinTokenResponse* response) {
  return OperatorCall(api_, context, response, [request = *request](Core& core, auto reply) {
    core.CreateJoinToken(request, std::move(reply));
  });
}

grpc::ServerUnaryReactor* FleetApi::ListJoinTokens(grpc::CallbackServerContext* context,
                                                   const v1::ListJoinTokensRequest* request,
                                                   v1::ListJoinTokensResponse* response) {
  return OperatorCall(api_, context, response, [request = *request](Core& core, auto reply) {
    core.ListJoinTokens(request, std::move(reply));
  });
}

grpc::ServerUnaryReactor* FleetApi::RevokeJoinToken(grpc::CallbackServerContext* context,
                                                    const v1::RevokeJoinTokenRequest* request,
                                                    v1::JoinToken* response) {
  return OperatorCall(api_, context, response, [request = *request](Core& core, auto reply) {
    core.RevokeJoinToken(request.name(), std::move(reply));
  });
}

grpc::ServerUnaryReactor* FleetApi::GetCoordinatorInfo(grpc::CallbackServerContext* context,
                                                       const v1::GetCoordinatorInfoRequest*,
                                                       v1::CoordinatorInfo* response) {
  return OperatorCall(api_, context, response, [](Core& core, auto reply) { reply(core.Info()); });
}

}  // namespace probemesh::coordinator
