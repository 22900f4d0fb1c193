#include "coordinator/diagnosis/own_link.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/net/ip_address.h"

namespace probemesh::coordinator {
namespace {

// The mask is not known here. Most networks of hosts are at least as large as these; taking a
// neighbour for a distant host only costs the vantage its say.
constexpr char kNetworkV4[] = "/24";
constexpr char kNetworkV6[] = "/64";

bool ShareNetwork(const std::string& one, const std::string& other) {
  const auto first = IpAddress::Parse(one);
  const auto second = IpAddress::Parse(other);
  if (!first.ok() || !second.ok()) return false;
  const auto network =
      IpPrefix::Parse(absl::StrCat(first->ToString(), first->is_v4() ? kNetworkV4 : kNetworkV6));
  return network.ok() && network->Contains(*second);
}

bool SomeControlAnswers(const VantageEvidence& vantage) {
  return std::any_of(vantage.controls.begin(), vantage.controls.end(), [](const auto& control) {
    return control.second.tcp.value_or(false) || control.second.icmp.value_or(false);
  });
}

bool IsUnreachable(const ErrorSeen& error) {
  return error.kind == ErrorKind::kLateUnreachable || error.kind == ErrorKind::kQuickUnreachable;
}

bool OnOwnNetwork(const VantageEvidence& vantage, const ErrorSeen& error) {
  return IsUnreachable(error) && SomeControlAnswers(vantage) &&
         std::any_of(
             vantage.addresses.begin(), vantage.addresses.end(),
             [&](const std::string& target) { return ShareNetwork(error.offender, target); });
}

// Without a way out, whatever the packet; a firewall's reject only where it met the service's.
bool StopsTheService(const ErrorSeen& error) {
  return IsUnreachable(error) || error.kind == ErrorKind::kNoRoute || error.to_service;
}

}  // namespace

void SettleOwnLink(VantageEvidence* vantage) {
  const auto own_fault = [vantage](const ErrorSeen& error) {
    return vantage->own_addresses.count(error.offender) > 0 && !error.from_destination &&
           !OnOwnNetwork(*vantage, error);
  };
  std::vector<ErrorSeen>& errors = vantage->errors;
  vantage->own_trouble = std::any_of(errors.begin(), errors.end(), [&](const ErrorSeen& error) {
    return own_fault(error) && StopsTheService(error);
  });
  for (std::vector<ErrorSeen>* list : {&errors, &vantage->neighbor_errors}) {
    list->erase(std::remove_if(list->begin(), list->end(), own_fault), list->end());
  }
}

}  // namespace probemesh::coordinator
