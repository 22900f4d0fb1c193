#include "coordinator/registry/join_tokens.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/proto_time.h"
#include "common/base/status_macros.h"
#include "common/pki/identity.h"
#include "coordinator/registry/labels.h"
#include "coordinator/registry/secret_hash.h"

namespace probemesh::coordinator {
namespace {

constexpr absl::string_view kIdAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
constexpr size_t kIdLength = 16;

std::string NewId(Random& random) {
  std::string id;
  for (size_t i = 0; i < kIdLength; ++i) {
    id += kIdAlphabet[UniformBelow(random, kIdAlphabet.size())];
  }
  return id;
}

std::string NewSecret(Random& random) {
  std::string bytes;
  for (int word = 0; word < 2; ++word) {
    const uint64_t value = random.Next();
    for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>(value >> shift);
  }
  return absl::WebSafeBase64Escape(bytes);
}

absl::StatusOr<absl::Duration> LifeOf(const v1::CreateJoinTokenRequest& request) {
  if (!request.has_ttl()) return kDefaultTokenLife;
  const absl::Duration life = FromProto(request.ttl());
  if (life <= absl::ZeroDuration() || life > kMaxTokenLife) {
    return absl::InvalidArgumentError(
        absl::StrCat("ttl must be more than 0 and at most ", absl::FormatDuration(kMaxTokenLife)));
  }
  return life;
}

absl::StatusOr<std::string> NodeOf(const v1::CreateJoinTokenRequest& request) {
  if (request.node().empty()) return std::string();
  const absl::string_view name = absl::StripPrefix(request.node(), "nodes/");
  PM_RETURN_IF_ERROR(CheckNodeName(name));
  return absl::StrCat("nodes/", name);
}

bool IsLive(const StoredToken& token, absl::Time now) {
  return !token.revoked && token.uses < token.max_uses && now < token.expire_time;
}

bool IsRepeat(const StoredToken& token, absl::string_view spki_sha256, absl::Time now) {
  return token.uses > 0 && token.last_spki_sha256 == spki_sha256 &&
         now - token.last_use_time < kEnrollRepeatWindow;
}

}  // namespace

JoinTokens::JoinTokens(std::vector<StoredToken> tokens) {
  for (StoredToken& token : tokens) Add(std::move(token));
}

absl::StatusOr<NewJoinToken> JoinTokens::Make(const v1::CreateJoinTokenRequest& request,
                                              Random& random, absl::Time now) const {
  const auto live = std::count_if(tokens_.begin(), tokens_.end(),
                                  [now](const auto& entry) { return IsLive(entry.second, now); });
  if (static_cast<size_t>(live) >= kMaxLiveTokens) {
    return absl::ResourceExhaustedError(
        absl::StrCat(kMaxLiveTokens, " join tokens are still valid: revoke some first"));
  }
  if (request.max_uses() > kMaxTokenUses) {
    return absl::InvalidArgumentError(absl::StrCat("max_uses must be at most ", kMaxTokenUses));
  }
  PM_RETURN_IF_ERROR(CheckLabels(request.labels()));
  PM_ASSIGN_OR_RETURN(const absl::Duration life, LifeOf(request));
  NewJoinToken made;
  PM_ASSIGN_OR_RETURN(made.stored.node, NodeOf(request));
  made.secret = NewSecret(random);
  made.stored.id = NewId(random);
  made.stored.secret_sha256 = HashSecret(made.secret);
  made.stored.labels = SortedLabels(request.labels());
  made.stored.create_time = now;
  made.stored.expire_time = now + life;
  made.stored.max_uses = std::max<uint32_t>(request.max_uses(), 1);
  made.stored.last_use_time = absl::UnixEpoch();
  return made;
}

void JoinTokens::Add(StoredToken token) {
  const std::string id = token.id;
  tokens_[id] = std::move(token);
}

void JoinTokens::MarkRevoked(const std::string& id) {
  const auto token = tokens_.find(id);
  if (token != tokens_.end()) token->second.revoked = true;
}

void JoinTokens::MarkBurnt(const std::string& id, absl::Time now, const std::string& spki_sha256) {
  const auto token = tokens_.find(id);
  if (token == tokens_.end()) return;
  ++token->second.uses;
  token->second.last_use_time = now;
  token->second.last_spki_sha256 = spki_sha256;
}

const StoredToken* JoinTokens::Find(const std::string& id) const {
  const auto token = tokens_.find(id);
  return token == tokens_.end() ? nullptr : &token->second;
}

std::vector<StoredToken> JoinTokens::List() const {
  std::vector<StoredToken> tokens;
  for (const auto& entry : tokens_) tokens.push_back(entry.second);
  return tokens;
}

absl::StatusOr<TokenGrant> JoinTokens::Verify(const std::string& id, absl::string_view secret,
                                              absl::string_view spki_sha256, absl::Time now) const {
  const StoredToken* token = Find(id);
  if (token == nullptr) return absl::UnauthenticatedError("the join token is unknown here");
  if (!SecretMatches(secret, token->secret_sha256)) {
    return absl::UnauthenticatedError("the secret of the join token is wrong");
  }
  if (token->revoked) return absl::UnauthenticatedError("the join token is revoked");
  if (IsRepeat(*token, spki_sha256, now)) return TokenGrant{*token, true};
  if (now >= token->expire_time) {
    return absl::UnauthenticatedError(
        absl::StrCat("the join token expired at ",
                     absl::FormatTime(absl::RFC3339_sec, token->expire_time, absl::UTCTimeZone())));
  }
  if (token->uses >= token->max_uses) {
    return absl::UnauthenticatedError("the join token is used up");
  }
  return TokenGrant{*token, false};
}

v1::JoinToken ToResource(const StoredToken& token) {
  v1::JoinToken resource;
  resource.set_name(absl::StrCat("joinTokens/", token.id));
  *resource.mutable_create_time() = ToProto(token.create_time);
  *resource.mutable_expire_time() = ToProto(token.expire_time);
  resource.set_max_uses(token.max_uses);
  resource.set_uses(token.uses);
  resource.set_node(token.node);
  resource.set_revoked(token.revoked);
  for (const auto& label : token.labels) (*resource.mutable_labels())[label.first] = label.second;
  return resource;
}

}  // namespace probemesh::coordinator
