#include "common/net/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"

namespace probemesh {
namespace {

constexpr size_t kMaxHostLength = 255;
constexpr size_t kShownInErrors = 64;

// Input as it may be shown in an error: short and printable.
std::string Shown(absl::string_view text) {
  std::string shown(text.substr(0, kShownInErrors));
  for (char& c : shown) {
    if (!absl::ascii_isprint(static_cast<unsigned char>(c))) c = '?';
  }
  return absl::StrCat("\"", shown, text.size() > kShownInErrors ? "...\"" : "\"");
}

bool AllDigits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
}

absl::StatusOr<uint16_t> ParsePort(absl::string_view text) {
  uint32_t port = 0;
  if (!AllDigits(text) || text.size() > 5 || !absl::SimpleAtoi(text, &port) || port > 65535) {
    return absl::InvalidArgumentError(absl::StrCat(Shown(text), " is not a port (0 to 65535)"));
  }
  return static_cast<uint16_t>(port);
}

bool IsHostCharacter(char c) {
  return absl::ascii_isgraph(static_cast<unsigned char>(c)) &&
         std::strchr("[]/@?#:\\", c) == nullptr;
}

absl::Status CheckHost(absl::string_view host) {
  if (host.empty()) return absl::InvalidArgumentError("the host is empty");
  if (host.size() > kMaxHostLength || !std::all_of(host.begin(), host.end(), IsHostCharacter)) {
    return absl::InvalidArgumentError(absl::StrCat(Shown(host), " is not a host name"));
  }
  return absl::OkStatus();
}

bool StartsWithBytes(const std::array<uint8_t, 16>& bytes, absl::string_view prefix) {
  return std::memcmp(bytes.data(), prefix.data(), prefix.size()) == 0;
}

IpAddress V4At(const std::array<uint8_t, 16>& bytes, size_t offset) {
  return IpAddress::V4({bytes[offset], bytes[offset + 1], bytes[offset + 2], bytes[offset + 3]});
}

void ClearHostBits(std::array<uint8_t, 16>* bytes, int length) {
  for (int bit = length; bit < 128; ++bit) {
    (*bytes)[static_cast<size_t>(bit / 8)] &= static_cast<uint8_t>(~(0x80 >> (bit % 8)));
  }
}

IpAddress Masked(const IpAddress& address, int length) {
  std::array<uint8_t, 16> bytes = address.bytes();
  ClearHostBits(&bytes, length);
  return address.is_v4() ? V4At(bytes, 0) : IpAddress::V6(bytes);
}

}  // namespace

IpAddress IpAddress::V4(const std::array<uint8_t, 4>& bytes) {
  IpAddress address;
  std::copy(bytes.begin(), bytes.end(), address.bytes_.begin());
  return address;
}

IpAddress IpAddress::V6(const std::array<uint8_t, 16>& bytes) {
  IpAddress address;
  address.family_ = Family::kV6;
  address.bytes_ = bytes;
  return address;
}

absl::StatusOr<IpAddress> IpAddress::Parse(absl::string_view text) {
  const std::string terminated(text);
  // inet_pton reads up to a NUL: what follows one must not be ignored.
  if (terminated.find('\0') == std::string::npos) {
    std::array<uint8_t, 4> v4;
    if (inet_pton(AF_INET, terminated.c_str(), v4.data()) == 1) return V4(v4);
    std::array<uint8_t, 16> v6;
    if (inet_pton(AF_INET6, terminated.c_str(), v6.data()) == 1) return V6(v6);
  }
  return absl::InvalidArgumentError(absl::StrCat(Shown(text), " is not an IP address"));
}

std::optional<IpAddress> IpAddress::FromSockaddr(const sockaddr* address) {
  if (address == nullptr) return std::nullopt;
  if (address->sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, address, sizeof(v4));
    std::array<uint8_t, 4> bytes;
    std::memcpy(bytes.data(), &v4.sin_addr, bytes.size());
    return V4(bytes);
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, address, sizeof(v6));
    std::array<uint8_t, 16> bytes;
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return V6(bytes);
  }
  return std::nullopt;
}

std::string IpAddress::ToString() const {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(is_v4() ? AF_INET : AF_INET6, bytes_.data(), text, sizeof(text));
  return text;
}

std::optional<IpAddress> IpAddress::EmbeddedV4() const {
  if (is_v4()) return std::nullopt;
  static constexpr char kMapped[] = "\0\0\0\0\0\0\0\0\0\0\xff\xff";
  static constexpr char kNat64[] = "\x00\x64\xff\x9b\0\0\0\0\0\0\0";
  if (StartsWithBytes(bytes_, absl::string_view(kMapped, 12))) return V4At(bytes_, 12);
  if (StartsWithBytes(bytes_, absl::string_view(kNat64, 12))) return V4At(bytes_, 12);
  if (StartsWithBytes(bytes_, absl::string_view("\x20\x02", 2))) return V4At(bytes_, 2);
  return std::nullopt;
}

