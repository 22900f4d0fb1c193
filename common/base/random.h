// Randomness as a seam: passed in, never global, so that a run can be repeated from its seed.
#ifndef PROBEMESH_COMMON_BASE_RANDOM_H_
#define PROBEMESH_COMMON_BASE_RANDOM_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace probemesh {

// Not thread-safe: one per thread that needs one.
class Random {
 public:
  virtual ~Random() = default;
  virtual uint64_t Next() = 0;
};

// The kernel's getrandom(2): fit for secrets.
class SystemRandom final : public Random {
 public:
  uint64_t Next() override;
};

// SplitMix64 (Steele, Lea, Flood 2014): repeatable, not fit for secrets.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : state_(seed) {}
  uint64_t Next() override;

 private:
  uint64_t state_;
};

// Uniform in [0, bound); bound must be greater than 0. The modulo bias is below 2^-32 for the
// bounds used here.
uint64_t UniformBelow(Random& random, uint64_t bound);

// Uniform in [zero, limit): the "full jitter" of reconnects.
absl::Duration FullJitter(Random& random, absl::Duration limit);

// A time-ordered UUID (RFC 9562 5.7) in its text form.
std::string NewUuidV7(Random& random, absl::Time now);

// When such a UUID was made, to the millisecond; nullopt for text of any other form.
std::optional<absl::Time> TimeOfUuidV7(absl::string_view uuid);

}  // namespace probemesh

#endif  // PROBEMESH_COMMON_BASE_RANDOM_H_
