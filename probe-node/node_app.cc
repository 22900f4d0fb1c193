#include "probe-node/node_app.h"

#include <malloc.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "common/event/epoll_event_loop.h"
#include "common/event/loop_timer.h"
#include "common/log/log.h"
#include "common/net/linux_socket_ops.h"
#include "common/pki/private_file.h"
#include "common/rpc/credentials.h"
#include "common/rpc/grpc_log.h"
#include "probe-node/agent/agent.h"
#include "probe-node/engine/icmp_governor.h"
#include "probe-node/enrollment/enroll.h"
#include "probe-node/identity/certificate_renewal.h"
#include "probe-node/identity/state_dir.h"
#include "probe-node/probes/make_probe.h"
#include "probe-node/session/grpc_session_transport.h"
#include "probe-node/session/session.h"

namespace probemesh::node {
namespace {

constexpr absl::Duration kMaintenance = absl::Seconds(1);
constexpr uint64_t kRoundsUntilIdle = 5;

// What the node learns before it runs.
struct Setup {
  NodeIdentity identity;
  std::string identity_path;
  std::vector<std::string> coordinators;
  PolicyFile policy;
  std::string extra_ca_pem;
  std::unique_ptr<ResultSpool> spool;
};

absl::StatusOr<NodeIdentity> FindIdentity(const NodeOptions& options, const std::string& path,
                                          StopSignals& signals) {
  PM_ASSIGN_OR_RETURN(const std::optional<JoinToken> token, FindJoinToken(options));
  if (token) {
    EnrollOptions enroll;
    enroll.name = options.name;
    enroll.labels = options.labels;
    enroll.version = options.version;
    enroll.identity_path = path;
    enroll.pause = [&signals](absl::Duration pause) { return !signals.WaitFor(pause); };
    return Enroll(*token, enroll, SystemClock());
  }
  absl::StatusOr<NodeIdentity> identity = LoadIdentity(path);
  if (identity.ok() && IsEnrolled(*identity)) return identity;
  if (!identity.ok() && !absl::IsNotFound(identity.status())) return identity.status();
  return absl::FailedPreconditionError(
      absl::StrCat(options.state_dir, " holds no enrolled node; give --join-token with a token of ",
                   "\"probemesh token create\""));
}

absl::StatusOr<Setup> Prepare(const NodeOptions& options, const StateDir& state, Random& random,
                              StopSignals& signals) {
  Setup setup;
  if (!options.policy_file.empty()) {
    PM_ASSIGN_OR_RETURN(setup.policy, LoadPolicyFile(options.policy_file));
  }
  std::vector<IpPrefix>& allow = setup.policy.rules.allow;
  allow.insert(allow.end(), options.allow_targets.begin(), options.allow_targets.end());
  if (!options.ca_file.empty()) {
    PM_ASSIGN_OR_RETURN(setup.extra_ca_pem, ReadSmallFile(options.ca_file));
  }
  setup.identity_path = state.IdentityFile();
  PM_ASSIGN_OR_RETURN(setup.identity, FindIdentity(options, setup.identity_path, signals));
  setup.coordinators = options.coordinators;
  if (setup.coordinators.empty()) {
    const auto& named = setup.identity.coordinators();
    setup.coordinators.assign(named.begin(), named.end());
  }
  if (setup.coordinators.empty()) {
    return absl::FailedPreconditionError(
        "no coordinator was named at enrolment; "
        "give --coordinator HOST:PORT");
  }
  PM_ASSIGN_OR_RETURN(setup.spool, ResultSpool::Open(state.path(), random));
  return setup;
}

// Members are built from top to bottom and destroyed the other way round.
class NodeApp {
 public:
  NodeApp(const NodeOptions& options, Setup setup, Random& random, StopSignals& signals)
      : setup_(std::move(setup)),
        signals_(signals),
        policy_(setup_.policy.rules, SystemClock(), InterfaceAddresses),
        context_{.loop = loop_,
                 .sockets = sockets_,
                 .random = random,
                 .governor = governor_,
                 .target_check = [this](const IpAddress& address,
                                        uint16_t) { return policy_.Check(address); },
                 .extra_ca_pem = setup_.extra_ca_pem},
        engine_(context_, EngineLimitsFor(setup_.policy.limits), MakeProbe),
        agent_(Description(options, random), setup_.policy.limits, loop_, engine_, policy_,
               *setup_.spool),
        renewal_(setup_.identity, setup_.identity_path, SystemClock(), random),
        transport_(loop_, [this] { return Credentials(); }),
        session_(setup_.coordinators, loop_, random, transport_, *setup_.spool, agent_, renewal_),
        maintenance_(loop_) {}

