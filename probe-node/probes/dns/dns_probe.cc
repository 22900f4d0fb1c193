#include "probe-node/probes/dns/dns_probe.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "probe-node/probes/dns/dns_lookup.h"
#include "probe-node/probes/dns/dns_wire.h"
#include "probe-node/probes/dns/system_resolver.h"
#include "probe-node/probes/stream/observation_draft.h"

namespace probemesh::node {
namespace {

constexpr uint16_t kDnsPort = 53;

struct DnsPlanInput {
  DnsQuestion question;
  std::optional<Endpoint> server;  // nullopt: the system's resolvers
  absl::Duration timeout;
  uint16_t source_port = 0;
  bool tcp = false;
};

class DnsProbeRun final : public Probe {
 public:
  DnsProbeRun(DnsPlanInput input, ProbeContext& context)
      : input_(std::move(input)), context_(context), draft_(context.loop.clock()) {}

  ~DnsProbeRun() override {
    if (timer_ != 0) context_.loop.CancelTimer(timer_);
  }

  void Start(ProbeDone done) override {
    done_ = std::move(done);
    draft_.Begin();
    if (input_.server) {
      const absl::Status allowed =
          context_.target_check(input_.server->address, input_.server->port);
      if (!allowed.ok()) return EndLater(draft_.Denied(allowed));
    } else if (AnswerFromHostsFile()) {
      return EndLater(draft_.Finish(v1::ANSWERED, v1::STAGE_UNSPECIFIED, "from the hosts file"));
    }
    const MonotonicTime deadline = draft_.start() + input_.timeout;
    lookup_ = std::make_unique<DnsLookup>(
        context_, MakePlan(), input_.question, draft_.start(), deadline,
        [this](DnsLookupResult result) { OnResult(std::move(result)); });
    lookup_->Start();
  }

 private:
  DnsPlan MakePlan() const {
    DnsPlan plan = input_.server ? DnsPlan() : SystemDnsPlan(context_, input_.question.name);
    if (input_.server) {
      plan.servers = {*input_.server};
      plan.names = {input_.question.name};
    }
    if (input_.source_port != 0) plan.rounds = 1;
    plan.source_port = input_.source_port;
    plan.tcp = plan.tcp || input_.tcp;
    return plan;
  }

  bool AnswerFromHostsFile() {
    const uint16_t type = input_.question.type;
    if (type != kDnsTypeA && type != kDnsTypeAaaa) return false;
    const auto family = type == kDnsTypeA ? IpAddress::Family::kV4 : IpAddress::Family::kV6;
    std::vector<std::string> addresses;
    for (const IpAddress& address : LookUpHostsFile(context_, input_.question.name, family)) {
      addresses.push_back(address.ToString());
    }
    if (addresses.empty()) return false;
    std::sort(addresses.begin(), addresses.end());
    v1::DnsEvidence* evidence = draft_.observation().mutable_dns();
    evidence->set_from_hosts_file(true);
    for (std::string& address : addresses) evidence->add_addresses(std::move(address));
    return true;
  }

  void EndLater(v1::Observation observation) {
    timer_ = context_.loop.ScheduleAfter(absl::ZeroDuration(),
                                         [this, observation = std::move(observation)]() mutable {
                                           timer_ = 0;
                                           End(std::move(observation));
                                         });
  }

  void OnResult(DnsLookupResult result) {
    v1::Observation& observation = draft_.observation();
    *observation.mutable_dns() = std::move(result.evidence);
    for (v1::Exchange& exchange : result.exchanges) {
      *observation.add_exchanges() = std::move(exchange);
    }
    if (result.local_error) *observation.mutable_local_error() = *result.local_error;
    draft_.EndStage(v1::RESOLVE, absl::ZeroDuration());
    End(draft_.Finish(result.outcome, v1::RESOLVE, result.detail));
  }

  void End(v1::Observation observation) {
    const ProbeDone done = std::move(done_);
    done(std::move(observation));
  }

  const DnsPlanInput input_;
  ProbeContext& context_;
  ObservationDraft draft_;
  ProbeDone done_;
  TimerId timer_ = 0;
  std::unique_ptr<DnsLookup> lookup_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeDnsProbe(const v1::ProbeSpec& spec,
                                                    ProbeContext& context) {
  DnsPlanInput input;
  PM_ASSIGN_OR_RETURN(input.timeout, CheckedTimeout(spec));
  PM_ASSIGN_OR_RETURN(input.source_port, CheckedSourcePort(spec));
  if (!spec.address().empty()) {
    PM_ASSIGN_OR_RETURN(input.server, CheckedEndpoint(spec, kDnsPort));
  } else if (spec.port() != 0) {
    return absl::InvalidArgumentError("port: means nothing without an address");
  }
  if (IpAddress::Parse(spec.dns().name()).ok()) {
    return absl::InvalidArgumentError("dns.name: is an address, not a name");
  }
  PM_ASSIGN_OR_RETURN(input.question, MakeDnsQuestion(spec.dns()));
  input.tcp = spec.dns().tcp();
  return std::make_unique<DnsProbeRun>(std::move(input), context);
}

}  // namespace probemesh::node
