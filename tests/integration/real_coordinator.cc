#include "tests/integration/real_coordinator.h"

#include <future>
#include <utility>

#include "absl/strings/str_cat.h"

namespace probemesh {
namespace {

constexpr absl::Duration kLimit = absl::Seconds(20);

Endpoint Loopback(uint16_t port) { return Endpoint{IpAddress::V4({127, 0, 0, 1}), port}; }

}  // namespace

RealCoordinator::RealCoordinator(std::vector<std::string> controls)
    : controls_(std::move(controls)) {
  Start();
}

RealCoordinator::~RealCoordinator() { Stop(); }

void RealCoordinator::Start() {
  coordinator::ListenerOptions listen;
  listen.listen = Loopback(port_);
  listen.enroll_listen = Loopback(enroll_port_);
  const auto identity = authority_->IssueCoordinator({}).value();
  listen.identity = {identity.key_pem, identity.chain_pem};
  listen.ca_pem = authority_->ca_pem();
  listeners_ =
      coordinator::GrpcListeners::Start(listen, {gate_, SystemClock(), api_counters_}).value();
  port_ = listeners_->port();
  enroll_port_ = listeners_->enroll_port();
  thread_.Run([this] {
    coordinator::CoreOptions options;
    options.loop = &thread_.loop();
    options.random = &random_;
    options.store = &executor_;
    options.signer = &*authority_;
    options.counters = &core_counters_;
    options.initial = coordinator::LoadInitialState(store_).value();
    options.version = "test";
    options.controls = controls_;
    options.coordinators = {Loopback(port_).ToString()};
    options.enrollment_endpoint = enroll_endpoint();
    options.ca_spki_sha256 = authority_->spki_sha256();
    core_ = coordinator::MakeCore(std::move(options));
    gate_.Open(*core_);
  });
}

void RealCoordinator::Stop() {
  if (listeners_ == nullptr) return;
  listeners_->Shutdown(absl::ZeroDuration());
  listeners_.reset();
  thread_.Run([this] {
    gate_.Close();
    core_.reset();
  });
}

template <typename T>
absl::StatusOr<T> RealCoordinator::Ask(
    const std::function<void(coordinator::Core&, coordinator::Reply<T>)>& call) {
  auto answer = std::make_shared<std::promise<absl::StatusOr<T>>>();
  auto future = answer->get_future();
  thread_.loop().Post([this, call, answer] {
    call(*core_, [answer](absl::StatusOr<T> result) { answer->set_value(std::move(result)); });
  });
  return future.get();
}

std::string RealCoordinator::enroll_endpoint() const { return Loopback(enroll_port_).ToString(); }

std::string RealCoordinator::MakeToken(const v1::CreateJoinTokenRequest& request) {
  const auto response = Ask<v1::CreateJoinTokenResponse>(
      [&](coordinator::Core& core, auto reply) { core.CreateJoinToken(request, reply); });
  return response.value().token();
}

v1::Node RealCoordinator::Node(const std::string& name) {
  const auto node =
      Ask<v1::Node>([&](coordinator::Core& core, auto reply) { core.GetNode(name, reply); });
  return node.ok() ? *node : v1::Node();
}

bool RealCoordinator::AwaitNode(const std::string& name,
                                const std::function<bool(const v1::Node&)>& wanted) {
  const absl::Time limit = SystemClock().Wall() + kLimit;
  while (SystemClock().Wall() < limit) {
    if (wanted(Node(name))) return true;
  }
  return false;
}

bool RealCoordinator::AwaitState(const std::string& name, v1::Node::State state) {
  return AwaitNode(name, [state](const v1::Node& node) { return node.state() == state; });
}

bool RealCoordinator::AwaitSelfCheck(const std::string& name) {
  return AwaitNode(name,
                   [](const v1::Node& node) { return node.self_check().controls_size() > 0; });
}

void RealCoordinator::Revoke(const std::string& name) {
  Ask<v1::Node>([&](coordinator::Core& core, auto reply) { core.RevokeNode(name, reply); }).value();
}

v1::ProbeRun RealCoordinator::StartProbe(const std::string& host, const v1::ProbeSpec& spec) {
  v1::CreateProbeRunRequest request;
  request.set_host(host);
  *request.mutable_spec() = spec;
  return Ask<v1::ProbeRun>(
             [&](coordinator::Core& core, auto reply) { core.CreateProbeRun(request, reply); })
      .value();
}

v1::ProbeRun RealCoordinator::AwaitProbe(const std::string& name) {
  const absl::Time limit = SystemClock().Wall() + kLimit;
  v1::ProbeRun run;
  do {
    run = Ask<v1::ProbeRun>([&](coordinator::Core& core, auto reply) {
            core.GetProbeRun(name, reply);
          }).value();
  } while (run.state() == v1::ProbeRun::RUNNING && SystemClock().Wall() < limit);
  return run;
}

v1::ProbeRun RealCoordinator::RunProbe(const std::string& host, const v1::ProbeSpec& spec) {
  return AwaitProbe(StartProbe(host, spec).name());
}

}  // namespace probemesh
