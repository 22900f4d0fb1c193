// Nodes, join tokens and past diagnoses as tables and pages.
#ifndef PROBEMESH_COORDINATOR_CLI_RENDER_FLEET_TEXT_H_
#define PROBEMESH_COORDINATOR_CLI_RENDER_FLEET_TEXT_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/cli/render/style.h"
#include "probemesh/v1/diagnosis_service.pb.h"
#include "probemesh/v1/fleet_service.pb.h"

namespace probemesh::cli {

std::vector<std::string> RenderNodes(const v1::ListNodesResponse& nodes, absl::Time now,
                                     const Style& style);
std::vector<std::string> RenderNode(const v1::Node& node, absl::Time now, const Style& style);
std::vector<std::string> RenderTokens(const v1::ListJoinTokensResponse& tokens, absl::Time now,
                                      const Style& style);
std::vector<std::string> RenderHistory(const v1::ListDiagnosesResponse& diagnoses,
                                       const Style& style);

// "3 s ago", "5 min ago", "2 h ago", "9 d ago"; "in 5 min" for the future; "never" for the epoch.
std::string AgeWords(absl::Time then, absl::Time now);

}  // namespace probemesh::cli

#endif  // PROBEMESH_COORDINATOR_CLI_RENDER_FLEET_TEXT_H_