absl::StatusOr<IpPrefix> IpPrefix::Parse(absl::string_view text) {
  const size_t slash = text.find('/');
  PM_ASSIGN_OR_RETURN(const IpAddress address, IpAddress::Parse(text.substr(0, slash)));
  const int longest = address.is_v4() ? 32 : 128;
  int length = longest;
  if (slash != absl::string_view::npos) {
    const absl::string_view digits = text.substr(slash + 1);
    if (!AllDigits(digits) || digits.size() > 3 || !absl::SimpleAtoi(digits, &length) ||
        length > longest) {
      return absl::InvalidArgumentError(
          absl::StrCat(Shown(text), ": the prefix length must be between 0 and ", longest));
    }
  }
  IpPrefix prefix;
  prefix.address_ = Masked(address, length);
  prefix.length_ = length;
  return prefix;
}

bool IpPrefix::Contains(const IpAddress& address) const {
  return address.family() == address_.family() && Masked(address, length_) == address_;
}

std::string IpPrefix::ToString() const { return absl::StrCat(address_.ToString(), "/", length_); }

absl::StatusOr<Endpoint> Endpoint::Parse(absl::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrCat(Shown(text), " has no port"));
  }
  absl::string_view host = text.substr(0, colon);
  const bool bracketed = absl::ConsumePrefix(&host, "[");
  if (bracketed && !absl::ConsumeSuffix(&host, "]")) {
    return absl::InvalidArgumentError(absl::StrCat(Shown(text), " lacks the closing bracket"));
  }
  PM_ASSIGN_OR_RETURN(const IpAddress address, IpAddress::Parse(host));
  if (address.is_v6() != bracketed) {
    return absl::InvalidArgumentError(
        absl::StrCat(Shown(text), ": brackets belong around IPv6 addresses, and only there"));
  }
  PM_ASSIGN_OR_RETURN(const uint16_t port, ParsePort(text.substr(colon + 1)));
  return Endpoint{address, port};
}

std::string Endpoint::ToString() const {
  const std::string host = address.ToString();
  return address.is_v6() ? absl::StrCat("[", host, "]:", port) : absl::StrCat(host, ":", port);
}

socklen_t Endpoint::ToSockaddr(sockaddr_storage* storage) const {
  std::memset(storage, 0, sizeof(*storage));
  if (address.is_v4()) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(storage);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    std::memcpy(&v4->sin_addr, address.bytes().data(), sizeof(v4->sin_addr));
    return sizeof(sockaddr_in);
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(storage);
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(port);
  std::memcpy(&v6->sin6_addr, address.bytes().data(), sizeof(v6->sin6_addr));
  return sizeof(sockaddr_in6);
}

std::optional<Endpoint> Endpoint::FromSockaddr(const sockaddr* address) {
  const std::optional<IpAddress> ip = IpAddress::FromSockaddr(address);
  if (!ip) return std::nullopt;
  // sin_port and sin6_port share their place.
  in_port_t port = 0;
  std::memcpy(&port, reinterpret_cast<const char*>(address) + offsetof(sockaddr_in, sin_port),
              sizeof(port));
  return Endpoint{*ip, ntohs(port)};
}

absl::StatusOr<HostPort> HostPort::Parse(absl::string_view text, uint16_t default_port) {
  HostPort result{"", default_port};
  if (const absl::StatusOr<IpAddress> bare = IpAddress::Parse(text); bare.ok() && bare->is_v6()) {
    result.host = std::string(text);
    return result;
  }
  absl::string_view host = text;
  const bool bracketed = absl::ConsumePrefix(&host, "[");
  const size_t end = bracketed ? host.find(']') : host.rfind(':');
  if (bracketed && end == absl::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrCat(Shown(text), " lacks the closing bracket"));
  }
  absl::string_view rest = end == absl::string_view::npos ? "" : host.substr(end + bracketed);
  host = host.substr(0, end);
  if (absl::ConsumePrefix(&rest, ":")) {
    PM_ASSIGN_OR_RETURN(result.port, ParsePort(rest));
  } else if (!rest.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(Shown(text), ": text after the bracket"));
  }
  if (bracketed) {
    PM_ASSIGN_OR_RETURN(const IpAddress address, IpAddress::Parse(host));
    if (address.is_v4()) return absl::InvalidArgumentError("brackets are for IPv6 addresses");
  } else {
    PM_RETURN_IF_ERROR(CheckHost(host));
  }
  result.host = std::string(host);
  return result;
}

std::string HostPort::ToString() const {
  if (host.find(':') != std::string::npos) return absl::StrCat("[", host, "]:", port);
  return absl::StrCat(host, ":", port);
}

}  // namespace probemesh
