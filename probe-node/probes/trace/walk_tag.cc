#include "probe-node/probes/trace/walk_tag.h"

#include <algorithm>
#include <cstring>

namespace probemesh::node {
namespace {

constexpr size_t kSize = 16;

void Append(uint16_t value, std::string* out) {
  out->push_back(static_cast<char>(value >> 8));
  out->push_back(static_cast<char>(value & 0xff));
}

uint16_t Read(absl::string_view octets, size_t offset) {
  const auto high = static_cast<uint8_t>(octets[offset]);
  const auto low = static_cast<uint8_t>(octets[offset + 1]);
  return static_cast<uint16_t>(high << 8 | low);
}

uint16_t Complement(uint16_t number) { return static_cast<uint16_t>(~number); }

}  // namespace

WalkTag::WalkTag(uint64_t nonce) : nonce_(kNonceSize, '\0') {
  std::memcpy(nonce_.data(), &nonce, kNonceSize);
}

std::string WalkTag::Payload(uint16_t number) const {
  std::string payload = nonce_;
  Append(number, &payload);
  Append(Complement(number), &payload);
  payload.resize(kSize, '\0');
  return payload;
}

std::optional<uint16_t> WalkTag::Parse(absl::string_view payload) const {
  const size_t end = kNonceSize + 2 * sizeof(uint16_t);
  if (payload.size() < end || payload.substr(0, kNonceSize) != nonce_) return std::nullopt;
  const uint16_t number = Read(payload, kNonceSize);
  if (Read(payload, kNonceSize + 2) != Complement(number)) return std::nullopt;
  return number;
}

std::string WalkTag::PayloadBehindNumber(uint16_t number) const {
  std::string payload = nonce_;
  Append(Complement(number), &payload);
  payload.resize(kSize, '\0');
  return payload;
}

bool WalkTag::MatchesQuoted(absl::string_view payload) const {
  const size_t compared = std::min(payload.size(), kNonceSize);
  return payload.substr(0, compared) == absl::string_view(nonce_).substr(0, compared);
}

}  // namespace probemesh::node
