// `probemesh token ...`
#include "common/base/status_macros.h"
#include "coordinator/cli/commands/commands.h"
#include "coordinator/cli/connection.h"
#include "coordinator/cli/render/fleet_text.h"
#include "coordinator/cli/render/json.h"
#include "coordinator/cli/render/printable.h"
#include "probemesh/v1/fleet_service.grpc.pb.h"

namespace probemesh::cli {
namespace {

using Stub = v1::FleetService::Stub;

constexpr int kMostPages = 500;

absl::StatusOr<ExitCode> Create(const TokenOptions& options, Connection& connection, Stub& stub,
                                Terminal& terminal) {
  PM_ASSIGN_OR_RETURN(const v1::CreateJoinTokenResponse created,
                      connection.Call(&Stub::CreateJoinToken, stub, options.create));
  terminal.PrintLine(options.json ? PrettyJson(MessageJson(created, true))
                                  : Printable(created.token()));
  return ExitCode::kHealthy;
}

absl::StatusOr<v1::ListJoinTokensResponse> ListAll(Connection& connection, Stub& stub) {
  v1::ListJoinTokensResponse all;
  v1::ListJoinTokensRequest request;
  for (int page = 0; page < kMostPages; ++page) {
    PM_ASSIGN_OR_RETURN(v1::ListJoinTokensResponse part,
                        connection.Call(&Stub::ListJoinTokens, stub, request));
    all.mutable_join_tokens()->MergeFrom(part.join_tokens());
    if (part.next_page_token().empty()) break;
    request.set_page_token(part.next_page_token());
  }
  return all;
}

absl::StatusOr<v1::JoinToken> Revoke(const TokenOptions& options, Connection& connection,
                                     Stub& stub) {
  v1::RevokeJoinTokenRequest request;
  request.set_name(ResourceName("joinTokens", options.id));
  return connection.Call(&Stub::RevokeJoinToken, stub, request);
}

void PrintTokens(const v1::ListJoinTokensResponse& tokens, Workplace& place) {
  place.terminal.PrintLines(RenderTokens(tokens, place.clock.Wall(), place.terminal.style()));
}

}  // namespace

absl::StatusOr<ExitCode> Run(const TokenOptions& options, Workplace& place) {
  PM_ASSIGN_OR_RETURN(Connection connection, Connection::Open(place.global.context, place.clock));
  Stub stub(connection.channel());
  if (options.action == TokenOptions::Action::kCreate) {
    return Create(options, connection, stub, place.terminal);
  }
  if (options.action == TokenOptions::Action::kList) {
    PM_ASSIGN_OR_RETURN(const v1::ListJoinTokensResponse tokens, ListAll(connection, stub));
    if (options.json) {
      place.terminal.PrintLine(PrettyJson(MessageJson(tokens, true)));
    } else {
      PrintTokens(tokens, place);
    }
    return ExitCode::kHealthy;
  }
  PM_ASSIGN_OR_RETURN(const v1::JoinToken token, Revoke(options, connection, stub));
  if (options.json) {
    place.terminal.PrintLine(PrettyJson(MessageJson(token, true)));
  } else {
    v1::ListJoinTokensResponse one;
    *one.add_join_tokens() = token;
    PrintTokens(one, place);
  }
  return ExitCode::kHealthy;
}

}  // namespace probemesh::cli