  absl::Status Run() {
    agent_.set_listener(
        {.on_result_stored = [this](const std::string& id) { session_.OnResultStored(id); },
         .on_self_check = [this] { session_.SendHeartbeat(); }});
    agent_.ReportUnfinished();
    PM_RETURN_IF_ERROR(
        loop_.WatchFd(signals_.fd(), kReadable, [this](uint32_t) { OnStopSignal(); }));
    Maintain();
    session_.Start();
    loop_.Run();
    return absl::OkStatus();
  }

 private:
  static EngineLimits EngineLimitsFor(const AgentLimits& limits) {
    EngineLimits engine;
    engine.max_in_flight = limits.max_concurrent_probes + SelfCheck::kMaxProbes;
    return engine;
  }

  v1::NodeHello Description(const NodeOptions& options, Random& random) {
    v1::NodeHello hello;
    hello.set_boot_id(NewUuidV7(random, SystemClock().Wall()));
    hello.set_version(options.version);
    hello.mutable_labels()->insert(options.labels.begin(), options.labels.end());
    hello.set_group(options.group);
    *hello.mutable_capabilities() =
        DetectCapabilities(sockets_, EngineLimitsFor(setup_.policy.limits));
    return hello;
  }

  std::shared_ptr<grpc::ChannelCredentials> Credentials() const {
    const NodeIdentity& identity = setup_.identity;
    return MutualTlsClientCredentials({identity.key_pem(), identity.certificate_chain_pem()},
                                      identity.ca_bundle_pem());
  }

  void Maintain() {
    setup_.spool->Maintain();
    ReturnMemoryOnceIdle();
    maintenance_.Set(kMaintenance, [this] { Maintain(); });
  }

  // A burst of probes leaves free pages behind, which malloc would keep for the next one.
  void ReturnMemoryOnceIdle() {
    if (agent_.in_flight() > 0) idle_rounds_ = 0;
    if (++idle_rounds_ == kRoundsUntilIdle) malloc_trim(0);
  }

  // A second signal does not wait for the coordinator.
  void OnStopSignal() {
    if (!signals_.Take()) return;
    if (std::exchange(stopping_, true)) return loop_.Stop();
    LogInfo("stopping");
    agent_.InterruptAll();
    session_.Leave("the node was stopped", [this] { loop_.Stop(); });
  }

  Setup setup_;
  StopSignals& signals_;
  bool stopping_ = false;
  uint64_t idle_rounds_ = 0;
  EpollEventLoop loop_;
  LinuxSocketOps sockets_;
  IcmpGovernor governor_{SystemClock()};
  TargetPolicy policy_;
  ProbeContext context_;
  ProbeEngine engine_;
  Agent agent_;
  CertificateRenewal renewal_;
  GrpcSessionTransport transport_;
  Session session_;
  LoopTimer maintenance_;
};

void LogWhatItCanDo(const NodeOptions& options, const Setup& setup) {
  LogInfo("node_started", {{"version", options.version},
                           {"node", setup.identity.node()},
                           {"state_dir", options.state_dir},
                           {"unacked_results", absl::StrCat(setup.spool->depth())}});
}

}  // namespace

absl::Status RunNode(const NodeOptions& options, StopSignals& signals) {
  LogGrpcMessages();
  SystemRandom random;
  PM_ASSIGN_OR_RETURN(const StateDir state, StateDir::Open(options.state_dir));
  PM_ASSIGN_OR_RETURN(Setup setup, Prepare(options, state, random, signals));
  LogWhatItCanDo(options, setup);
  const auto app = std::make_unique<NodeApp>(options, std::move(setup), random, signals);
  return app->Run();
}

}  // namespace probemesh::node
