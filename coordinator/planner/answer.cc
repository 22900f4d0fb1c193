#include "coordinator/planner/answer.h"

#include <algorithm>

#include "coordinator/planner/schedule.h"
#include "coordinator/planner/target.h"

namespace probemesh::coordinator {
namespace {

constexpr int kMaxRead = 64;
constexpr uint32_t kFullTtl = 32;  // with less a packet may expire on a healthy path
constexpr uint32_t kTimeExceededV4 = 11;
constexpr uint32_t kTimeExceededV6 = 3;

bool PastConnect(v1::Stage stage) {
  return stage == v1::TLS_HANDSHAKE || stage == v1::REQUEST || stage == v1::RESPONSE;
}

bool DecidesContract(const v1::ProbeSpec& asked, v1::Target::Scheme scheme) {
  switch (scheme) {
    case v1::Target::HTTP:
    case v1::Target::HTTPS:
      return asked.has_http();
    default:
      return true;
  }
}

bool SameAddress(const std::string& text, const std::string& address) {
  const absl::StatusOr<IpAddress> a = IpAddress::Parse(text);
  const absl::StatusOr<IpAddress> b = IpAddress::Parse(address);
  return a.ok() && b.ok() && *a == *b;
}

bool ErrorFrom(const v1::Observation& observation, const std::string& address) {
  for (int i = 0; i < std::min(observation.exchanges_size(), kMaxRead); ++i) {
    const v1::Exchange& exchange = observation.exchanges(i);
    if (exchange.has_icmp_error() && SameAddress(exchange.icmp_error().offender(), address)) {
      return true;
    }
  }
  return false;
}

}  // namespace

Answer ReadAnswer(const v1::ProbeSpec& asked, const v1::Observation& observation,
                  v1::Target::Scheme scheme) {
  switch (observation.outcome()) {
    case v1::ANSWERED:
      return DecidesContract(asked, scheme) ? Answer::kMet : Answer::kConnected;
    case v1::HUNG:
      return Answer::kHung;
    case v1::BAD_ANSWER:
    case v1::RESET:
    case v1::CLOSED:
      return Answer::kBroken;
    case v1::REFUSED:
      return Answer::kRefused;
    case v1::ICMP_ERROR:
      return Answer::kRejected;
    case v1::SILENT:
      return PastConnect(observation.failed_stage()) ? Answer::kHung : Answer::kSilent;
    default:
      return Answer::kNotLooked;
  }
}

bool ShowsLife(const v1::ProbeSpec& asked, const v1::Observation& observation) {
  switch (observation.outcome()) {
    case v1::ANSWERED:
      return true;
    case v1::REFUSED:
      return asked.has_tcp();
    case v1::ICMP_ERROR:
      return asked.has_udp() && ErrorFrom(observation, asked.address());
    default:
      return false;
  }
}

bool ShowsLoop(const v1::Observation& observation) {
  for (int i = 0; i < std::min(observation.exchanges_size(), kMaxRead); ++i) {
    const v1::Exchange& exchange = observation.exchanges(i);
    const bool limited = exchange.ttl_sent() != 0 && exchange.ttl_sent() < kFullTtl;
    if (!exchange.has_icmp_error() || limited) continue;
    const v1::IcmpError& error = exchange.icmp_error();
    const bool v6 = error.family() == v1::IPV6;
    if (error.type() == (v6 ? kTimeExceededV6 : kTimeExceededV4)) return true;
  }
  return false;
}

// Hosts start at 64, 128 or 255; whichever is next above what arrived.
std::optional<uint32_t> ReplyDistance(const v1::Observation& observation) {
  for (int i = 0; i < std::min(observation.exchanges_size(), kMaxRead); ++i) {
    const v1::Exchange& exchange = observation.exchanges(i);
    if (exchange.reply() != v1::POSITIVE || !exchange.has_reply_ttl()) continue;
    const uint32_t ttl = exchange.reply_ttl();
    if (ttl == 0 || ttl > 255) continue;
    const uint32_t initial = ttl <= 64 ? 64 : ttl <= 128 ? 128 : 255;
    const uint32_t distance = initial - ttl + 1;
    if (distance <= kMaxTtl) return distance;
  }
  return std::nullopt;
}

std::vector<IpAddress> AddressesIn(const v1::Observation& observation) {
  std::vector<IpAddress> found;
  if (observation.outcome() != v1::ANSWERED) return found;
  const auto& texts = observation.dns().addresses();
  for (int i = 0; i < std::min(texts.size(), kMaxRead) && found.size() < kMaxAddresses; ++i) {
    const absl::StatusOr<IpAddress> address = IpAddress::Parse(texts[i]);
    if (!address.ok() || !NamesOneHost(*address)) continue;
    if (std::find(found.begin(), found.end(), *address) == found.end()) found.push_back(*address);
  }
  return found;
}

}  // namespace probemesh::coordinator
