#include "coordinator/runs/diagnosis_request.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/proto_time.h"
#include "common/base/status_macros.h"
#include "coordinator/planner/schedule.h"
#include "coordinator/planner/target.h"
#include "coordinator/planner/vantage_selection.h"

namespace probemesh::coordinator {
namespace {

absl::StatusOr<absl::Duration> CheckTimeout(const v1::DiagnosisSpec& spec) {
  const absl::Duration timeout = FromProto(spec.timeout());
  if (timeout == absl::ZeroDuration()) return kDefaultDeadline;
  if (timeout < kMinDeadline || timeout > kMaxDeadline) {
    return absl::InvalidArgumentError(absl::StrCat("timeout: between ",
                                                   absl::FormatDuration(kMinDeadline), " and ",
                                                   absl::FormatDuration(kMaxDeadline)));
  }
  return timeout;
}

absl::StatusOr<std::vector<HostPort>> CheckNeighbors(const v1::DiagnosisSpec& spec) {
  if (spec.neighbors_size() > static_cast<int>(kMaxNeighbors)) {
    return absl::InvalidArgumentError(absl::StrCat("neighbors: at most ", kMaxNeighbors));
  }
  std::vector<HostPort> neighbors;
  for (const std::string& text : spec.neighbors()) {
    const absl::StatusOr<v1::Target> neighbor = ParseTarget(text);
    const bool url = neighbor.ok() && !neighbor->path().empty();
    if (!neighbor.ok() || url) {
      return absl::InvalidArgumentError(
          "neighbors: each is a host or host:port, by name or address, in the target's network");
    }
    neighbors.push_back({neighbor->host(), static_cast<uint16_t>(neighbor->port())});
  }
  return neighbors;
}

}  // namespace

absl::StatusOr<v1::AddressFamily> SettleFamily(const v1::Target& target, v1::AddressFamily asked) {
  if (asked != v1::ADDRESS_FAMILY_UNSPECIFIED && asked != v1::IPV4 && asked != v1::IPV6) {
    return absl::InvalidArgumentError("family: IPV4, IPV6 or unspecified");
  }
  if (!target.is_address()) return asked;
  const v1::AddressFamily own = target.host().find(':') == std::string::npos ? v1::IPV4 : v1::IPV6;
  if (asked != v1::ADDRESS_FAMILY_UNSPECIFIED && asked != own) {
    return absl::InvalidArgumentError(absl::StrCat("family: ", target.host(), " is an ",
                                                   own == v1::IPV4 ? "IPv4" : "IPv6", " address"));
  }
  return own;
}

v1::AddressFamily VantageFamily(const v1::Target& target, v1::AddressFamily family) {
  const absl::StatusOr<IpAddress> address = IpAddress::Parse(target.host());
  if (!address.ok()) return family;
  const bool loopback = address->is_v4() ? address->bytes()[0] == 127 : target.host() == "::1";
  return loopback ? v1::ADDRESS_FAMILY_UNSPECIFIED : family;
}

absl::StatusOr<DiagnosisRequest> CheckDiagnosisSpec(const v1::DiagnosisSpec& spec) {
  DiagnosisRequest request;
  request.spec = spec;
  PM_ASSIGN_OR_RETURN(request.target, ParseTarget(spec.target()));
  PM_ASSIGN_OR_RETURN(request.selector, Selector::Parse(spec.from()));
  PM_ASSIGN_OR_RETURN(request.family, SettleFamily(request.target, spec.family()));
  request.vantage_family = VantageFamily(request.target, request.family);
  PM_ASSIGN_OR_RETURN(request.deadline, CheckTimeout(spec));
  PM_ASSIGN_OR_RETURN(request.neighbors, CheckNeighbors(spec));
  if (spec.limit() > kMaxVantages) {
    return absl::InvalidArgumentError(absl::StrCat("limit: at most ", kMaxVantages, " vantages"));
  }
  return request;
}

}  // namespace probemesh::coordinator
