// Token buckets: one for each peer address, one for all of them.
#ifndef PROBEMESH_COORDINATOR_API_RATE_LIMITER_H_
#define PROBEMESH_COORDINATOR_API_RATE_LIMITER_H_

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "common/base/clock.h"
#include "common/sync/mutex.h"

namespace probemesh::coordinator {

struct RateLimits {
  struct Bucket {
    double per_second = 0;
    double burst = 0;
  };
  Bucket each;
  Bucket all;
  size_t max_peers = 0;  // remembered at a time
};

// Guessing is hopeless at any rate (a secret has 128 bits); this bounds the work that strangers
// cause, and still lets a site of some hundred nodes behind one address in within a minute.
inline constexpr RateLimits kEnrollmentRates = {{5, 50}, {50, 200}, 4096};

// Thread-safe.
class RateLimiter {
 public:
  explicit RateLimiter(const RateLimits& limits) : limits_(limits) {}

  // Takes one token of each of the two buckets, or none. When all of max_peers have been busy of
  // late, a new peer is refused.
  bool Allow(const std::string& peer, MonotonicTime now);

 private:
  struct Level {
    double tokens = 0;
    MonotonicTime as_of;
  };

  static void Refill(const RateLimits::Bucket& bucket, MonotonicTime now, Level* level);
  Level* FindOrAdd(const std::string& peer, MonotonicTime now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ForgetIdle(MonotonicTime now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const RateLimits limits_;
  Mutex mutex_;
  bool used_ ABSL_GUARDED_BY(mutex_) = false;
  Level all_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Level> peers_ ABSL_GUARDED_BY(mutex_);
};

// What a peer is known by: the address in gRPC's "ipv4:192.0.2.1:4711", and of an IPv6 address the
// first 64 bits, because one host commands them all.
std::string PeerAddressOf(absl::string_view grpc_peer);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_API_RATE_LIMITER_H_
