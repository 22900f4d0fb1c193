#include "tests/support/bundle_builder.h"

#include "absl/strings/str_cat.h"
#include "common/base/proto_time.h"

namespace probemesh::testing {
namespace {

constexpr int64_t kStart = 1'700'000'000;

void AddHop(uint32_t ttl, const std::string& what, const std::string& target,
            v1::TraceEvidence* trace) {
  v1::TraceHop* hop = trace->add_hops();
  hop->set_ttl(ttl);
  v1::Exchange* exchange = hop->add_exchanges();
  exchange->set_ttl_sent(ttl);
  if (what == "*" || what == "?") {
    exchange->set_reply(what == "*" ? v1::NO_REPLY : v1::NO_REPLY_UNKNOWN);
    return;
  }
  if (what == "T" || what == "R") {
    exchange->set_reply(what == "T" ? v1::POSITIVE : v1::RST);
    hop->set_address(target);
    trace->set_reached(true);
    return;
  }
  const bool v6 = what.find(':') != std::string::npos;
  exchange->set_reply(v1::ICMP);
  *exchange->mutable_send_offset() = ToProto(absl::ZeroDuration());
  *exchange->mutable_receive_offset() = ToProto(absl::Milliseconds(4) * ttl);
  hop->set_address(what);
  v1::IcmpError* error = exchange->mutable_icmp_error();
  error->set_type(v6 ? 3 : 11);
  error->set_offender(what);
  error->set_family(v6 ? v1::IPV6 : v1::IPV4);
  trace->set_last_responder(what);
}

}  // namespace

VantageBuilder::VantageBuilder(v1::EvidenceBundle* bundle, std::string node, std::string target)
    : bundle_(bundle), vantage_(0), node_(std::move(node)), target_(std::move(target)) {
  while (bundle_->vantages(static_cast<int>(vantage_)).node() != node_) ++vantage_;
}

VantageBuilder& VantageBuilder::Lost() {
  bundle_->mutable_vantages(static_cast<int>(vantage_))->set_lost(true);
  return *this;
}

VantageBuilder& VantageBuilder::NotRun(const std::string& reason) {
  bundle_->mutable_vantages(static_cast<int>(vantage_))->set_not_run(true);
  bundle_->mutable_vantages(static_cast<int>(vantage_))->set_reason(reason);
  return *this;
}

VantageBuilder& VantageBuilder::From(const std::string& source_address) {
  for (v1::Observation& observation : *bundle_->mutable_observations()) {
    if (observation.node() != node_) continue;
    for (v1::Exchange& exchange : *observation.mutable_exchanges()) {
      exchange.mutable_flow()->set_source_address(source_address);
    }
  }
  return *this;
}

VantageBuilder& VantageBuilder::Label(const std::string& key, const std::string& value) {
  (*bundle_->mutable_vantages(static_cast<int>(vantage_))->mutable_labels())[key] = value;
  return *this;
}

v1::Observation* VantageBuilder::Add(v1::ProbeRole role, const std::string& address,
                                     v1::Outcome outcome) {
  v1::Observation* observation = bundle_->add_observations();
  observation->set_node(node_);
  observation->set_command_id(absl::StrCat(node_, "/", bundle_->observations_size()));
  observation->mutable_start_time()->set_seconds(kStart);
  observation->mutable_spec()->set_role(role);
  observation->mutable_spec()->set_address(address);
  observation->set_outcome(outcome);
  return observation;
}

VantageBuilder& VantageBuilder::NameOk() {
  v1::Observation* observation = Add(v1::SERVICE, "", v1::ANSWERED);
  observation->mutable_spec()->mutable_dns()->set_name("www.example.com");
  observation->mutable_dns()->add_addresses(target_);
  return *this;
}

VantageBuilder& VantageBuilder::NameRcode(uint32_t rcode) {
  v1::Observation* observation = Add(v1::SERVICE, "", v1::BAD_ANSWER);
  observation->mutable_spec()->mutable_dns()->set_name("www.example.com");
  v1::DnsServerAnswer* answer = observation->mutable_dns()->add_servers();
  answer->set_answered(true);
  answer->set_rcode(rcode);
  return *this;
}

VantageBuilder& VantageBuilder::NameSilent() {
  v1::Observation* observation = Add(v1::SERVICE, "", v1::SILENT);
  observation->mutable_spec()->mutable_dns()->set_name("www.example.com");
  return *this;
}

v1::Observation* VantageBuilder::AddTcp(v1::Outcome outcome) {
  v1::Observation* observation = Add(v1::SERVICE, target_, outcome);
  observation->mutable_spec()->mutable_tcp();
  observation->mutable_spec()->set_port(443);
  if (outcome != v1::ANSWERED) observation->set_failed_stage(v1::CONNECT);
  return observation;
}

VantageBuilder& VantageBuilder::Connects(int tries) {
  for (int i = 0; i < tries; ++i) AddTcp(v1::ANSWERED);
  return *this;
}

VantageBuilder& VantageBuilder::ConnectSilent(int tries) {
  for (int i = 0; i < tries; ++i) AddTcp(v1::SILENT)->add_exchanges()->set_reply(v1::NO_REPLY);
  return *this;
}

VantageBuilder& VantageBuilder::ConnectRefused(int tries) {
  for (int i = 0; i < tries; ++i) AddTcp(v1::REFUSED)->add_exchanges()->set_reply(v1::RST);
  return *this;
}

void VantageBuilder::AddIcmp(const Icmp& icmp, v1::Exchange* exchange) {
  const bool v6 = icmp.offender.find(':') != std::string::npos;
  exchange->set_reply(v1::ICMP);
  *exchange->mutable_receive_offset() = ToProto(icmp.after);
  v1::IcmpError* error = exchange->mutable_icmp_error();
  error->set_type(icmp.type);
  error->set_code(icmp.code);
  error->set_offender(icmp.offender);
  error->set_family(v6 ? v1::IPV6 : v1::IPV4);
}

VantageBuilder& VantageBuilder::ConnectIcmp(const Icmp& icmp, int tries) {
  for (int i = 0; i < tries; ++i) AddIcmp(icmp, AddTcp(v1::ICMP_ERROR)->add_exchanges());
  return *this;
}

VantageBuilder& VantageBuilder::ConnectLocalError(const std::string& errno_name) {
  v1::LocalError* error = AddTcp(v1::LOCAL_ERROR)->mutable_local_error();
  error->set_errno_name(errno_name);
  error->set_synchronous(true);
  return *this;
}

VantageBuilder& VantageBuilder::ConnectNotRun(v1::NotRunReason reason) {
  AddTcp(v1::NOT_RUN)->set_not_run_reason(reason);
  return *this;
}

v1::Observation* VantageBuilder::AddHttp(v1::Outcome outcome) {
  v1::Observation* observation = Add(v1::SERVICE, target_, outcome);
  observation->mutable_spec()->mutable_http()->set_url("https://www.example.com/");
  observation->mutable_spec()->set_port(443);
  return observation;
}

VantageBuilder& VantageBuilder::HttpOk() {
  AddHttp(v1::ANSWERED)->mutable_http()->set_status(200);
  return *this;
}

VantageBuilder& VantageBuilder::HttpStatus(uint32_t status) {
  v1::Observation* observation = AddHttp(status < 500 ? v1::ANSWERED : v1::BAD_ANSWER);
  observation->set_failed_stage(v1::RESPONSE);
  observation->mutable_http()->set_status(status);
  return *this;
}

VantageBuilder& VantageBuilder::HttpEnds(v1::Outcome outcome, v1::Stage stage) {
  AddHttp(outcome)->set_failed_stage(stage);
  return *this;
}

VantageBuilder& VantageBuilder::HttpExpiredCertificate() {
  v1::Observation* observation = AddHttp(v1::BAD_ANSWER);
  observation->set_failed_stage(v1::TLS_HANDSHAKE);
  v1::TlsEvidence* tls = observation->mutable_http()->mutable_tls();
  tls->set_verify_error("certificate has expired");
  tls->set_expired(true);
  tls->set_name_matches(true);
  return *this;
}

v1::Observation* VantageBuilder::AddEcho(v1::ProbeRole role, const std::string& address,
                                         v1::Outcome outcome) {
  v1::Observation* observation = Add(role, address, outcome);
  observation->mutable_spec()->mutable_icmp();
  return observation;
}

VantageBuilder& VantageBuilder::EchoOk(uint32_t reply_ttl) {
  const bool is_service = bundle_->target().scheme() == v1::Target::HOST;
  v1::Observation* observation =
      AddEcho(is_service ? v1::SERVICE : v1::HOST, target_, v1::ANSWERED);
  v1::Exchange* exchange = observation->add_exchanges();
  exchange->set_reply(v1::POSITIVE);
  if (reply_ttl != 0) exchange->set_reply_ttl(reply_ttl);
  return *this;
}

VantageBuilder& VantageBuilder::EchoSilent() {
  const bool is_service = bundle_->target().scheme() == v1::Target::HOST;
  AddEcho(is_service ? v1::SERVICE : v1::HOST, target_, v1::SILENT);
  return *this;
}

VantageBuilder& VantageBuilder::EchoIcmp(const Icmp& icmp) {
  AddIcmp(icmp, AddEcho(v1::HOST, target_, v1::ICMP_ERROR)->add_exchanges());
  return *this;
}

VantageBuilder& VantageBuilder::EchoUnsupported() {
  AddEcho(v1::HOST, target_, v1::NOT_RUN)->set_not_run_reason(v1::UNSUPPORTED);
  return *this;
}

VantageBuilder& VantageBuilder::UdpClosedPort() {
  v1::Observation* observation = Add(v1::HOST, target_, v1::ICMP_ERROR);
  observation->mutable_spec()->mutable_udp();
  const bool v6 = target_.find(':') != std::string::npos;
  AddIcmp(Icmp{v6 ? 1u : 3u, v6 ? 4u : 3u, target_}, observation->add_exchanges());
  return *this;
}

VantageBuilder& VantageBuilder::UdpSilent() {
  Add(v1::HOST, target_, v1::SILENT)->mutable_spec()->mutable_udp();
  return *this;
}

VantageBuilder& VantageBuilder::OtherPort(v1::Outcome outcome) {
  v1::Observation* observation = Add(v1::CONTRAST, target_, outcome);
  observation->mutable_spec()->mutable_tcp();
  observation->mutable_spec()->set_port(80);
  return *this;
}

VantageBuilder& VantageBuilder::OtherPortIcmp(const Icmp& icmp) {
  OtherPort(v1::ICMP_ERROR);
  AddIcmp(icmp, bundle_->mutable_observations(bundle_->observations_size() - 1)->add_exchanges());
  return *this;
}

VantageBuilder& VantageBuilder::Control(bool tcp, const std::string& address) {
  v1::Observation* observation = Add(v1::CONTROL, address, tcp ? v1::ANSWERED : v1::SILENT);
  observation->mutable_spec()->mutable_tcp();
  observation->mutable_spec()->set_port(443);
  return *this;
}

VantageBuilder& VantageBuilder::ControlEcho(bool ok, const std::string& address) {
  AddEcho(v1::CONTROL, address, ok ? v1::ANSWERED : v1::SILENT);
  return *this;
}

VantageBuilder& VantageBuilder::Neighbor(bool answers, const std::string& address) {
  AddEcho(v1::NEIGHBOR, address, answers ? v1::ANSWERED : v1::SILENT);
  return *this;
}

VantageBuilder& VantageBuilder::NeighborIcmp(const Icmp& icmp, const std::string& address) {
  AddIcmp(icmp, AddEcho(v1::NEIGHBOR, address, v1::ICMP_ERROR)->add_exchanges());
  return *this;
}

VantageBuilder& VantageBuilder::Walk(const std::vector<std::string>& hops,
                                     v1::TraceProbe::Protocol protocol) {
  v1::Observation* observation = Add(v1::WALK, target_, v1::SILENT);
  observation->mutable_spec()->mutable_trace()->set_protocol(protocol);
  uint32_t ttl = 0;
  for (const std::string& hop : hops) AddHop(++ttl, hop, target_, observation->mutable_trace());
  if (observation->trace().reached()) observation->set_outcome(v1::ANSWERED);
  return *this;
}

VantageBuilder& VantageBuilder::ControlWalk(const std::vector<std::string>& hops) {
  const std::string control = "198.51.100.1";
  v1::Observation* observation = Add(v1::CONTROL, control, v1::ANSWERED);
  observation->mutable_spec()->mutable_trace()->set_protocol(v1::TraceProbe::ICMP);
  uint32_t ttl = 0;
  for (const std::string& hop : hops) AddHop(++ttl, hop, control, observation->mutable_trace());
  return *this;
}

VantageBuilder& VantageBuilder::HopPing(const std::string& address, bool answers) {
  AddEcho(v1::HOP_PING, address, answers ? v1::ANSWERED : v1::SILENT);
  return *this;
}

VantageBuilder& VantageBuilder::Healthy() {
  return Fit().Connects().HttpOk().EchoOk().UdpClosedPort();
}

VantageBuilder& VantageBuilder::Fit() { return NameOk().Control(true).ControlEcho(true); }

VantageBuilder& VantageBuilder::AllSilent() {
  return Fit().ConnectSilent().EchoSilent().UdpSilent();
}

BundleBuilder::BundleBuilder() {
  bundle_.set_format(1);
  bundle_.set_diagnosis("diagnoses/test");
  v1::Target* target = bundle_.mutable_target();
  target->set_input("https://www.example.com");
  target->set_scheme(v1::Target::HTTPS);
  target->set_host("www.example.com");
  target->set_port(443);
  bundle_.add_controls("198.51.100.1:443");
  Elapsed(absl::Milliseconds(3400));
}

BundleBuilder& BundleBuilder::ForHost() {
  v1::Target* target = bundle_.mutable_target();
  target->set_input(kTarget);
  target->set_scheme(v1::Target::HOST);
  target->set_host(kTarget);
  target->set_port(0);
  target->set_is_address(true);
  return *this;
}

BundleBuilder& BundleBuilder::ForTcp(uint32_t port) {
  v1::Target* target = bundle_.mutable_target();
  target->set_input(absl::StrCat("www.example.com:", port));
  target->set_scheme(v1::Target::TCP);
  target->set_port(port);
  return *this;
}

BundleBuilder& BundleBuilder::Elapsed(absl::Duration elapsed) {
  *bundle_.mutable_elapsed() = ToProto(elapsed);
  return *this;
}

VantageBuilder BundleBuilder::Vantage(const std::string& name, const std::string& group) {
  const std::string node = absl::StrCat("nodes/", name);
  for (const v1::BundleVantage& vantage : bundle_.vantages()) {
    if (vantage.node() == node) return VantageBuilder(&bundle_, node, kTarget);
  }
  v1::BundleVantage* vantage = bundle_.add_vantages();
  vantage->set_node(node);
  vantage->set_group(group.empty() ? name : group);
  return VantageBuilder(&bundle_, node, kTarget);
}

VantageBuilder BundleBuilder::Vantage6(const std::string& name, const std::string& group) {
  Vantage(name, group);
  return VantageBuilder(&bundle_, absl::StrCat("nodes/", name), kTarget6);
}

BundleBuilder& BundleBuilder::Baseline(const std::vector<std::string>& hops) {
  v1::Observation* observation = bundle_.add_baseline();
  observation->mutable_spec()->set_address(kTarget);
  observation->mutable_spec()->mutable_trace()->set_protocol(v1::TraceProbe::TCP);
  uint32_t ttl = 0;
  for (const std::string& hop : hops) AddHop(++ttl, hop, kTarget, observation->mutable_trace());
  return *this;
}

}  // namespace probemesh::testing
