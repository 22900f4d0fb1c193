#include "coordinator/core/fleet.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "common/pki/join_token.h"
#include "coordinator/core/limits.h"
#include "coordinator/planner/selector.h"
#include "coordinator/store/page_token.h"

namespace probemesh::coordinator {
namespace {

// AIP-158: 0 is the default, more than the most is the most, less than 0 is an error.
absl::StatusOr<size_t> PageSize(int32_t asked, int standard, int most) {
  if (asked < 0) return absl::InvalidArgumentError("page_size must not be negative");
  if (asked == 0) return static_cast<size_t>(standard);
  return static_cast<size_t>(std::min(asked, most));
}

absl::StatusOr<std::string> NameBefore(const std::string& page_token) {
  if (page_token.empty()) return std::string();
  PM_ASSIGN_OR_RETURN(const PagePosition position, DecodePageToken(page_token));
  return position.name;
}

absl::Status NoSuchNode(const std::string& name) {
  return absl::NotFoundError(absl::StrCat("no such node: ", name));
}

absl::Status NoSuchToken(const std::string& name) {
  return absl::NotFoundError(absl::StrCat("no such join token: ", name));
}

}  // namespace

void Fleet::ListNodes(const v1::ListNodesRequest& request,
                      const Reply<v1::ListNodesResponse>& reply) {
  reply(PageOfNodes(request));
}

absl::StatusOr<v1::ListNodesResponse> Fleet::PageOfNodes(
    const v1::ListNodesRequest& request) const {
  PM_ASSIGN_OR_RETURN(const size_t page_size,
                      PageSize(request.page_size(), kDefaultNodePage, kMaxNodePage));
  PM_ASSIGN_OR_RETURN(const std::string after, NameBefore(request.page_token()));
  PM_ASSIGN_OR_RETURN(const Selector selector, Selector::Parse(request.filter()));
  if (!selector.ReferencedRuns().empty()) {
    return absl::InvalidArgumentError("filter: \"@ID\" selects the vantages of a run, not nodes");
  }
  v1::ListNodesResponse response;
  for (v1::Node& node : parts_.nodes.Views(true)) {
    if (node.name() <= after || !selector.Matches(node)) continue;
    if (static_cast<size_t>(response.nodes_size()) == page_size) {
      response.set_next_page_token(EncodePageToken({0, response.nodes().rbegin()->name()}));
      break;
    }
    *response.add_nodes() = std::move(node);
  }
  return response;
}

void Fleet::GetNode(const std::string& name, const Reply<v1::Node>& reply) {
  if (parts_.nodes.Find(name) == nullptr) {
    reply(NoSuchNode(name));
    return;
  }
  reply(parts_.nodes.View(name));
}

absl::Status Fleet::CheckSteerable(const std::string& name) const {
  PM_RETURN_IF_ERROR(parts_.Open());
  const StoredNode* node = parts_.nodes.Find(name);
  if (node == nullptr) return NoSuchNode(name);
  if (node->revoked) return absl::FailedPreconditionError(absl::StrCat(name, " is revoked"));
  return absl::OkStatus();
}

void Fleet::DrainNode(const std::string& name, bool drain, Reply<v1::Node> reply) {
  const absl::Status status = CheckSteerable(name);
  if (!status.ok()) {
    reply(status);
    return;
  }
  const bool before = parts_.nodes.Find(name)->drained;
  parts_.nodes.SetDrained(name, drain);
  parts_.Write([node = *parts_.nodes.Find(name)](Store& store) { return store.PutNode(node); },
               [this, name, before, drain, reply = std::move(reply)](const absl::Status& written) {
                 if (!written.ok()) {
                   parts_.nodes.SetDrained(name, before);
                   reply(written);
                   return;
                 }
                 LogInfo(drain ? "node_drained" : "node_undrained", {{"node", name}});
                 reply(parts_.nodes.View(name));
               });
}

// In memory first: from this moment on nothing that the node says counts, whatever the disk does,
// not even if it fails.
void Fleet::RevokeNode(const std::string& name, Reply<v1::Node> reply) {
  absl::Status status = parts_.Open();
  if (status.ok() && parts_.nodes.Find(name) == nullptr) status = NoSuchNode(name);
  if (!status.ok()) {
    reply(status);
    return;
  }
  parts_.nodes.SetRevoked(name, true);
  sessions_.CloseNode(name, absl::PermissionDeniedError(absl::StrCat(name, " is revoked")));
  parts_.Write([node = *parts_.nodes.Find(name)](Store& store) { return store.PutNode(node); },
               [this, name, reply = std::move(reply)](const absl::Status& written) {
                 if (!written.ok()) {
                   reply(absl::Status(written.code(),
                                      absl::StrCat(name, " is shut out until this coordinator ",
                                                   "restarts; revoke it again to make it last: ",
                                                   written.message())));
                   return;
                 }
                 LogInfo("node_revoked", {{"node", name}});
                 reply(parts_.nodes.View(name));
               });
}

void Fleet::CreateJoinToken(const v1::CreateJoinTokenRequest& request,
                            Reply<v1::CreateJoinTokenResponse> reply) {
  const absl::Status open = parts_.Open();
  absl::StatusOr<NewJoinToken> made =
      open.ok() ? parts_.tokens.Make(request, *parts_.options.random, parts_.wall()) : open;
  if (!made.ok()) {
    if (absl::IsResourceExhausted(made.status())) parts_.HitLimit("live_tokens");
    reply(made.status());
    return;
  }
  v1::CreateJoinTokenResponse response;
  *response.mutable_join_token() = ToResource(made->stored);
  response.set_token(JoinToken{made->stored.id, made->secret, parts_.options.ca_spki_sha256,
                               parts_.options.enrollment_endpoint}
                         .ToString());
  parts_.Write([token = made->stored](Store& store) { return store.PutToken(token); },
               [this, token = made->stored, response,
                reply = std::move(reply)](const absl::Status& written) {
                 if (!written.ok()) {
                   reply(written);
                   return;
                 }
                 parts_.tokens.Add(token);
                 LogInfo("join_token_created", {{"token", token.id}});
                 reply(response);
               });
}

void Fleet::ListJoinTokens(const v1::ListJoinTokensRequest& request,
                           const Reply<v1::ListJoinTokensResponse>& reply) {
  reply(PageOfTokens(request));
}

absl::StatusOr<v1::ListJoinTokensResponse> Fleet::PageOfTokens(
    const v1::ListJoinTokensRequest& request) const {
  PM_ASSIGN_OR_RETURN(const size_t page_size,
                      PageSize(request.page_size(), kDefaultTokenPage, kMaxTokenPage));
  PM_ASSIGN_OR_RETURN(const std::string after, NameBefore(request.page_token()));
  v1::ListJoinTokensResponse response;
  std::string last;
  for (const StoredToken& token : parts_.tokens.List()) {
    if (token.id <= after) continue;
    if (static_cast<size_t>(response.join_tokens_size()) == page_size) {
      response.set_next_page_token(EncodePageToken({0, last}));
      break;
    }
    *response.add_join_tokens() = ToResource(token);
    last = token.id;
  }
  return response;
}

void Fleet::RevokeJoinToken(const std::string& name, Reply<v1::JoinToken> reply) {
  const std::string id(absl::StripPrefix(name, "joinTokens/"));
  absl::Status status = parts_.Open();
  if (status.ok() && parts_.tokens.Find(id) == nullptr) status = NoSuchToken(name);
  if (!status.ok()) {
    reply(status);
    return;
  }
  parts_.Write([id](Store& store) { return store.RevokeToken(id); },
               [this, id, reply = std::move(reply)](const absl::Status& written) {
                 if (!written.ok()) {
                   reply(written);
                   return;
                 }
                 parts_.tokens.MarkRevoked(id);
                 LogInfo("join_token_revoked", {{"token", id}});
                 reply(ToResource(*parts_.tokens.Find(id)));
               });
}

}  // namespace probemesh::coordinator
