#include "coordinator/runs/probe_request.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/proto_time.h"
#include "common/base/status_macros.h"
#include "coordinator/planner/target.h"
#include "coordinator/planner/vantage_selection.h"
#include "coordinator/runs/diagnosis_request.h"
#include "coordinator/runs/limits.h"

namespace probemesh::coordinator {
namespace {

constexpr absl::Duration kDefaultTimeout = absl::Seconds(5);
constexpr absl::Duration kDefaultTraceTimeout = absl::Seconds(10);
constexpr absl::Duration kEchoSlack = absl::Seconds(2);
constexpr absl::Duration kMaxTimeout = absl::Seconds(60);
constexpr uint32_t kMaxPort = 65535;

absl::Duration DefaultTimeout(const v1::ProbeSpec& spec) {
  if (spec.has_trace()) return kDefaultTraceTimeout;
  if (!spec.has_icmp() || spec.icmp().count() < 2) return kDefaultTimeout;
  const absl::Duration interval =
      spec.icmp().has_interval() ? FromProto(spec.icmp().interval()) : absl::Seconds(1);
  return std::clamp(spec.icmp().count() * interval + kEchoSlack, kDefaultTimeout, kMaxTimeout);
}

absl::Status SetTimeout(v1::ProbeSpec* spec) {
  const absl::Duration timeout = FromProto(spec->timeout());
  if (timeout < absl::ZeroDuration() || timeout > kMaxTimeout) {
    return absl::InvalidArgumentError("spec.timeout: at most 60 s");
  }
  const bool given = timeout > absl::ZeroDuration();
  *spec->mutable_timeout() = ToProto(given ? timeout : DefaultTimeout(*spec));
  return absl::OkStatus();
}

bool NeedsPort(const v1::ProbeSpec& spec) {
  return spec.has_tcp() || spec.has_tls() || spec.has_udp() ||
         (spec.has_trace() && spec.trace().protocol() == v1::TraceProbe::TCP);
}

// The host to probe: as given, else the spec's own address, else that of the URL.
absl::StatusOr<v1::Target> FindHost(const v1::CreateProbeRunRequest& request) {
  const v1::ProbeSpec& spec = request.spec();
  std::string host = request.host();
  if (host.empty()) host = spec.address();
  if (!spec.address().empty() && host != spec.address()) {
    return absl::InvalidArgumentError("spec.address: leave it empty, host says what to probe");
  }
  if (host.empty() && spec.has_http()) host = spec.http().url();
  if (host.empty() && spec.has_dns()) return v1::Target();
  if (host.empty()) return absl::InvalidArgumentError("host: a name or address is needed");
  PM_ASSIGN_OR_RETURN(v1::Target target, ParseTarget(host));
  const bool url = target.scheme() == v1::Target::HTTP || target.scheme() == v1::Target::HTTPS;
  if (url && !spec.has_http()) {
    return absl::InvalidArgumentError("host: a name or address, not a URL");
  }
  return target;
}

absl::Status CheckHttp(const v1::ProbeSpec& spec) {
  if (!spec.has_http()) return absl::OkStatus();
  const absl::StatusOr<v1::Target> url = ParseTarget(spec.http().url());
  if (!url.ok() || url->path().empty()) {
    return absl::InvalidArgumentError("spec.http.url: an absolute http:// or https:// URL");
  }
  return absl::OkStatus();
}

absl::Status SetPort(const v1::Target& target, v1::ProbeSpec* spec) {
  if (spec->port() == 0) spec->set_port(target.port());
  if (spec->port() > kMaxPort) return absl::InvalidArgumentError("spec.port: 1 to 65535");
  if (NeedsPort(*spec) && spec->port() == 0) {
    return absl::InvalidArgumentError("spec.port: this probe needs a port");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ProbeRequest> CheckProbeRequest(const v1::CreateProbeRunRequest& request) {
  ProbeRequest checked;
  checked.spec = request.spec();
  if (checked.spec.kind_case() == v1::ProbeSpec::KIND_NOT_SET) {
    return absl::InvalidArgumentError("spec: say which probe to run (tcp, icmp, dns, ...)");
  }
  if (checked.spec.ByteSizeLong() > kMaxProbeSpecOctets) {
    return absl::InvalidArgumentError(
        absl::StrCat("spec: larger than ", kMaxProbeSpecOctets, " octets"));
  }
  checked.from = request.from();
  PM_ASSIGN_OR_RETURN(checked.selector, Selector::Parse(request.from()));
  if (request.limit() > kMaxVantages) {
    return absl::InvalidArgumentError(absl::StrCat("limit: at most ", kMaxVantages, " vantages"));
  }
  checked.limit = request.limit();
  PM_ASSIGN_OR_RETURN(const v1::Target target, FindHost(request));
  PM_ASSIGN_OR_RETURN(checked.family, SettleFamily(target, request.family()));
  checked.vantage_family = VantageFamily(target, checked.family);
  PM_RETURN_IF_ERROR(CheckHttp(checked.spec));
  PM_RETURN_IF_ERROR(SetPort(target, &checked.spec));
  PM_RETURN_IF_ERROR(SetTimeout(&checked.spec));
  checked.host = target.host();
  checked.is_name = !target.host().empty() && !target.is_address();
  checked.spec.set_address(checked.is_name ? "" : checked.host);
  if (checked.spec.role() == v1::PROBE_ROLE_UNSPECIFIED) checked.spec.set_role(v1::SERVICE);
  return checked;
}

}  // namespace probemesh::coordinator
