// A probe engine's factory whose probes do what a test says.
#ifndef PROBEMESH_TESTS_SUPPORT_PUPPET_PROBES_H_
#define PROBEMESH_TESTS_SUPPORT_PUPPET_PROBES_H_

#include <list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "probe-node/engine/icmp_governor.h"
#include "probe-node/engine/probe_engine.h"
#include "tests/support/fake_socket_ops.h"

namespace probemesh {

class PuppetProbes {
 public:
  explicit PuppetProbes(ManualEventLoop& loop, size_t max_in_flight = 64)
      : loop_(loop),
        sockets_(loop),
        governor_(loop.clock()),
        context_{loop, sockets_, random_, governor_, nullptr},
        engine_(context_, node::EngineLimits{.max_in_flight = max_in_flight},
                [this](const v1::ProbeSpec& spec, node::ProbeContext&) { return Make(spec); }) {}

  node::ProbeEngine& engine() { return engine_; }

  // Every spec that was started, in order.
  const std::vector<v1::ProbeSpec>& started() const { return started_; }
  // Probes of this kind that run.
  size_t Running(v1::ProbeSpec::KindCase kind) const {
    size_t count = 0;
    for (const Puppet* puppet : running_) count += puppet->spec.kind_case() == kind ? 1 : 0;
    return count;
  }
  // Ends the oldest probe of this kind that runs; false if there is none.
  bool End(v1::ProbeSpec::KindCase kind, v1::Observation observation) {
    for (Puppet* puppet : running_) {
      if (puppet->spec.kind_case() != kind || puppet->done == nullptr) continue;
      std::exchange(puppet->done, nullptr)(std::move(observation));
      loop_.RunUntilIdle();
      return true;
    }
    return false;
  }
  bool End(v1::ProbeSpec::KindCase kind, v1::Outcome outcome) {
    v1::Observation observation;
    observation.set_outcome(outcome);
    return End(kind, std::move(observation));
  }
  // The next probes of this kind cannot be made.
  void Refuse(v1::ProbeSpec::KindCase kind, absl::Status status) {
    refused_kind_ = kind;
    refusal_ = std::move(status);
  }

 private:
  struct Puppet final : node::Probe {
    explicit Puppet(PuppetProbes& probes, v1::ProbeSpec asked)
        : owner(probes), spec(std::move(asked)) {
      owner.running_.push_back(this);
    }
    ~Puppet() override { owner.running_.remove(this); }
    void Start(node::ProbeDone on_done) override { done = std::move(on_done); }

    PuppetProbes& owner;
    v1::ProbeSpec spec;
    node::ProbeDone done;
  };

  absl::StatusOr<std::unique_ptr<node::Probe>> Make(const v1::ProbeSpec& spec) {
    if (!refusal_.ok() && spec.kind_case() == refused_kind_) return refusal_;
    started_.push_back(spec);
    return std::make_unique<Puppet>(*this, spec);
  }

  ManualEventLoop& loop_;
  FakeSocketOps sockets_;
  SeededRandom random_{1};
  node::IcmpGovernor governor_;
  node::ProbeContext context_;
  std::vector<v1::ProbeSpec> started_;
  std::list<Puppet*> running_;
  v1::ProbeSpec::KindCase refused_kind_ = v1::ProbeSpec::KIND_NOT_SET;
  absl::Status refusal_;
  node::ProbeEngine engine_;
};

}  // namespace probemesh

#endif  // PROBEMESH_TESTS_SUPPORT_PUPPET_PROBES_H_
