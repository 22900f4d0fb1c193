// Runs one probe for real: the system's clock, an epoll loop on this thread, Linux's sockets.
#ifndef PROBEMESH_TESTS_SUPPORT_PROBE_RUNNER_H_
#define PROBEMESH_TESTS_SUPPORT_PROBE_RUNNER_H_

#include <memory>
#include <vector>

#include "common/base/random.h"
#include "common/event/epoll_event_loop.h"
#include "common/net/linux_socket_ops.h"
#include "probe-node/engine/icmp_governor.h"
#include "probe-node/engine/probe.h"

namespace probemesh {

class ProbeRunner {
 public:
  using Factory = absl::StatusOr<std::unique_ptr<node::Probe>> (*)(const v1::ProbeSpec&,
                                                                   node::ProbeContext&);

  ProbeRunner() = default;
  ProbeRunner(const ProbeRunner&) = delete;
  ProbeRunner& operator=(const ProbeRunner&) = delete;

  // Until the probe is done. Call once; a spec that the factory refuses gives an empty observation.
  v1::Observation Run(Factory make, const v1::ProbeSpec& spec) {
    auto probe = make(spec, context);
    if (!probe.ok()) return v1::Observation();
    v1::Observation result;
    (*probe)->Start([this, &result, &probe](v1::Observation observation) {
      result = std::move(observation);
      probe->reset();  // as an owner may do
      loop.Stop();
    });
    loop.Run();
    return result;
  }

  EpollEventLoop loop;
  LinuxSocketOps sockets;
  SystemRandom random;
  node::IcmpGovernor governor{SystemClock()};
  // Everything that the policy was asked about. Denied are the ports in `denied_ports`.
  std::vector<Endpoint> asked;
  std::vector<uint16_t> denied_ports;
  node::ProbeContext context{
      loop, sockets, random, governor, [this](const IpAddress& address, uint16_t port) {
        asked.push_back(Endpoint{address, port});
        for (const uint16_t denied : denied_ports) {
          if (denied == port) return absl::PermissionDeniedError("the owner of this node says no");
        }
        return absl::OkStatus();
      }};
};

}  // namespace probemesh

#endif  // PROBEMESH_TESTS_SUPPORT_PROBE_RUNNER_H_
