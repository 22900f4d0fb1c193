#include "coordinator/diagnosis/observation_reader.h"

#include <algorithm>
#include <optional>

#include "common/base/proto_time.h"
#include "coordinator/diagnosis/icmp_meaning.h"

namespace probemesh::coordinator {
namespace {

constexpr int kMaxExchanges = 128;
constexpr size_t kMaxErrors = 64;
constexpr size_t kMaxWalks = 16;
constexpr size_t kMaxKeys = 64;
constexpr uint32_t kFullTtl = 32;  // a packet sent with less may expire on a healthy path
constexpr int64_t kMaxDelayMillis = 3'600'000;
constexpr uint32_t kNxdomain = 3, kServfail = 2, kRefusedRcode = 5, kNoError = 0;

enum class Step { kNothing, kAnswered, kReset, kSilent, kError, kLocal };

int64_t Millis(const google::protobuf::Duration& duration) {
  return absl::ToInt64Milliseconds(FromProto(duration));
}

bool PastConnect(v1::Stage stage) {
  return stage == v1::TLS_HANDSHAKE || stage == v1::REQUEST || stage == v1::RESPONSE;
}

// An ICMP error may come without ending the attempt (RFC 1122 4.2.3.9: soft errors).
bool SawIcmpError(const v1::Observation& observation) {
  return std::any_of(observation.exchanges().begin(), observation.exchanges().end(),
                     [](const v1::Exchange& exchange) {
                       return exchange.has_icmp_error() &&
                              MeaningOf(exchange.icmp_error()) != IcmpMeaning::kOther;
                     });
}

// What the observation says about its first step: the handshake, the echo, the datagram.
Step FirstStep(const v1::Observation& observation) {
  switch (observation.outcome()) {
    case v1::ANSWERED:
    case v1::HUNG:
    case v1::RESET:
    case v1::CLOSED:
      return Step::kAnswered;
    case v1::BAD_ANSWER:
      return observation.failed_stage() == v1::RESOLVE ? Step::kNothing : Step::kAnswered;
    case v1::REFUSED:
      return Step::kReset;
    case v1::ICMP_ERROR:
      return Step::kError;
    case v1::SILENT:
      if (observation.failed_stage() == v1::RESOLVE) return Step::kNothing;
      if (PastConnect(observation.failed_stage())) return Step::kAnswered;
      return SawIcmpError(observation) ? Step::kError : Step::kSilent;
    case v1::LOCAL_ERROR:
      return Step::kLocal;
    default:
      return Step::kNothing;
  }
}

void Count(Step step, const std::string& command, Tally* tally) {
  if (step == Step::kAnswered) ++tally->answered;
  if (step == Step::kReset) ++tally->reset;
  if (step == Step::kSilent) ++tally->silent;
  if (step == Step::kError) ++tally->error;
  if (step == Step::kNothing || step == Step::kLocal) return;
  if (tally->commands.size() < kMaxKeys) tally->commands.push_back(command);
}

// What is known of the TLS session, whichever probe had it.
const v1::TlsEvidence& TlsOf(const v1::Observation& observation) {
  return observation.has_http() ? observation.http().tls() : observation.tls();
}

bool BadCertificate(const v1::TlsEvidence& tls) {
  return tls.expired() || tls.not_yet_valid() || !tls.verify_error().empty() ||
         (tls.chain_size() > 0 && (!tls.verified() || !tls.name_matches()));
}

ServiceResult HandshakeFailure(const v1::Observation& observation) {
  const v1::TlsEvidence& tls = TlsOf(observation);
  return !tls.has_alert() && BadCertificate(tls) ? ServiceResult::kTlsCertificate
                                                 : ServiceResult::kTlsHandshake;
}

ServiceResult ResultOf(const v1::Observation& observation) {
  switch (observation.outcome()) {
    case v1::ANSWERED:
      return ServiceResult::kOk;
    case v1::HUNG:
      return ServiceResult::kHung;
    case v1::RESET:
      return ServiceResult::kReset;
    case v1::CLOSED:
      return ServiceResult::kClosed;
    case v1::SILENT:
      return PastConnect(observation.failed_stage()) ? ServiceResult::kHung : ServiceResult::kNone;
    case v1::BAD_ANSWER:
      if (observation.failed_stage() == v1::TLS_HANDSHAKE) return HandshakeFailure(observation);
      if (observation.has_http() && observation.http().status() >= 500) {
        return ServiceResult::kHttpServerError;
      }
      if (observation.has_tls()) return HandshakeFailure(observation);
      return observation.failed_stage() == v1::RESOLVE ? ServiceResult::kNone
                                                       : ServiceResult::kBadResponse;
    default:
      return ServiceResult::kNone;
  }
}

// Whether a success of this probe meets the service contract of the scheme.
bool MeetsContract(const v1::ProbeSpec& spec, v1::Target::Scheme scheme) {
  switch (scheme) {
    case v1::Target::TCP:
      return spec.has_tcp() || spec.has_tls() || spec.has_http();
    case v1::Target::HTTP:
    case v1::Target::HTTPS:
      return spec.has_http();
    default:
      return true;
  }
}

bool OnlyDatesWrong(const v1::TlsEvidence& tls) {
  return (tls.expired() || tls.not_yet_valid()) && tls.name_matches();
}

// The sender's initial TTL is the next of 64, 128, 255 (RFC 1700's 64; other systems' defaults).
std::optional<uint32_t> RoutersBehind(const v1::Observation& observation, v1::ReplyKind reply) {
  for (const v1::Exchange& exchange : observation.exchanges()) {
    if (exchange.reply() != reply || !exchange.has_reply_ttl()) continue;
    const uint32_t ttl = exchange.reply_ttl();
    if (ttl == 0 || ttl > 255) continue;
    return (ttl <= 64 ? 64 : ttl <= 128 ? 128 : 255) - ttl;
  }
  return std::nullopt;
}

void ReadService(const v1::Observation& observation, v1::Target::Scheme scheme,
                 VantageEvidence* vantage) {
  Count(FirstStep(observation), observation.command_id(), &vantage->connect);
  if (!vantage->reset_routers) vantage->reset_routers = RoutersBehind(observation, v1::RST);
  if (MeetsContract(observation.spec(), scheme)) ++vantage->contract_tries;
  const ServiceResult result = ResultOf(observation);
  if (result == ServiceResult::kOk && !MeetsContract(observation.spec(), scheme)) return;
  if (result == ServiceResult::kNone) return;
  ++vantage->service[result];
  if (vantage->service_commands.size() < kMaxKeys) {
    vantage->service_commands.push_back(observation.command_id());
  }
  if (result == ServiceResult::kTlsCertificate) {
    vantage->certificate_dates_only = OnlyDatesWrong(TlsOf(observation));
  }
}

NameResult ResultOfRcode(const v1::DnsEvidence& dns) {
  for (const v1::DnsServerAnswer& server : dns.servers()) {
    if (!server.answered()) continue;
    if (server.rcode() == kNxdomain) return NameResult::kNxdomain;
    if (server.rcode() == kServfail) return NameResult::kServfail;
    if (server.rcode() == kRefusedRcode) return NameResult::kRefused;
    return server.rcode() == kNoError ? NameResult::kNoData : NameResult::kMalformed;
  }
  return NameResult::kMalformed;
}

NameResult ReadName(const v1::Observation& observation) {
  switch (observation.outcome()) {
    case v1::ANSWERED:
      return NameResult::kOk;
    case v1::BAD_ANSWER:
      return ResultOfRcode(observation.dns());
    case v1::SILENT:
    case v1::ICMP_ERROR:
    case v1::REFUSED:
      return NameResult::kSilent;
    default:
      return NameResult::kNone;
  }
}

// An answer beats every failure; an explicit failure beats silence (the enum's order).
void Merge(NameResult seen, NameResult* known) {
  if (seen == NameResult::kNone) return;
  if (*known == NameResult::kNone || seen < *known) *known = seen;
}

void ReadDns(const v1::Observation& observation, VantageEvidence* vantage) {
  const bool system = observation.spec().address().empty();
  const NameResult seen = ReadName(observation);
  Merge(seen, system ? &vantage->name : &vantage->other_resolver);
  if (system && seen != NameResult::kNone && vantage->name_commands.size() < kMaxKeys) {
    vantage->name_commands.push_back(observation.command_id());
  }
}

struct ErrorContext {
  const v1::Observation& observation;
  std::string destination;
  int64_t first_send_ms = 0;
  bool datagram = false;  // a UDP packet: port unreachable from the destination is a sign of life
  bool service = false;   // a packet like those of the service; a filter of others is not about it
};

int64_t Clamp(int64_t delay) { return std::clamp<int64_t>(delay, 0, kMaxDelayMillis); }

void FillDelays(const v1::Exchange& exchange, const ErrorContext& context, ErrorSeen* seen) {
  if (!exchange.has_receive_offset()) return;
  const int64_t received = Clamp(Millis(exchange.receive_offset()));
  seen->own_delay_ms = Clamp(received - Clamp(Millis(exchange.send_offset())));
  seen->delay_ms = Clamp(StartMillis(context.observation) + received - context.first_send_ms);
}

// A TCP packet, which the kernel repeats by itself.
bool IsTcp(const v1::ProbeSpec& spec) {
  const bool walk = spec.has_trace() && spec.trace().protocol() == v1::TraceProbe::TCP;
  return walk || spec.has_tcp() || spec.has_tls() || spec.has_http();
}

// Whether an unreachable is a quick or a late one is settled by the view, mesh-wide.
std::optional<ErrorKind> KindOf(IcmpMeaning meaning, const ErrorSeen& seen,
                                const ErrorContext& context) {
  switch (meaning) {
    case IcmpMeaning::kNoRoute:
      return ErrorKind::kNoRoute;
    case IcmpMeaning::kHostUnreachable:
      return ErrorKind::kQuickUnreachable;
    case IcmpMeaning::kProhibited:
      return ErrorKind::kProhibited;
    case IcmpMeaning::kPortUnreachable:
      if (context.datagram && seen.from_destination) return std::nullopt;
      return ErrorKind::kPortReject;
    case IcmpMeaning::kTimeExceeded:
      return ErrorKind::kLoop;
    case IcmpMeaning::kOther:
      break;
  }
  return std::nullopt;
}

std::optional<ErrorSeen> ReadError(const v1::Exchange& exchange, const ErrorContext& context) {
  if (!exchange.has_icmp_error()) return std::nullopt;
  const v1::IcmpError& error = exchange.icmp_error();
  const IcmpMeaning meaning = MeaningOf(error);
  ErrorSeen seen;
  seen.offender = CanonicalAddress(error.offender());
  if (seen.offender.empty()) return std::nullopt;
  const bool limited = exchange.ttl_sent() != 0 && exchange.ttl_sent() < kFullTtl;
  if (meaning == IcmpMeaning::kTimeExceeded && (limited || context.observation.has_trace())) {
    return std::nullopt;
  }
  seen.type = error.type();
  seen.code = error.code();
  seen.v6 = error.family() == v1::IPV6;
  seen.from_destination = seen.offender == context.destination;
  seen.to_service = context.service;
  seen.tcp = IsTcp(context.observation.spec());
  seen.command_id = context.observation.command_id();
  FillDelays(exchange, context, &seen);
  const std::optional<ErrorKind> kind = KindOf(meaning, seen, context);
  if (!kind) return std::nullopt;
  seen.kind = *kind;
  return seen;
}

// Port unreachable from the very destination of a datagram: a host is there.
bool SaysAlive(const v1::Observation& observation, const std::string& destination) {
  for (const v1::Exchange& exchange : observation.exchanges()) {
    if (exchange.has_icmp_error() &&
        MeaningOf(exchange.icmp_error()) == IcmpMeaning::kPortUnreachable &&
        CanonicalAddress(exchange.icmp_error().offender()) == destination) {
      return true;
    }
  }
  return false;
}

template <typename Exchanges>
void CollectErrors(const Exchanges& exchanges, const ErrorContext& context,
                   std::vector<ErrorSeen>* errors) {
  for (int i = 0; i < std::min(exchanges.size(), kMaxExchanges); ++i) {
    const std::optional<ErrorSeen> seen = ReadError(exchanges[i], context);
    if (seen && errors->size() < kMaxErrors) errors->push_back(*seen);
  }
}

void ReadLoop(const Walk& walk, std::vector<ErrorSeen>* errors) {
  if (walk.loop.size() < 2 || errors->size() >= kMaxErrors) return;
  ErrorSeen seen;
  seen.kind = ErrorKind::kLoop;
  seen.offender = walk.loop.front();
  seen.command_id = walk.command_id;
  errors->push_back(seen);
}

// A walk that got through is a sign of life like any other. One by TCP adds nothing to the
// service's own tries, of which it is a copy.
void CountReached(const Walk& walk, VantageEvidence* vantage) {
  if (!walk.reached || walk.protocol == v1::TraceProbe::TCP) return;
  const bool echo = walk.protocol == v1::TraceProbe::ICMP;
  Count(Step::kAnswered, walk.command_id, echo ? &vantage->echo : &vantage->alive);
}

void CollectRoundTrips(const v1::TraceHop& hop, std::vector<int64_t>* round_trips_ms) {
  for (const v1::Exchange& exchange : hop.exchanges()) {
    const bool answer = exchange.has_icmp_error() && exchange.has_receive_offset() &&
                        MeaningOf(exchange.icmp_error()) == IcmpMeaning::kTimeExceeded;
    if (!answer || round_trips_ms->size() >= kMaxKeys) continue;
    round_trips_ms->push_back(
        Clamp(Clamp(Millis(exchange.receive_offset())) - Clamp(Millis(exchange.send_offset()))));
  }
}

void ReadWalk(const v1::Observation& observation, const ErrorContext& context, bool neighbor,
              VantageEvidence* vantage) {
  if (observation.outcome() == v1::NOT_RUN || observation.outcome() == v1::LOCAL_ERROR) return;
  std::vector<Walk>& walks = neighbor ? vantage->neighbor_walks : vantage->walks;
  if (walks.size() >= kMaxWalks) return;
  walks.push_back(NormaliseWalk(observation));
  if (!neighbor) CountReached(walks.back(), vantage);
  std::vector<ErrorSeen>& errors = neighbor ? vantage->neighbor_errors : vantage->errors;
  const auto& hops = observation.trace().hops();
  for (int i = 0; i < std::min(hops.size(), kMaxExchanges); ++i) {
    CollectErrors(hops[i].exchanges(), context, &errors);
    CollectRoundTrips(hops[i], &vantage->hop_round_trips_ms);
  }
  ReadLoop(walks.back(), &errors);
}

void ReadEcho(const v1::Observation& observation, VantageEvidence* vantage) {
  Count(FirstStep(observation), observation.command_id(), &vantage->echo);
  if (!vantage->target_routers) vantage->target_routers = RoutersBehind(observation, v1::POSITIVE);
}

void ReadOtherSign(const v1::Observation& observation, const std::string& destination,
                   VantageEvidence* vantage) {
  Step step = FirstStep(observation);
  if (observation.spec().has_udp() && SaysAlive(observation, destination)) step = Step::kAnswered;
  Count(step, observation.command_id(), &vantage->alive);
}

void ReadNeighbor(const v1::Observation& observation, const std::string& destination,
                  VantageEvidence* vantage) {
  Step step = FirstStep(observation);
  if (observation.spec().has_udp() && SaysAlive(observation, destination)) step = Step::kAnswered;
  Count(step, observation.command_id(), &vantage->neighbor);
  if (!vantage->neighbor_routers && observation.spec().has_icmp()) {
    vantage->neighbor_routers = RoutersBehind(observation, v1::POSITIVE);
  }
}

void ReadControl(const v1::Observation& observation, VantageEvidence* vantage) {
  if (observation.spec().has_trace()) {
    const bool walked = observation.has_trace() && vantage->control_walks.size() < kMaxWalks;
    if (walked) vantage->control_walks.push_back(NormaliseWalk(observation));
    return;
  }
  const Step step = FirstStep(observation);
  if (step == Step::kNothing) return;
  const std::string address = CanonicalAddress(observation.spec().address());
  if (vantage->controls.size() >= kMaxKeys && vantage->controls.count(address) == 0) return;
  if (!vantage->controls_probed) vantage->controls.clear();
  vantage->controls_probed = true;
  ControlSeen& control = vantage->controls[address];
  std::optional<bool>& known = observation.spec().has_icmp() ? control.icmp : control.tcp;
  // A reset proves the path as well as a handshake does.
  const bool ok = step == Step::kAnswered || step == Step::kReset;
  known = known.value_or(false) || ok;
}

void ReadHopPing(const v1::Observation& observation, const std::string& destination,
                 VantageEvidence* vantage) {
  const Step step = FirstStep(observation);
  if (step != Step::kAnswered && step != Step::kSilent) return;
  if (vantage->hop_pings.size() >= kMaxKeys && vantage->hop_pings.count(destination) == 0) return;
  vantage->hop_pings[destination] |= step == Step::kAnswered;
}

void ReadLocal(const v1::Observation& observation, VantageEvidence* vantage) {
  v1::LocalError error = observation.local_error();
  for (const v1::Exchange& exchange : observation.exchanges()) {
    if (exchange.has_local_error()) error = exchange.local_error();
  }
  ++vantage->local_refusals;
  vantage->local_error = error.errno_name().substr(0, 32);
}

bool ReadBookkeeping(const v1::Observation& observation, VantageEvidence* vantage) {
  ++vantage->observations;
  if (observation.outcome() != v1::NOT_RUN) return true;
  ++vantage->refused_to_run;
  if (v1::NotRunReason_IsValid(observation.not_run_reason())) {
    vantage->not_run_detail = v1::NotRunReason_Name(observation.not_run_reason());
  }
  return false;
}

void NoteOwnAddresses(const v1::Observation& observation, VantageEvidence* vantage) {
  for (const v1::Exchange& exchange : observation.exchanges()) {
    if (vantage->own_addresses.size() >= kMaxKeys) return;
    const std::string& address = exchange.flow().source_address();
    if (!address.empty()) vantage->own_addresses.insert(CanonicalAddress(address));
  }
}

void ReadTargetProbe(const v1::Observation& observation, v1::Target::Scheme scheme,
                     const ErrorContext& context, VantageEvidence* vantage) {
  const v1::ProbeSpec& spec = observation.spec();
  NoteOwnAddresses(observation, vantage);
  if (observation.outcome() == v1::LOCAL_ERROR) return ReadLocal(observation, vantage);
  CollectErrors(observation.exchanges(), context, &vantage->errors);
  if (spec.has_icmp()) {
    ReadEcho(observation, vantage);
    if (spec.role() != v1::SERVICE || scheme != v1::Target::HOST) return;
  }
  if (spec.role() == v1::SERVICE) {
    if (vantage->addresses.size() < kMaxKeys) vantage->addresses.insert(context.destination);
    return ReadService(observation, scheme, vantage);
  }
  ReadOtherSign(observation, context.destination, vantage);
}

}  // namespace

int64_t StartMillis(const v1::Observation& observation) {
  constexpr int64_t kLimit = int64_t{1} << 50;  // keeps sums and differences far from overflow
  return std::clamp(absl::ToUnixMillis(FromProto(observation.start_time())), -kLimit, kLimit);
}

void ReadObservation(const v1::Observation& observation, v1::Target::Scheme scheme,
                     const FirstSend& first_send, VantageEvidence* vantage) {
  if (!ReadBookkeeping(observation, vantage)) return;
  const v1::ProbeSpec& spec = observation.spec();
  if (spec.role() == v1::CONTROL) return ReadControl(observation, vantage);
  if (spec.has_dns() && spec.role() == v1::NEIGHBOR) return;  // where to look, no evidence
  if (spec.has_dns()) return ReadDns(observation, vantage);
  ErrorContext context{observation, CanonicalAddress(spec.address()), 0, spec.has_udp()};
  context.service = spec.role() == v1::SERVICE;
  const auto first = first_send.find(context.destination);
  if (first != first_send.end()) context.first_send_ms = first->second;
  if (spec.has_trace() && observation.has_trace()) {
    context.datagram = spec.trace().protocol() == v1::TraceProbe::UDP;
    const bool host = scheme == v1::Target::HOST;
    context.service =
        spec.trace().protocol() == (host ? v1::TraceProbe::ICMP : v1::TraceProbe::TCP);
    return ReadWalk(observation, context, spec.role() == v1::NEIGHBOR, vantage);
  }
  switch (spec.role()) {
    case v1::NEIGHBOR:
      CollectErrors(observation.exchanges(), context, &vantage->neighbor_errors);
      return ReadNeighbor(observation, context.destination, vantage);
    case v1::HOP_PING:
      return ReadHopPing(observation, context.destination, vantage);
    case v1::SERVICE:
    case v1::HOST:
    case v1::CONTRAST:
      return ReadTargetProbe(observation, scheme, context, vantage);
    default:
      return;
  }
}

}  // namespace probemesh::coordinator
