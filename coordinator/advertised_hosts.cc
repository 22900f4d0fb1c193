#include "coordinator/advertised_hosts.h"

#include <ifaddrs.h>
#include <net/if.h>

#include <optional>

namespace probemesh::coordinator {
namespace {

const IpAddress& LoopbackV4() {
  static const IpAddress address = IpAddress::V4({127, 0, 0, 1});
  return address;
}

bool IsWildcard(const IpAddress& address) {
  return address == IpAddress() || address == IpAddress::V6({});
}

bool IsLinkLocal(const IpAddress& address) {
  static const IpPrefix v4 = *IpPrefix::Parse("169.254.0.0/16");
  static const IpPrefix v6 = *IpPrefix::Parse("fe80::/10");
  return v4.Contains(address) || v6.Contains(address);
}

std::optional<IpAddress> FirstAddress() {
  ifaddrs* interfaces = nullptr;
  if (getifaddrs(&interfaces) != 0) return std::nullopt;
  std::optional<IpAddress> first_v4;
  std::optional<IpAddress> first_v6;
  for (const ifaddrs* entry = interfaces; entry != nullptr; entry = entry->ifa_next) {
    const bool usable = (entry->ifa_flags & IFF_UP) != 0 && (entry->ifa_flags & IFF_LOOPBACK) == 0;
    if (!usable || entry->ifa_addr == nullptr) continue;
    const std::optional<IpAddress> address = IpAddress::FromSockaddr(entry->ifa_addr);
    if (!address || IsLinkLocal(*address)) continue;
    std::optional<IpAddress>& first = address->is_v4() ? first_v4 : first_v6;
    if (!first) first = address;
  }
  freeifaddrs(interfaces);
  return first_v4 ? first_v4 : first_v6;
}

}  // namespace

std::vector<std::string> AdvertisedHosts(const CoordinatorOptions& options) {
  if (!options.advertise.empty()) return options.advertise;
  const IpAddress& listen = options.listen.address;
  if (!IsWildcard(listen)) return {listen.ToString()};
  return {FirstAddress().value_or(LoopbackV4()).ToString()};
}

Endpoint LocalEndpoint(const Endpoint& listen, uint16_t port) {
  return {IsWildcard(listen.address) ? LoopbackV4() : listen.address, port};
}

}  // namespace probemesh::coordinator
