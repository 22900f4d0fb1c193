// IPv4 and IPv6 addresses, prefixes and endpoints as values, compared in binary, never as text.
#ifndef PROBEMESH_COMMON_NET_IP_ADDRESS_H_
#define PROBEMESH_COMMON_NET_IP_ADDRESS_H_

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace probemesh {

class IpAddress {
 public:
  enum class Family : uint8_t { kV4, kV6 };

  IpAddress() = default;  // 0.0.0.0
  static IpAddress V4(const std::array<uint8_t, 4>& bytes);
  static IpAddress V6(const std::array<uint8_t, 16>& bytes);
  // Dotted quad or RFC 4291 text without brackets or scope id; nothing else (no octal, no short
  // forms).
  static absl::StatusOr<IpAddress> Parse(absl::string_view text);
  // nullopt unless AF_INET or AF_INET6.
  static std::optional<IpAddress> FromSockaddr(const sockaddr* address);

  Family family() const { return family_; }
  bool is_v4() const { return family_ == Family::kV4; }
  bool is_v6() const { return family_ == Family::kV6; }
  // Network byte order; the first 4 octets for IPv4.
  const std::array<uint8_t, 16>& bytes() const { return bytes_; }
  // RFC 5952 for IPv6.
  std::string ToString() const;
  // The IPv4 address inside ::ffff:0:0/96, 64:ff9b::/96 (RFC 6052) or 2002::/16 (RFC 3056), if any.
  std::optional<IpAddress> EmbeddedV4() const;

  auto operator<=>(const IpAddress&) const = default;

 private:
  Family family_ = Family::kV4;
  std::array<uint8_t, 16> bytes_{};
};

class IpPrefix {
 public:
  // "10.0.0.0/8", "fd00::/8"; a bare address is a /32 or /128. Host bits below the mask are
  // cleared.
  static absl::StatusOr<IpPrefix> Parse(absl::string_view text);
  bool Contains(const IpAddress& address) const;  // false across families
  int length() const { return length_; }
  const IpAddress& address() const { return address_; }
  std::string ToString() const;
  auto operator<=>(const IpPrefix&) const = default;

 private:
  IpAddress address_;
  int length_ = 0;
};

struct Endpoint {
  IpAddress address;
  uint16_t port = 0;

  // "192.0.2.1:80" or "[2001:db8::1]:80".
  static absl::StatusOr<Endpoint> Parse(absl::string_view text);
  std::string ToString() const;
  // Fills `storage`, returns the length to pass to the kernel.
  socklen_t ToSockaddr(sockaddr_storage* storage) const;
  static std::optional<Endpoint> FromSockaddr(const sockaddr* address);
  auto operator<=>(const Endpoint&) const = default;
};

// A name or address with a port: "host:port", "[v6]:port". Port 0 when absent and `default_port` is
// 0.
struct HostPort {
  std::string host;  // without brackets
  uint16_t port = 0;

  static absl::StatusOr<HostPort> Parse(absl::string_view text, uint16_t default_port = 0);
  std::string ToString() const;  // brackets around a host that contains ':'
};

}  // namespace probemesh

#endif  // PROBEMESH_COMMON_NET_IP_ADDRESS_H_
