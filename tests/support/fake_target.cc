#include "tests/support/fake_target.h"

#include <algorithm>

#include "common/base/proto_time.h"

namespace probemesh {
namespace {

constexpr uint32_t kUnreachable = 3;
constexpr uint32_t kHostUnreachable = 1, kPortUnreachable = 3, kProhibitedCode = 13;
constexpr absl::Duration kNeighbourGivenUp = absl::Milliseconds(3050);

FakeReply Outcome(v1::Outcome outcome, absl::Duration after) {
  FakeReply reply;
  reply.observation.set_outcome(outcome);
  reply.after = after;
  return reply;
}

FakeReply Silence(const v1::ProbeSpec& spec) {
  FakeReply reply = Outcome(v1::SILENT, FromProto(spec.timeout()));
  if (spec.has_http() || spec.has_tls()) reply.observation.set_failed_stage(v1::CONNECT);
  return reply;
}

}  // namespace

FakeReply FakeTarget::Answer(const v1::ProbeSpec& spec) const {
  FakeReply reply;
  if (spec.has_dns()) {
    reply = AnswerName(spec);
  } else if (spec.role() == v1::CONTROL || spec.role() == v1::NEIGHBOR ||
             spec.role() == v1::HOP_PING) {
    reply = controls ? Positive(spec) : Silence(spec);
  } else if (service == Service::kDenied) {
    reply = Outcome(v1::NOT_RUN, absl::ZeroDuration());
    reply.observation.set_not_run_reason(v1::POLICY_DENIED);
  } else if (spec.has_trace()) {
    reply = AnswerWalk(spec);
  } else if (cut) {
    reply = Silence(spec);
  } else if (service == Service::kHostGone) {
    reply = Error(kHostUnreachable, kNeighbourGivenUp);
  } else {
    reply =
        spec.role() == v1::SERVICE && !spec.has_icmp() ? AnswerService(spec) : AnswerBeside(spec);
  }
  // A probe ends with its own timeout, whatever would have come later.
  if (reply.after > FromProto(spec.timeout())) reply = Silence(spec);
  *reply.observation.mutable_spec() = spec;
  return reply;
}

FakeReply FakeTarget::AnswerName(const v1::ProbeSpec& spec) const {
  if (name == Name::kSilent) return Silence(spec);
  const std::string& address = spec.dns().type() == "AAAA" ? v6 : v4;
  const bool found = name == Name::kResolves && !address.empty();
  FakeReply reply = Outcome(found ? v1::ANSWERED : v1::BAD_ANSWER, rtt / 2);
  v1::DnsServerAnswer& server = *reply.observation.mutable_dns()->add_servers();
  server.set_answered(true);
  server.set_rcode(name == Name::kNxdomain ? 3 : 0);
  if (found) reply.observation.mutable_dns()->add_addresses(address);
  if (!found) reply.observation.set_failed_stage(v1::RESOLVE);
  return reply;
}

bool FakeTarget::HostAnswers() const { return !cut && service != Service::kHostSilent; }

FakeReply FakeTarget::AnswerWalk(const v1::ProbeSpec& spec) const {
  const size_t visible = std::min(cut.value_or(routers.size()), routers.size());
  const bool tcp = spec.trace().protocol() == v1::TraceProbe::TCP;
  const bool port = service != Service::kSilent && service != Service::kHostGone;
  const bool reaches = HostAnswers() && (tcp ? port : echo);
  FakeReply reply = Outcome(v1::SILENT, FromProto(spec.timeout()));
  v1::TraceEvidence& trace = *reply.observation.mutable_trace();
  for (uint32_t ttl = std::max(1u, spec.trace().first_ttl()); ttl <= spec.trace().last_ttl();
       ++ttl) {
    v1::TraceHop& hop = *trace.add_hops();
    hop.set_ttl(ttl);
    v1::Exchange& exchange = *hop.add_exchanges();
    exchange.set_ttl_sent(ttl);
    exchange.set_reply(v1::NO_REPLY);
    if (ttl > routers.size() && reaches) exchange.set_reply(v1::POSITIVE);
    if (ttl > visible) continue;
    hop.set_address(routers[ttl - 1]);
    exchange.set_reply(v1::ICMP);
    exchange.mutable_icmp_error()->set_type(11);
    exchange.mutable_icmp_error()->set_family(v1::IPV4);
    exchange.mutable_icmp_error()->set_offender(routers[ttl - 1]);
    trace.set_last_responder(routers[ttl - 1]);
  }
  if (reaches && spec.trace().last_ttl() > routers.size()) {
    trace.set_reached(true);
    reply.observation.set_outcome(v1::ANSWERED);
    reply.after = 2 * rtt;
  }
  return reply;
}

FakeReply FakeTarget::Positive(const v1::ProbeSpec& spec) const {
  FakeReply reply = Outcome(v1::ANSWERED, spec.has_http() ? 3 * rtt : rtt);
  if (!spec.has_icmp()) return reply;
  v1::Exchange& exchange = *reply.observation.add_exchanges();
  exchange.set_reply(v1::POSITIVE);
  exchange.set_reply_ttl(64 - static_cast<uint32_t>(routers.size()));
  return reply;
}

FakeReply FakeTarget::Error(uint32_t code, absl::Duration after) const {
  FakeReply reply = Outcome(v1::ICMP_ERROR, after);
  v1::Exchange& exchange = *reply.observation.add_exchanges();
  exchange.set_reply(v1::ICMP);
  *exchange.mutable_send_offset() = ToProto(absl::ZeroDuration());
  *exchange.mutable_receive_offset() = ToProto(after);
  exchange.mutable_icmp_error()->set_type(kUnreachable);
  exchange.mutable_icmp_error()->set_code(code);
  exchange.mutable_icmp_error()->set_family(v1::IPV4);
  exchange.mutable_icmp_error()->set_offender(code == kPortUnreachable ? v4 : routers.back());
  return reply;
}

FakeReply FakeTarget::AnswerService(const v1::ProbeSpec& spec) const {
  switch (service) {
    case Service::kAnswers:
      return Positive(spec);
    case Service::kRefuses:
      return Outcome(v1::REFUSED, rtt);
    case Service::kProhibited:
      return Error(kProhibitedCode, rtt);
    case Service::kHangs:
      return spec.has_tcp() ? Positive(spec) : Outcome(v1::HUNG, FromProto(spec.timeout()));
    case Service::kUnavailable: {
      if (!spec.has_http()) return Positive(spec);
      FakeReply reply = Outcome(v1::BAD_ANSWER, 3 * rtt);
      reply.observation.set_failed_stage(v1::RESPONSE);
      reply.observation.mutable_http()->set_status(503);
      return reply;
    }
    default:
      return Silence(spec);
  }
}

FakeReply FakeTarget::AnswerBeside(const v1::ProbeSpec& spec) const {
  if (!HostAnswers()) return Silence(spec);
  if (spec.has_icmp()) return echo ? Positive(spec) : Silence(spec);
  if (spec.has_udp()) return udp ? Error(kPortUnreachable, rtt) : Silence(spec);
  return Outcome(v1::REFUSED, rtt);
}

}  // namespace probemesh
