#include "probe-node/agent/target_policy.h"

#include <ifaddrs.h>
#include <net/if.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace probemesh::node {
namespace {

// Interfaces come and go; a look at them costs a few dozen microseconds.
constexpr absl::Duration kOwnAddressesAge = absl::Seconds(10);

struct NamedRange {
  const char* prefix;
  const char* what;
};

// IANA's special-purpose registries (RFC 6890 and successors), and what they leave out.
constexpr NamedRange kDeniedByDefault[] = {
    {"0.0.0.0/8", "this network"},
    {"10.0.0.0/8", "private"},
    {"100.64.0.0/10", "carrier-grade NAT"},
    {"127.0.0.0/8", "loopback"},
    {"169.254.0.0/16", "link-local"},
    {"172.16.0.0/12", "private"},
    {"192.0.0.0/24", "protocol assignments"},
    {"192.0.2.0/24", "documentation"},
    {"192.88.99.0/24", "6to4 relay"},
    {"192.168.0.0/16", "private"},
    {"198.18.0.0/15", "benchmarking"},
    {"198.51.100.0/24", "documentation"},
    {"203.0.113.0/24", "documentation"},
    {"224.0.0.0/4", "multicast"},
    {"240.0.0.0/4", "reserved or broadcast"},
    {"::/96", "unspecified, loopback or IPv4-compatible"},
    {"64:ff9b:1::/48", "local NAT64"},
    {"100::/64", "discard-only"},
    {"2001::/32", "Teredo"},
    {"2001:10::/28", "ORCHID"},
    {"2001:20::/28", "ORCHIDv2"},
    {"2001:db8::/32", "documentation"},
    {"2002::/16", "6to4"},
    {"3fff::/20", "documentation"},
    {"fc00::/7", "private"},
    {"fe80::/10", "link-local"},
    {"fec0::/10", "site-local"},
    {"ff00::/8", "multicast"},
};

// Whoever can ask these may get the credentials of the machine.
constexpr const char* kMetadataServices[] = {
    "169.254.169.254",  // AWS, Azure, Google, Oracle, DigitalOcean, OpenStack
    "169.254.170.2",    // AWS ECS credentials
    "169.254.170.23",   // AWS EKS Pod Identity
    "169.254.0.23",     // Tencent
    "169.254.42.42",    // Scaleway
    "100.100.100.200",  // Alibaba
    "168.63.129.16",    // Azure WireServer, a public address
    "192.0.0.192",      // Oracle
    "fd00:ec2::254",    // AWS
    "fd00:ec2::23",     // AWS EKS Pod Identity
    "fd20:ce::254",     // Google
    "fd00:42::42",      // Scaleway
};

struct ParsedRange {
  IpPrefix prefix;
  const char* what;
};

const std::vector<ParsedRange>& DeniedByDefault() {
  static const std::vector<ParsedRange> ranges = [] {
    std::vector<ParsedRange> parsed;
    for (const NamedRange& range : kDeniedByDefault) {
      parsed.push_back({*IpPrefix::Parse(range.prefix), range.what});
    }
    return parsed;
  }();
  return ranges;
}

bool IsMetadataService(const IpAddress& address) {
  static const std::vector<IpAddress> services = [] {
    std::vector<IpAddress> parsed;
    for (const char* text : kMetadataServices) parsed.push_back(*IpAddress::Parse(text));
    return parsed;
  }();
  return std::find(services.begin(), services.end(), address) != services.end();
}

const IpPrefix* FindRange(const std::vector<IpPrefix>& ranges, const IpAddress& address) {
  for (const IpPrefix& range : ranges) {
    if (range.Contains(address)) return &range;
  }
  return nullptr;
}

bool IsHostRoute(const IpPrefix& range) {
  return range.length() == (range.address().is_v4() ? 32 : 128);
}

bool IsMappedV4(const IpAddress& address) {
  static const IpPrefix mapped = *IpPrefix::Parse("::ffff:0:0/96");
  return mapped.Contains(address);
}

absl::Status Denied(const IpAddress& address, absl::string_view why) {
  return absl::PermissionDeniedError(absl::StrCat(address.ToString(), " ", why));
}

}  // namespace

TargetPolicy::TargetPolicy(PolicyRules rules, const Clock& clock, OwnAddresses own_addresses)
    : rules_(std::move(rules)),
      clock_(clock),
      own_addresses_(std::move(own_addresses)),
      own_since_(-absl::InfiniteDuration()) {}

absl::Status TargetPolicy::Check(const IpAddress& address) const {
  const auto embedded = address.EmbeddedV4();
  // A mapped address is only a way to write the other one.
  if (embedded && IsMappedV4(address)) return CheckOne(*embedded);
  const absl::Status outer = CheckOne(address);
  if (!outer.ok() || !embedded) return outer;
  return CheckOne(*embedded);
}

absl::Status TargetPolicy::CheckOne(const IpAddress& address) const {
  if (const IpPrefix* range = FindRange(rules_.deny, address); range != nullptr) {
    return Denied(address, absl::StrCat("is in ", range->ToString(),
                                        ", which the owner of this node denies"));
  }
  const bool named = std::any_of(
      rules_.allow.begin(), rules_.allow.end(),
      [&](const IpPrefix& range) { return IsHostRoute(range) && range.address() == address; });
  if (named) return absl::OkStatus();
  if (IsMetadataService(address)) {
    return Denied(address,
                  "is a cloud metadata service; only a grant of exactly this address allows it");
  }
  if (FindRange(rules_.allow, address) != nullptr) return absl::OkStatus();
  if (IsOwn(address)) {
    return Denied(address, "belongs to this node itself and is not granted by its owner");
  }
  for (const ParsedRange& range : DeniedByDefault()) {
    if (!range.prefix.Contains(address)) continue;
    return Denied(address, absl::StrCat("is in ", range.prefix.ToString(), " (", range.what,
                                        "), which the owner of this node has not granted"));
  }
  return absl::OkStatus();
}

bool TargetPolicy::IsOwn(const IpAddress& address) const {
  const MonotonicTime now = clock_.Monotonic();
  if (now - own_since_ >= kOwnAddressesAge) {
    own_ = own_addresses_();
    own_since_ = now;
  }
  return std::find(own_.begin(), own_.end(), address) != own_.end();
}

std::vector<IpAddress> InterfaceAddresses() {
  std::vector<IpAddress> found;
  ifaddrs* interfaces = nullptr;
  if (getifaddrs(&interfaces) != 0) return found;
  for (const ifaddrs* at = interfaces; at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr) continue;
    if (const auto address = IpAddress::FromSockaddr(at->ifa_addr)) found.push_back(*address);
    if ((at->ifa_flags & IFF_BROADCAST) == 0 || at->ifa_broadaddr == nullptr) continue;
    if (const auto address = IpAddress::FromSockaddr(at->ifa_broadaddr)) found.push_back(*address);
  }
  freeifaddrs(interfaces);
  return found;
}

}  // namespace probemesh::node
