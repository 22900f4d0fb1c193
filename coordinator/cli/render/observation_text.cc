#include "coordinator/cli/render/observation_text.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/proto_time.h"
#include "coordinator/cli/render/printable.h"

namespace probemesh::cli {
namespace {

struct IcmpName {
  bool v6;
  uint32_t type;
  uint32_t code;
  absl::string_view mark;
  absl::string_view words;
};

constexpr IcmpName kIcmpNames[] = {
    {false, 3, 0, "!N", "network unreachable"},
    {false, 3, 1, "!H", "host unreachable"},
    {false, 3, 2, "!P", "protocol unreachable"},
    {false, 3, 3, "", "port unreachable"},
    {false, 3, 4, "!F", "fragmentation needed"},
    {false, 3, 5, "!S", "source route failed"},
    {false, 3, 6, "!N", "network unknown"},
    {false, 3, 7, "!H", "host unknown"},
    {false, 3, 9, "!X", "network administratively prohibited"},
    {false, 3, 10, "!X", "host administratively prohibited"},
    {false, 3, 11, "!N", "network unreachable for this type of service"},
    {false, 3, 12, "!H", "host unreachable for this type of service"},
    {false, 3, 13, "!X", "administratively prohibited"},
    {false, 3, 14, "!V", "host precedence violation"},
    {false, 3, 15, "!C", "precedence cutoff"},
    {false, 11, 0, "", "time to live exceeded"},
    {false, 11, 1, "!<11.1>", "fragment reassembly time exceeded"},
    {true, 1, 0, "!N", "no route"},
    {true, 1, 1, "!X", "administratively prohibited"},
    {true, 1, 2, "!S", "beyond scope of source address"},
    {true, 1, 3, "!H", "address unreachable"},
    {true, 1, 4, "", "port unreachable"},
    {true, 1, 5, "!X", "source address failed policy"},
    {true, 1, 6, "!X", "reject route"},
    {true, 2, 0, "!F", "packet too big"},
    {true, 3, 0, "", "hop limit exceeded"},
};

bool IsV6(const v1::IcmpError& error) { return error.family() == v1::IPV6; }

const IcmpName* FindIcmpName(const v1::IcmpError& error) {
  const auto* const found =
      std::find_if(std::begin(kIcmpNames), std::end(kIcmpNames), [&](const IcmpName& name) {
        return name.v6 == IsV6(error) && name.type == error.type() && name.code == error.code();
      });
  return found == std::end(kIcmpNames) ? nullptr : found;
}

std::string NotRunCell(v1::NotRunReason reason) {
  switch (reason) {
    case v1::POLICY_DENIED:
      return "not allowed";
    case v1::OVERLOADED:
      return "overloaded";
    case v1::UNSUPPORTED:
      return "unsupported";
    case v1::EXPIRED:
      return "too late";
    case v1::INTERRUPTED:
      return "interrupted";
    case v1::INVALID_SPEC:
      return "bad request";
    default:
      return "not run";
  }
}

std::string TlsProblem(const v1::TlsEvidence& tls) {
  if (tls.has_alert()) return absl::StrCat("alert ", tls.alert_received());
  if (tls.expired()) return "expired";
  if (tls.not_yet_valid()) return "not yet valid";
  if (tls.chain_size() > 0 && !tls.name_matches()) return "wrong name";
  if (tls.chain_size() > 0 && !tls.verified()) return "untrusted";
  return "TLS failed";
}

std::string DnsProblem(const v1::DnsEvidence& dns) {
  std::string cell = "no answer";
  for (const v1::DnsServerAnswer& server : dns.servers()) {
    if (server.answered() && server.rcode() != 0) cell = Printable(server.rcode_name());
    if (server.answered() && server.rcode() == 0) cell = "no address";
  }
  return cell;
}

std::string BadAnswerCell(const v1::Observation& observation) {
  if (observation.failed_stage() == v1::TLS_HANDSHAKE) {
    return observation.has_tls() ? TlsProblem(observation.tls()) : "TLS failed";
  }
  if (observation.has_http() && observation.http().status() > 0) {
    return absl::StrCat(observation.http().status());
  }
  if (observation.has_tls()) return TlsProblem(observation.tls());
  if (observation.has_dns()) return DnsProblem(observation.dns());
  return "bad answer";
}

std::string PingCell(const v1::IcmpEvidence& icmp) {
  std::string cell = absl::StrCat(MillisecondsText(FromProto(icmp.rtt_avg()), 2), " ms");
  if (icmp.received() < icmp.sent()) {
    absl::StrAppend(&cell, ", ", icmp.sent() - icmp.received(), "/", icmp.sent(), " lost");
  }
  return cell;
}

std::string TraceCell(const v1::TraceEvidence& trace) {
  if (trace.loop()) {
    return absl::StrCat(
        "loop", trace.loop_addresses_size() > 0 ? " at " + Printable(trace.loop_addresses(0)) : "");
  }
  uint32_t last = 0;
  for (const v1::TraceHop& hop : trace.hops()) {
    if (!hop.address().empty()) last = std::max(last, hop.ttl());
  }
  if (trace.reached()) return absl::StrCat("reached, hop ", last);
  if (last == 0) return "no hop answers";
  return absl::StrCat("ends ", Printable(trace.last_responder()), " (", last, ")");
}

std::string AnsweredCell(const v1::Observation& observation) {
  if (observation.has_trace()) return TraceCell(observation.trace());
  if (observation.has_icmp()) return PingCell(observation.icmp());
  if (observation.has_dns() && observation.dns().addresses_size() > 0) {
    return Printable(observation.dns().addresses(0));
  }
  const std::string duration =
      absl::StrCat(MillisecondsText(FromProto(observation.duration()), 1), " ms");
  if (observation.has_http()) return absl::StrCat(observation.http().status(), ", ", duration);
  if (observation.has_tls()) {
    return absl::StrCat(Printable(observation.tls().version()), ", ", duration);
  }
  for (const v1::Exchange& exchange : observation.exchanges()) {
    const auto rtt = RoundTrip(exchange);
    if (rtt && exchange.reply() == v1::POSITIVE) return MillisecondsText(*rtt, 2) + " ms";
  }
  return duration;
}

std::string IcmpErrorCell(const v1::Observation& observation) {
  const v1::IcmpError* error = FirstIcmpError(observation);
  if (error == nullptr) return "ICMP error";
  const std::string mark = IcmpMark(*error);
  return absl::StrCat(mark.empty() ? absl::StrCat("!<", error->code(), ">") : mark, " ",
                      Printable(error->offender()));
}

const v1::LocalError* FirstLocalError(const v1::Observation& observation) {
  if (observation.has_local_error()) return &observation.local_error();
  for (const v1::Exchange& exchange : observation.exchanges()) {
    if (exchange.has_local_error()) return &exchange.local_error();
  }
  return nullptr;
}

std::string LocalErrorCell(const v1::Observation& observation) {
  const v1::LocalError* error = FirstLocalError(observation);
  if (error == nullptr || error->errno_name().empty()) return "local error";
  return Printable(error->errno_name());
}

}  // namespace

std::string MillisecondsText(absl::Duration duration, int digits) {
  return absl::StrFormat("%.*f", digits, absl::ToDoubleMilliseconds(duration));
}

absl::string_view ShortName(absl::string_view resource_name) {
  const size_t slash = resource_name.rfind('/');
  return slash == absl::string_view::npos ? resource_name : resource_name.substr(slash + 1);
}

std::string IcmpMark(const v1::IcmpError& error) {
  const IcmpName* name = FindIcmpName(error);
  if (name != nullptr) return std::string(name->mark);
  return absl::StrCat("!<", error.type(), ".", error.code(), ">");
}

std::string IcmpWords(const v1::IcmpError& error) {
  const IcmpName* name = FindIcmpName(error);
  return absl::StrCat(name == nullptr ? "ICMP error" : name->words,
                      IsV6(error) ? " (ICMPv6 " : " (ICMP ", error.type(), "/", error.code(), ")");
}

std::optional<absl::Duration> RoundTrip(const v1::Exchange& exchange) {
  if (!exchange.has_receive_offset()) return std::nullopt;
  return FromProto(exchange.receive_offset()) - FromProto(exchange.send_offset());
}

const v1::IcmpError* FirstIcmpError(const v1::Observation& observation) {
  for (const v1::Exchange& exchange : observation.exchanges()) {
    if (exchange.has_icmp_error()) return &exchange.icmp_error();
  }
  if (observation.has_dns()) {
    for (const v1::DnsServerAnswer& server : observation.dns().servers()) {
      if (server.has_icmp_error()) return &server.icmp_error();
    }
  }
  return nullptr;
}

std::string ProbedAddress(const v1::Observation& observation) {
  if (!observation.spec().address().empty()) return Printable(observation.spec().address());
  for (const v1::Exchange& exchange : observation.exchanges()) {
    if (!exchange.flow().destination_address().empty()) {
      return Printable(exchange.flow().destination_address());
    }
  }
  return "";
}

std::string OutcomeCell(const v1::Observation& observation) {
  switch (observation.outcome()) {
    case v1::ANSWERED:
      return AnsweredCell(observation);
    case v1::REFUSED:
      return "refused";
    case v1::ICMP_ERROR:
      return observation.has_trace() ? TraceCell(observation.trace()) : IcmpErrorCell(observation);
    case v1::SILENT:
      return observation.has_trace() ? TraceCell(observation.trace()) : "silent";
    case v1::HUNG:
      return "hung";
    case v1::RESET:
      return "reset";
    case v1::CLOSED:
      return "closed early";
    case v1::LOCAL_ERROR:
      return LocalErrorCell(observation);
    case v1::BAD_ANSWER:
      return BadAnswerCell(observation);
    case v1::NOT_RUN:
      return NotRunCell(observation.not_run_reason());
    case v1::CANCELLED:
      return "cancelled";
    default:
      return "?";
  }
}

std::string OutcomeWords(const v1::Observation& observation) {
  const v1::IcmpError* icmp = FirstIcmpError(observation);
  const v1::LocalError* local = FirstLocalError(observation);
  switch (observation.outcome()) {
    case v1::REFUSED:
      return "connection refused (RST)";
    case v1::ICMP_ERROR:
      if (icmp == nullptr) return "ICMP error";
      return absl::StrCat(IcmpWords(*icmp), " from ", Printable(icmp->offender()));
    case v1::SILENT:
      return "no answer";
    case v1::HUNG:
      return "connected, then not a byte";
    case v1::RESET:
      return "connection reset after it was established";
    case v1::CLOSED:
      return "connection closed before the answer";
    case v1::LOCAL_ERROR:
      if (local == nullptr) return "no packet left the node";
      return absl::StrCat("no packet left the node: ", Printable(local->call()), " failed with ",
                          Printable(local->errno_name()));
    case v1::NOT_RUN:
      return absl::StrCat("not run: ", NotRunCell(observation.not_run_reason()),
                          observation.detail().empty() ? "" : ", ",
                          Printable(observation.detail()));
    default:
      return OutcomeCell(observation);
  }
}

}  // namespace probemesh::cli
