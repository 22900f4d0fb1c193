#include "coordinator/planner/probe_specs.h"

#include "absl/strings/str_cat.h"
#include "common/base/proto_time.h"
#include "coordinator/planner/schedule.h"

namespace probemesh::coordinator {
namespace {

v1::ProbeSpec Base(v1::ProbeRole role, absl::Duration timeout) {
  v1::ProbeSpec spec;
  spec.set_role(role);
  *spec.mutable_timeout() = ToProto(timeout);
  return spec;
}

v1::ProbeSpec Base(v1::ProbeRole role, const IpAddress& address, absl::Duration timeout) {
  v1::ProbeSpec spec = Base(role, timeout);
  spec.set_address(address.ToString());
  return spec;
}

std::string UrlOf(const v1::Target& target) {
  const bool tls = target.scheme() == v1::Target::HTTPS;
  const bool v6 = target.host().find(':') != std::string::npos;
  std::string url =
      absl::StrCat(tls ? "https://" : "http://", v6 ? "[" : "", target.host(), v6 ? "]" : "");
  if (target.port() != (tls ? kHttpsPort : kHttpPort)) absl::StrAppend(&url, ":", target.port());
  return absl::StrCat(url, target.path());
}

}  // namespace

v1::ProbeSpec DnsSpec(v1::ProbeRole role, const std::string& name, v1::AddressFamily family,
                      bool over_tcp, absl::Duration timeout) {
  v1::ProbeSpec spec = Base(role, timeout);
  spec.mutable_dns()->set_name(name);
  spec.mutable_dns()->set_type(family == v1::IPV6 ? "AAAA" : "A");
  spec.mutable_dns()->set_tcp(over_tcp);
  return spec;
}

v1::ProbeSpec TcpSpec(v1::ProbeRole role, const IpAddress& address, uint32_t port,
                      absl::Duration timeout) {
  v1::ProbeSpec spec = Base(role, address, timeout);
  spec.set_port(port);
  spec.mutable_tcp();
  return spec;
}

v1::ProbeSpec EchoSpec(v1::ProbeRole role, const IpAddress& address, absl::Duration timeout) {
  v1::ProbeSpec spec = Base(role, address, timeout);
  spec.mutable_icmp()->set_count(1);
  return spec;
}

v1::ProbeSpec ClosedPortSpec(const IpAddress& address, uint32_t attempt, absl::Duration timeout) {
  v1::ProbeSpec spec = Base(v1::HOST, address, timeout);
  spec.set_port(kTraceroutePort + attempt);
  spec.set_attempt(attempt);
  spec.mutable_udp();
  return spec;
}

v1::ProbeSpec HttpSpec(const v1::Target& target, const IpAddress& address, absl::Duration timeout) {
  v1::ProbeSpec spec = Base(v1::SERVICE, address, timeout);
  spec.set_port(target.port());
  spec.mutable_http()->set_url(UrlOf(target));
  spec.mutable_http()->set_method("GET");
  spec.mutable_http()->set_max_body_bytes(kMaxBodyBytes);
  return spec;
}

v1::ProbeSpec WalkSpec(const IpAddress& address, const WalkShape& shape, absl::Duration timeout) {
  v1::ProbeSpec spec = Base(v1::WALK, address, timeout);
  if (shape.protocol != v1::TraceProbe::ICMP) spec.set_port(shape.port);
  v1::TraceProbe& trace = *spec.mutable_trace();
  trace.set_protocol(shape.protocol);
  trace.set_first_ttl(shape.first_ttl);
  trace.set_last_ttl(shape.last_ttl);
  // The kernel repeats a SYN by itself after a second, at the same TTL.
  const bool repeats_itself = shape.protocol == v1::TraceProbe::TCP;
  if (shape.reprobe && !repeats_itself) *trace.mutable_reprobe_after() = ToProto(kReprobeAfter);
  return spec;
}

v1::AddressFamily FamilyOf(const IpAddress& address) {
  return address.is_v4() ? v1::IPV4 : v1::IPV6;
}

}  // namespace probemesh::coordinator
