#include "probe-node/probes/make_probe.h"

#include "probe-node/probes/dns/dns_probe.h"
#include "probe-node/probes/http/http_probe.h"
#include "probe-node/probes/icmp/icmp_probe.h"
#include "probe-node/probes/tcp/tcp_probe.h"
#include "probe-node/probes/tls/tls_probe.h"
#include "probe-node/probes/trace/trace_probe.h"
#include "probe-node/probes/udp/udp_probe.h"

namespace probemesh::node {

absl::StatusOr<std::unique_ptr<Probe>> MakeProbe(const v1::ProbeSpec& spec, ProbeContext& context) {
  switch (spec.kind_case()) {
    case v1::ProbeSpec::kDns:
      return MakeDnsProbe(spec, context);
    case v1::ProbeSpec::kTls:
      return MakeTlsProbe(spec, context);
    case v1::ProbeSpec::kHttp:
      return MakeHttpProbe(spec, context);
    case v1::ProbeSpec::kIcmp:
      return MakeIcmpProbe(spec, context);
    case v1::ProbeSpec::kTcp:
      return MakeTcpProbe(spec, context);
    case v1::ProbeSpec::kUdp:
      return MakeUdpProbe(spec, context);
    case v1::ProbeSpec::kTrace:
      return MakeTraceProbe(spec, context);
    default:
      return absl::UnimplementedError("this node does not know that kind of probe");
  }
}

}  // namespace probemesh::node
