#include <algorithm>
#include <array>

#include "probe-node/engine/probe_engine.h"

namespace probemesh::node {
namespace {

using Family = IpAddress::Family;

bool CanOpen(SocketOps& sockets, SocketKind kind, Family family) {
  const SysResult opened = sockets.Open(kind, family);
  if (opened.ok()) sockets.Close(static_cast<int>(opened.value));
  return opened.ok();
}

bool IsLoopback(const IpAddress& address) {
  if (address.is_v4()) return address.bytes()[0] == 127;
  return address == *IpAddress::Parse("::1");
}

// Connecting a datagram socket picks route and source address, and sends nothing.
bool HasSourceTowards(SocketOps& sockets, const IpAddress& destination) {
  constexpr uint16_t kDiscardPort = 9;
  const SysResult opened = sockets.Open(SocketKind::kUdp, destination.family());
  if (!opened.ok()) return false;
  const int fd = static_cast<int>(opened.value);
  bool found = false;
  if (sockets.Connect(fd, Endpoint{destination, kDiscardPort}).ok()) {
    const std::optional<Endpoint> local = sockets.LocalEndpoint(fd);
    found = local && !IsLoopback(local->address);
  }
  sockets.Close(fd);
  return found;
}

// A global destination first, then one in each private range, for nodes without a default route.
bool HasSource(SocketOps& sockets, Family family) {
  static constexpr std::array<const char*, 4> kV4 = {"192.0.2.1", "10.0.0.1", "172.16.0.1",
                                                     "192.168.0.1"};
  static constexpr std::array<const char*, 2> kV6 = {"2001:db8::1", "fd00::1"};
  const auto reaches = [&sockets](const char* text) {
    return HasSourceTowards(sockets, *IpAddress::Parse(text));
  };
  if (family == Family::kV4) return std::any_of(kV4.begin(), kV4.end(), reaches);
  return std::any_of(kV6.begin(), kV6.end(), reaches);
}

}  // namespace

v1::Capabilities DetectCapabilities(SocketOps& sockets, const EngineLimits& limits) {
  v1::Capabilities found;
  found.set_icmp_echo_v4(CanOpen(sockets, SocketKind::kPing, Family::kV4));
  found.set_icmp_echo_v6(CanOpen(sockets, SocketKind::kPing, Family::kV6));
  found.set_ipv4(HasSource(sockets, Family::kV4));
  found.set_ipv6(HasSource(sockets, Family::kV6));
  // Open fails where the kernel refuses to keep an error queue.
  found.set_error_queue(CanOpen(sockets, SocketKind::kTcp, Family::kV4) ||
                        CanOpen(sockets, SocketKind::kTcp, Family::kV6));
  found.set_max_concurrent_probes(static_cast<uint32_t>(limits.max_in_flight));
  return found;
}

}  // namespace probemesh::node
