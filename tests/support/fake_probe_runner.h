// Runs one probe in virtual time against a scripted network.
#ifndef PROBEMESH_TESTS_SUPPORT_FAKE_PROBE_RUNNER_H_
#define PROBEMESH_TESTS_SUPPORT_FAKE_PROBE_RUNNER_H_

#include <memory>
#include <optional>
#include <utility>

#include "common/base/random.h"
#include "probe-node/engine/icmp_governor.h"
#include "probe-node/engine/probe.h"
#include "tests/support/fake_socket_ops.h"
#include "tests/support/manual_event_loop.h"

namespace probemesh {

class FakeProbeRunner {
 public:
  using Factory = absl::StatusOr<std::unique_ptr<node::Probe>> (*)(const v1::ProbeSpec&,
                                                                   node::ProbeContext&);

  FakeProbeRunner() = default;
  FakeProbeRunner(const FakeProbeRunner&) = delete;
  FakeProbeRunner& operator=(const FakeProbeRunner&) = delete;

  // The factory must accept the spec. Nothing has happened yet when this returns.
  void Start(Factory make, const v1::ProbeSpec& spec) {
    result.reset();
    probe = *make(spec, context);
    probe->Start([this](v1::Observation observation) {
      result = std::move(observation);
      probe.reset();  // as an owner may do
    });
  }

  // Start, and then until the probe is done; an empty observation if it never is.
  v1::Observation Run(Factory make, const v1::ProbeSpec& spec) {
    Start(make, spec);
    loop.AdvanceUntil([this] { return result.has_value(); }, absl::Seconds(100));
    return result.value_or(v1::Observation());
  }

  ManualEventLoop loop;
  FakeSocketOps sockets{loop};
  SeededRandom random{1};
  node::IcmpGovernor governor{loop.clock()};
  bool denied = false;
  node::ProbeContext context{loop, sockets, random, governor, [this](const IpAddress&, uint16_t) {
                               if (!denied) return absl::OkStatus();
                               return absl::PermissionDeniedError("the owner of this node says no");
                             }};
  std::unique_ptr<node::Probe> probe;
  std::optional<v1::Observation> result;
};

}  // namespace probemesh

#endif  // PROBEMESH_TESTS_SUPPORT_FAKE_PROBE_RUNNER_H_
