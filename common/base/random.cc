#include "common/base/random.h"

#include <sys/random.h>

#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace probemesh {

uint64_t SystemRandom::Next() {
  uint64_t value = 0;
  // A request of at most 256 octets is never interrupted once the pool is ready (getrandom(2)).
  if (getrandom(&value, sizeof(value), 0) != static_cast<ssize_t>(sizeof(value))) std::abort();
  return value;
}

uint64_t SeededRandom::Next() {
  state_ += 0x9e3779b97f4a7c15;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

uint64_t UniformBelow(Random& random, uint64_t bound) { return random.Next() % bound; }

absl::Duration FullJitter(Random& random, absl::Duration limit) {
  const int64_t nanoseconds = absl::ToInt64Nanoseconds(limit);
  if (nanoseconds <= 0) return absl::ZeroDuration();
  return absl::Nanoseconds(
      static_cast<int64_t>(UniformBelow(random, static_cast<uint64_t>(nanoseconds))));
}

std::string NewUuidV7(Random& random, absl::Time now) {
  const uint64_t millis = static_cast<uint64_t>(absl::ToUnixMillis(now)) & 0xffffffffffff;
  const uint64_t high = random.Next();
  const uint64_t low = random.Next();
  return absl::StrFormat("%08x-%04x-7%03x-%04x-%012x", millis >> 16, millis & 0xffff, high & 0xfff,
                         0x8000 | ((high >> 16) & 0x3fff), low & 0xffffffffffff);
}

std::optional<absl::Time> TimeOfUuidV7(absl::string_view uuid) {
  constexpr size_t kLength = 36;
  constexpr size_t kVersionAt = 14;
  if (uuid.size() != kLength || uuid[8] != '-' || uuid[13] != '-' || uuid[kVersionAt] != '7') {
    return std::nullopt;
  }
  const std::string digits = absl::StrCat(uuid.substr(0, 8), uuid.substr(9, 4));
  int64_t millis = 0;
  if (!absl::SimpleHexAtoi(digits, &millis)) return std::nullopt;
  return absl::FromUnixMillis(millis);
}

}  // namespace probemesh
