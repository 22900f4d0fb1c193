// Names, controls, neighbours, and the first tries of each address.
#include <algorithm>
#include <utility>

#include "common/base/proto_time.h"
#include "coordinator/planner/planner.h"
#include "coordinator/planner/probe_specs.h"
#include "coordinator/planner/vantage_selection.h"

namespace probemesh::coordinator {

void Planner::Open(size_t v) {
  AskControls(v);
  OpenNeighbors(v);
  if (Named()) {
    AskName(v, false);
    return;
  }
  const absl::StatusOr<IpAddress> address = IpAddress::Parse(input_.target.host());
  if (address.ok()) AdoptAddress(v, *address);
}

// The families that are wanted and that the vantage has.
std::vector<v1::AddressFamily> Planner::FamiliesOf(size_t v) const {
  std::vector<v1::AddressFamily> families;
  for (const v1::AddressFamily family : {v1::IPV4, v1::IPV6}) {
    if (input_.family != v1::ADDRESS_FAMILY_UNSPECIFIED && input_.family != family) continue;
    if (HasFamily(vantages_[v].about.capabilities, family)) families.push_back(family);
  }
  return families;
}

void Planner::AskName(size_t v, bool over_tcp) {
  const absl::Duration timeout = AtMost(over_tcp ? kDnsOverTcpTimeout : kDnsTimeout);
  for (const v1::AddressFamily family : FamiliesOf(v)) {
    v1::ProbeSpec spec = DnsSpec(v1::SERVICE, input_.target.host(), family, over_tcp, timeout);
    spec.set_attempt(over_tcp ? 1 : 0);
    if (Order(v, -1, std::move(spec))) ++vantages_[v].dns_open;
  }
}

void Planner::AskControls(size_t v) {
  Vantage& vantage = vantages_[v];
  size_t asked = 0;
  for (const Endpoint& control : controls_) {
    if (asked == kMaxControls) return;
    if (!HasFamily(vantage.about.capabilities, FamilyOf(control.address))) continue;
    if (control.address.ToString() == input_.target.host()) continue;
    if (Order(v, -1,
              TcpSpec(v1::CONTROL, control.address, control.port, AtMost(kControlTimeout)))) {
      ++vantage.controls_open;
    }
    if (asked == 0 && CanEcho(vantage.about.capabilities, control.address) &&
        Order(v, -1, EchoSpec(v1::CONTROL, control.address, AtMost(kControlTimeout)))) {
      ++vantage.controls_open;
    }
    ++asked;
  }
}

void Planner::OpenNeighbors(size_t v) {
  for (const HostPort& neighbor : input_.neighbors) {
    const absl::StatusOr<IpAddress> address = IpAddress::Parse(neighbor.host);
    if (address.ok()) {
      vantages_[v].neighbors.push_back(Endpoint{*address, neighbor.port});
      continue;
    }
    for (const v1::AddressFamily family : FamiliesOf(v)) {
      Order(v, -1, DnsSpec(v1::NEIGHBOR, neighbor.host, family, false, AtMost(kDnsTimeout)));
    }
  }
}

// A neighbour given by its name: one of each family is enough.
void Planner::AdoptNeighbor(Vantage& vantage, const std::string& name,
                            const v1::Observation& observation) {
  const std::vector<IpAddress> addresses = AddressesIn(observation);
  if (addresses.empty()) return;
  for (const HostPort& neighbor : input_.neighbors) {
    if (neighbor.host != name) continue;
    vantage.neighbors.push_back(Endpoint{addresses.front(), neighbor.port});
  }
}

void Planner::AskNewNeighbors(size_t v) {
  Vantage& vantage = vantages_[v];
  while (vantage.neighbors_asked < vantage.neighbors.size()) {
    AskNeighbor(v, vantage.neighbors[vantage.neighbors_asked++], 0);
  }
}

// The first echo listens to the end: a dead LAN is reported after three seconds for neighbours too.
void Planner::AskNeighbor(size_t v, const Endpoint& neighbor, uint32_t attempt) {
  const v1::Capabilities& capabilities = vantages_[v].about.capabilities;
  if (!HasFamily(capabilities, FamilyOf(neighbor.address))) return;
  const absl::Duration timeout = attempt == 0 ? UntilEnd() : AtMost(kShortTimeout);
  if (CanEcho(capabilities, neighbor.address)) {
    v1::ProbeSpec echo = EchoSpec(v1::NEIGHBOR, neighbor.address, timeout);
    echo.set_attempt(attempt);
    Order(v, -1, std::move(echo));
  }
  if (attempt == 0 && neighbor.port != 0) {
    Order(v, -1, TcpSpec(v1::NEIGHBOR, neighbor.address, neighbor.port, timeout));
  }
}

void Planner::AdoptAddresses(size_t v) {
  if (!Named()) return;
  const std::vector<IpAddress> own = vantages_[v].resolved;
  for (const IpAddress& address : own) AdoptAddress(v, address);
  const bool none = vantages_[v].addresses.empty();
  // A broken resolver must not blind the vantage: it then looks where the others look.
  if (none && (vantages_[v].dns_open == 0 || Due(kBorrowAddressAt))) {
    for (const IpAddress& address : BorrowedAddresses()) AdoptAddress(v, address);
  }
  Vantage& vantage = vantages_[v];
  if (vantage.dns_open > 0 && own.empty() && !vantage.dns_asked_over_tcp && Due(kDnsOverTcpAt)) {
    vantage.dns_asked_over_tcp = true;
    AskName(v, true);
  }
}

// By how many vantages were given it, then by value.
std::vector<IpAddress> Planner::BorrowedAddresses() const {
  std::map<IpAddress, int> votes;
  for (const Vantage& vantage : vantages_) {
    if (vantage.lost) continue;
    for (const IpAddress& address : vantage.resolved) ++votes[address];
  }
  std::vector<std::pair<int, IpAddress>> ranking;
  for (const auto& [address, count] : votes) ranking.emplace_back(-count, address);
  std::sort(ranking.begin(), ranking.end());
  std::vector<IpAddress> addresses;
  for (const auto& [rank, address] : ranking) addresses.push_back(address);
  return addresses;
}

void Planner::AdoptAddress(size_t v, const IpAddress& address) {
  Vantage& vantage = vantages_[v];
  const v1::AddressFamily family = FamilyOf(address);
  const bool wanted = input_.family == v1::ADDRESS_FAMILY_UNSPECIFIED || input_.family == family;
  // A literal was chosen by the user, and nodes by it.
  const bool able = !Named() || HasFamily(vantage.about.capabilities, family);
  if (!wanted || !able) return;
  if (vantage.addresses.size() >= kMaxAddresses) return;
  size_t of_family = 0;
  bool has_full = false;
  for (const AddressWatch& watch : vantage.addresses) {
    if (watch.address == address) return;
    if (watch.address.family() == address.family()) ++of_family;
    has_full = has_full || watch.full;
  }
  if (of_family >= kMaxAddressesPerFamily) return;
  const v1::AddressFamily preferred =
      HasFamily(vantage.about.capabilities, v1::IPV4) ? v1::IPV4 : v1::IPV6;
  AddressWatch watch;
  watch.address = address;
  watch.full = !has_full && (family == preferred || !Named() || vantage.dns_open == 0);
  watch.first_of_family = of_family == 0;
  watch.host_only = HostOnly();
  watch.first_probe = now_;
  vantage.addresses.push_back(watch);
  TryAddress(v, vantage.addresses.size() - 1);
}

// First tries are ordered whatever the budget. One TCP try, the echo and the datagram listen to the
// end, because the word that a host is gone comes after three seconds; the second TCP try is one
// SYN.
void Planner::TryAddress(size_t v, size_t a) {
  const AddressWatch& watch = vantages_[v].addresses[a];
  const IpAddress address = watch.address;
  const bool full = watch.full;
  const bool can_echo = CanEcho(vantages_[v].about.capabilities, address);
  const uint32_t port = input_.target.port();
  std::vector<v1::ProbeSpec> specs;
  if (HostOnly()) {
    if (can_echo) {
      specs.push_back(EchoSpec(v1::SERVICE, address, UntilEnd()));
    } else {
      specs.push_back(TcpSpec(v1::CONTRAST, address, kHttpsPort, UntilEnd()));
      specs.push_back(TcpSpec(v1::CONTRAST, address, kHttpPort, AtMost(kShortTimeout)));
    }
  } else {
    specs.push_back(TcpSpec(v1::SERVICE, address, port, UntilEnd()));
    if (full) specs.push_back(TcpSpec(v1::SERVICE, address, port, AtMost(kShortTimeout)));
    if (full && IsHttp()) specs.push_back(HttpSpec(input_.target, address, UntilEnd()));
    if (can_echo) specs.push_back(EchoSpec(v1::HOST, address, UntilEnd()));
  }
  if (watch.first_of_family) specs.push_back(ClosedPortSpec(address, 0, UntilEnd()));
  for (v1::ProbeSpec& spec : specs) {
    budget_.Charge(PacketsAtTarget(spec));
    Order(v, static_cast<int>(a), std::move(spec));
  }
}

}  // namespace probemesh::coordinator
