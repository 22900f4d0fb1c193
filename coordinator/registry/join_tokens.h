// The tokens that let nodes in.
#ifndef PROBEMESH_COORDINATOR_REGISTRY_JOIN_TOKENS_H_
#define PROBEMESH_COORDINATOR_REGISTRY_JOIN_TOKENS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/random.h"
#include "coordinator/store/store.h"
#include "probemesh/v1/fleet_service.pb.h"

namespace probemesh::coordinator {

inline constexpr absl::Duration kDefaultTokenLife = absl::Minutes(15);
inline constexpr absl::Duration kMaxTokenLife = absl::Hours(24);
inline constexpr uint32_t kMaxTokenUses = 100'000;
inline constexpr size_t kMaxLiveTokens = 10'000;
// How long the same key may ask again: a lost reply must not cost a token.
inline constexpr absl::Duration kEnrollRepeatWindow = absl::Seconds(60);

struct NewJoinToken {
  StoredToken stored;
  std::string secret;  // 128 bits, base64url; shown once and then forgotten
};

// What a token allows its holder.
struct TokenGrant {
  StoredToken token;
  bool repeat = false;  // the same key once more: no use is burnt
};

// Memory only: whoever changes it writes to the store first. One thread.
class JoinTokens {
 public:
  explicit JoinTokens(std::vector<StoredToken> tokens);

  // Checks the request and makes a token, without adding it. INVALID_ARGUMENT; RESOURCE_EXHAUSTED
  // with too many live tokens. `random` must be fit for secrets.
  absl::StatusOr<NewJoinToken> Make(const v1::CreateJoinTokenRequest& request, Random& random,
                                    absl::Time now) const;
  void Add(StoredToken token);
  // No-ops when unknown.
  void MarkRevoked(const std::string& id);
  void MarkBurnt(const std::string& id, absl::Time now, const std::string& spki_sha256);

  const StoredToken* Find(const std::string& id) const;
  std::vector<StoredToken> List() const;  // by id

  // UNAUTHENTICATED for an unknown, wrong, revoked, expired or used-up token, each with words of
  // its own. Who does not know the secret learns nothing else of the token.
  absl::StatusOr<TokenGrant> Verify(const std::string& id, absl::string_view secret,
                                    absl::string_view spki_sha256, absl::Time now) const;

 private:
  std::map<std::string, StoredToken> tokens_;
};

// The resource as users see it.
v1::JoinToken ToResource(const StoredToken& token);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_REGISTRY_JOIN_TOKENS_H_
