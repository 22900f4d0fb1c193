// The fleet as operators see and steer it: nodes and join tokens.
#ifndef PROBEMESH_COORDINATOR_CORE_FLEET_H_
#define PROBEMESH_COORDINATOR_CORE_FLEET_H_

#include <string>

#include "coordinator/core/core.h"
#include "coordinator/core/core_parts.h"
#include "coordinator/core/node_sessions.h"

namespace probemesh::coordinator {

// Core loop only. The methods have Core's contracts.
class Fleet {
 public:
  // Both must outlive this.
  Fleet(CoreParts& parts, NodeSessions& sessions) : parts_(parts), sessions_(sessions) {}

  void ListNodes(const v1::ListNodesRequest& request, const Reply<v1::ListNodesResponse>& reply);
  void GetNode(const std::string& name, const Reply<v1::Node>& reply);
  void DrainNode(const std::string& name, bool drain, Reply<v1::Node> reply);
  void RevokeNode(const std::string& name, Reply<v1::Node> reply);

  void CreateJoinToken(const v1::CreateJoinTokenRequest& request,
                       Reply<v1::CreateJoinTokenResponse> reply);
  void ListJoinTokens(const v1::ListJoinTokensRequest& request,
                      const Reply<v1::ListJoinTokensResponse>& reply);
  void RevokeJoinToken(const std::string& name, Reply<v1::JoinToken> reply);

 private:
  absl::StatusOr<v1::ListNodesResponse> PageOfNodes(const v1::ListNodesRequest& request) const;
  absl::StatusOr<v1::ListJoinTokensResponse> PageOfTokens(
      const v1::ListJoinTokensRequest& request) const;
  // The node must exist and not be revoked.
  absl::Status CheckSteerable(const std::string& name) const;

  CoreParts& parts_;
  NodeSessions& sessions_;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_CORE_FLEET_H_
