// `probemesh nodes ...`
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "coordinator/cli/commands/commands.h"
#include "coordinator/cli/connection.h"
#include "coordinator/cli/render/fleet_text.h"
#include "coordinator/cli/render/json.h"
#include "probemesh/v1/fleet_service.grpc.pb.h"

namespace probemesh::cli {
namespace {

using Stub = v1::FleetService::Stub;

// Pages of 200: more nodes than any mesh is designed for.
constexpr int kMostPages = 500;

absl::StatusOr<v1::ListNodesResponse> ListAll(const std::string& filter, Connection& connection,
                                              Stub& stub) {
  v1::ListNodesResponse all;
  v1::ListNodesRequest request;
  request.set_filter(filter);
  for (int page = 0; page < kMostPages; ++page) {
    PM_ASSIGN_OR_RETURN(v1::ListNodesResponse part,
                        connection.Call(&Stub::ListNodes, stub, request));
    all.mutable_nodes()->MergeFrom(part.nodes());
    if (part.next_page_token().empty()) break;
    request.set_page_token(part.next_page_token());
  }
  return all;
}

absl::StatusOr<v1::Node> CallOnNode(const NodesOptions& options, Connection& connection,
                                    Stub& stub) {
  const std::string name = ResourceName("nodes", options.name);
  using Action = NodesOptions::Action;
  if (options.action == Action::kDrain) {
    v1::DrainNodeRequest request;
    request.set_name(name);
    return connection.Call(&Stub::DrainNode, stub, request);
  }
  if (options.action == Action::kUndrain) {
    v1::UndrainNodeRequest request;
    request.set_name(name);
    return connection.Call(&Stub::UndrainNode, stub, request);
  }
  if (options.action == Action::kRevoke) {
    v1::RevokeNodeRequest request;
    request.set_name(name);
    return connection.Call(&Stub::RevokeNode, stub, request);
  }
  v1::GetNodeRequest request;
  request.set_name(name);
  return connection.Call(&Stub::GetNode, stub, request);
}

}  // namespace

std::string ResourceName(absl::string_view collection, absl::string_view id) {
  const std::string prefix = absl::StrCat(collection, "/");
  return absl::StartsWith(id, prefix) ? std::string(id) : absl::StrCat(prefix, id);
}

absl::StatusOr<ExitCode> Run(const NodesOptions& options, Workplace& place) {
  PM_ASSIGN_OR_RETURN(Connection connection, Connection::Open(place.global.context, place.clock));
  Stub stub(connection.channel());
  Terminal& terminal = place.terminal;
  if (options.action == NodesOptions::Action::kList) {
    PM_ASSIGN_OR_RETURN(const v1::ListNodesResponse nodes,
                        ListAll(options.filter, connection, stub));
    if (options.json) {
      terminal.PrintLine(PrettyJson(MessageJson(nodes, true)));
    } else {
      terminal.PrintLines(RenderNodes(nodes, place.clock.Wall(), terminal.style()));
    }
    return ExitCode::kHealthy;
  }
  PM_ASSIGN_OR_RETURN(const v1::Node node, CallOnNode(options, connection, stub));
  if (options.json) {
    terminal.PrintLine(PrettyJson(MessageJson(node, true)));
  } else {
    terminal.PrintLines(RenderNode(node, place.clock.Wall(), terminal.style()));
  }
  return ExitCode::kHealthy;
}

}  // namespace probemesh::cli
