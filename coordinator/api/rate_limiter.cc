#include "coordinator/api/rate_limiter.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "common/net/ip_address.h"

namespace probemesh::coordinator {

void RateLimiter::Refill(const RateLimits::Bucket& bucket, MonotonicTime now, Level* level) {
  level->tokens += bucket.per_second * absl::ToDoubleSeconds(now - level->as_of);
  level->tokens = std::min(level->tokens, bucket.burst);
  level->as_of = now;
}

bool RateLimiter::Allow(const std::string& peer, MonotonicTime now) {
  MutexLock lock(mutex_);
  if (!used_) all_ = {limits_.all.burst, now};
  used_ = true;
  Refill(limits_.all, now, &all_);
  Level* level = FindOrAdd(peer, now);
  if (level == nullptr || level->tokens < 1 || all_.tokens < 1) return false;
  level->tokens -= 1;
  all_.tokens -= 1;
  return true;
}

RateLimiter::Level* RateLimiter::FindOrAdd(const std::string& peer, MonotonicTime now) {
  const auto found = peers_.find(peer);
  if (found != peers_.end()) {
    Refill(limits_.each, now, &found->second);
    return &found->second;
  }
  if (peers_.size() >= limits_.max_peers) ForgetIdle(now);
  if (peers_.size() >= limits_.max_peers) return nullptr;
  return &(peers_[peer] = {limits_.each.burst, now});
}

// A full bucket says as much as none.
void RateLimiter::ForgetIdle(MonotonicTime now) {
  for (auto peer = peers_.begin(); peer != peers_.end();) {
    Refill(limits_.each, now, &peer->second);
    const bool full = peer->second.tokens >= limits_.each.burst;
    peer = full ? peers_.erase(peer) : std::next(peer);
  }
}

std::string PeerAddressOf(absl::string_view grpc_peer) {
  // gRPC writes "ipv6:%5B::1%5D:4711" since it made peers URIs.
  std::string text = absl::StrReplaceAll(grpc_peer, {{"%5B", "["}, {"%5D", "]"}});
  absl::string_view rest = text;
  if (!absl::ConsumePrefix(&rest, "ipv4:")) absl::ConsumePrefix(&rest, "ipv6:");
  const absl::StatusOr<Endpoint> endpoint = Endpoint::Parse(rest);
  if (!endpoint.ok()) return "unknown";
  if (endpoint->address.is_v4()) return endpoint->address.ToString();
  return IpPrefix::Parse(absl::StrCat(endpoint->address.ToString(), "/64"))->ToString();
}

}  // namespace probemesh::coordinator
