#include "coordinator/cli/render/probe_text.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/base/proto_time.h"
#include "coordinator/cli/exit_code.h"
#include "coordinator/cli/render/observation_text.h"
#include "coordinator/cli/render/printable.h"
#include "coordinator/cli/render/vantage_row.h"

namespace probemesh::cli {
namespace {

using Lines = std::vector<std::string>;

std::string HeaderOf(const v1::ProbeRun& run, const v1::Observation& observation) {
  const absl::string_view node = ShortName(observation.node());
  std::string header = absl::StrCat("> ", Printable(node));
  for (const v1::VantageReport& report : run.vantages()) {
    const bool same = report.node() == observation.node();
    if (same && !report.group().empty() && report.group() != node) {
      absl::StrAppend(&header, " (", Printable(report.group()), ")");
    }
  }
  return header;
}

// "www.lab.test (10.0.0.1)", or just the address when that is what was asked for.
std::string HostWords(const v1::ProbeRun& run, const v1::Observation& observation) {
  const std::string address = ProbedAddress(observation);
  if (run.host().empty() || run.host() == address) return address;
  if (address.empty()) return Printable(run.host());
  return absl::StrCat(Printable(run.host()), " (", address, ")");
}

std::string EndpointWords(const v1::ProbeRun& run, const v1::Observation& observation) {
  std::string words = HostWords(run, observation);
  if (observation.spec().port() != 0) {
    absl::StrAppend(&words, " port ", observation.spec().port());
  }
  return words;
}

// ---- ping ----

std::string PingLine(const v1::Exchange& exchange, uint32_t payload) {
  const std::string sequence = absl::StrCat("icmp_seq=", exchange.sequence());
  if (exchange.has_icmp_error()) {
    return absl::StrCat("From ", Printable(exchange.icmp_error().offender()), " ", sequence, " ",
                        IcmpWords(exchange.icmp_error()), " ", IcmpMark(exchange.icmp_error()));
  }
  if (exchange.has_local_error()) {
    return absl::StrCat("local error: ", Printable(exchange.local_error().errno_name()), " ",
                        sequence);
  }
  const std::optional<absl::Duration> rtt = RoundTrip(exchange);
  if (!rtt) return absl::StrCat("no answer yet for ", sequence);
  // 8 octets of ICMP header come on top of the payload (RFC 792).
  std::string line = absl::StrCat(payload + 8, " bytes from ",
                                  Printable(exchange.flow().destination_address()), ": ", sequence);
  if (exchange.has_reply_ttl()) absl::StrAppend(&line, " ttl=", exchange.reply_ttl());
  absl::StrAppend(&line, " time=", MillisecondsText(*rtt), " ms");
  if (exchange.reply() == v1::LATE) absl::StrAppend(&line, " (late)");
  return line;
}

void AddPing(const v1::ProbeRun& run, const v1::Observation& observation, Lines& lines) {
  const uint32_t size = observation.spec().icmp().payload_size();
  const uint32_t payload = size == 0 ? 56 : size;
  lines.push_back(absl::StrCat("PING ", HostWords(run, observation), " ", payload, "(",
                               payload + 28, ") bytes of data."));
  for (const v1::Exchange& exchange : observation.exchanges()) {
    lines.push_back(PingLine(exchange, payload));
  }
  const v1::IcmpEvidence& icmp = observation.icmp();
  std::string counts =
      absl::StrCat(icmp.sent(), " packets transmitted, ", icmp.received(), " received");
  if (icmp.duplicates() > 0) absl::StrAppend(&counts, ", +", icmp.duplicates(), " duplicates");
  if (icmp.sent() > 0) {
    const double answered = static_cast<double>(icmp.received()) / icmp.sent();
    absl::StrAppendFormat(&counts, ", %.4g%% packet loss", 100 * (1 - answered));
  }
  lines.push_back(absl::StrCat("--- ", HostWords(run, observation), " ping statistics ---"));
  lines.push_back(std::move(counts));
  if (icmp.received() > 0) {
    lines.push_back(
        absl::StrCat("rtt min/avg/max/mdev = ", MillisecondsText(FromProto(icmp.rtt_min())), "/",
                     MillisecondsText(FromProto(icmp.rtt_avg())), "/",
                     MillisecondsText(FromProto(icmp.rtt_max())), "/",
                     MillisecondsText(FromProto(icmp.rtt_mdev())), " ms"));
  }
}

// ---- traceroute ----

std::string HopLine(const v1::TraceHop& hop) {
  std::string line = absl::StrFormat("%2u ", hop.ttl());
  std::string shown;  // the address that was printed last
  for (const v1::Exchange& exchange : hop.exchanges()) {
    const std::optional<absl::Duration> rtt = RoundTrip(exchange);
    if (!rtt) {
      absl::StrAppend(&line, " *");
      continue;
    }
    const bool error = exchange.has_icmp_error();
    const std::string& from =
        error ? exchange.icmp_error().offender() : exchange.flow().destination_address();
    if (from != shown) absl::StrAppend(&line, " ", Printable(from), " ");
    shown = from;
    absl::StrAppend(&line, " ", MillisecondsText(*rtt), " ms");
    const std::string mark = error ? IcmpMark(exchange.icmp_error()) : "";
    if (!mark.empty()) absl::StrAppend(&line, " ", mark);
  }
  if (hop.exchanges_size() == 0) absl::StrAppend(&line, " *");
  return line;
}

std::string TraceProtocol(const v1::TraceProbe& trace) {
  switch (trace.protocol()) {
    case v1::TraceProbe::TCP:
      return "TCP";
    case v1::TraceProbe::UDP:
      return "UDP";
    default:
      return "ICMP";
  }
}

void AddTrace(const v1::ProbeRun& run, const v1::Observation& observation, Lines& lines) {
  const v1::TraceProbe& spec = observation.spec().trace();
  const uint32_t last = spec.last_ttl() == 0 ? 30 : spec.last_ttl();
  lines.push_back(absl::StrCat("traceroute to ", EndpointWords(run, observation), ", ", last,
                               " hops max, ", TraceProtocol(spec)));
  const v1::TraceEvidence& trace = observation.trace();
  for (const v1::TraceHop& hop : trace.hops()) lines.push_back(HopLine(hop));
  if (trace.loop()) {
    lines.push_back(
        absl::StrCat("loop between ", Printable(absl::StrJoin(trace.loop_addresses(), ", "))));
  } else if (!trace.reached()) {
    lines.push_back(trace.last_responder().empty() ? "not reached; no hop answered"
                                                   : "not reached; the last to answer was " +
                                                         Printable(trace.last_responder()));
  }
}

// ---- dns ----

void AddDns(const v1::Observation& observation, Lines& lines) {
  const v1::DnsProbe& spec = observation.spec().dns();
  const std::string type = spec.type().empty() ? "A" : Printable(spec.type());
  for (const v1::DnsServerAnswer& server : observation.dns().servers()) {
    std::string line = absl::StrCat(Printable(spec.name()), " ", type, " @",
                                    Printable(server.server()), server.tcp() ? " (TCP): " : ": ");
    if (!server.answered()) {
      absl::StrAppend(&line,
                      server.has_icmp_error() ? IcmpWords(server.icmp_error()) : "no answer");
      lines.push_back(std::move(line));
      continue;
    }
    std::string flags;
    if (server.authoritative()) absl::StrAppend(&flags, " aa");
    if (server.truncated()) absl::StrAppend(&flags, " tc");
    if (server.authenticated()) absl::StrAppend(&flags, " ad");
    if (server.has_ede()) absl::StrAppend(&flags, " ede=", server.ede_code());
    lines.push_back(absl::StrCat(line, Printable(server.rcode_name()), flags, ", ",
                                 server.answers_size(),
                                 server.answers_size() == 1 ? " answer in " : " answers in ",
                                 MillisecondsText(FromProto(server.duration())), " ms"));
    for (const v1::DnsRecord& record : server.answers()) {
      lines.push_back(absl::StrCat("  ", Printable(record.name()), " ", record.ttl(), " ",
                                   Printable(record.type()), " ", Printable(record.data())));
    }
  }
  if (observation.dns().servers().empty()) lines.push_back(OutcomeWords(observation));
}

// ---- tcp, udp, tls, http ----

std::string ConnectWords(const v1::ProbeRun& run, const v1::Observation& observation) {
  const absl::string_view protocol = observation.spec().has_udp() ? "udp " : "tcp ";
  std::string line = absl::StrCat(protocol, EndpointWords(run, observation), ": ");
  std::optional<absl::Duration> rtt;
  for (const v1::Exchange& exchange : observation.exchanges()) {
    if (!rtt) rtt = RoundTrip(exchange);
  }
  const v1::IcmpError* icmp = FirstIcmpError(observation);
  if (observation.outcome() == v1::ANSWERED && icmp != nullptr) {
    // A datagram to a closed port: the host itself says so (RFC 1122 3.2.2.1).
    absl::StrAppend(&line, "the host is alive, the port closed: ", IcmpWords(*icmp));
  } else if (observation.outcome() == v1::ANSWERED) {
    absl::StrAppend(&line, observation.spec().has_udp() ? "answered" : "connected");
  } else {
    absl::StrAppend(&line, OutcomeWords(observation));
  }
  const absl::Duration shown = rtt.value_or(FromProto(observation.duration()));
  if (observation.outcome() != v1::NOT_RUN) {
    absl::StrAppend(&line, rtt ? " in " : " after ", MillisecondsText(shown), " ms");
  }
  return line;
}

std::string StagesWords(const v1::Observation& observation) {
  std::vector<std::string> parts;
  for (const v1::StageTiming& stage : observation.stages()) {
    std::string name = v1::Stage_Name(stage.stage());
    for (char& c : name) c = c == '_' ? ' ' : absl::ascii_tolower(static_cast<unsigned char>(c));
    parts.push_back(absl::StrCat(name, " ", MillisecondsText(FromProto(stage.duration())), " ms"));
  }
  return absl::StrJoin(parts, ", ");
}

std::string CertificateLine(size_t depth, const v1::Certificate& certificate) {
  return absl::StrCat(" ", depth, " ", Printable(certificate.subject()), ", issued by ",
                      Printable(certificate.issuer()), ", until ",
                      absl::FormatTime("%Y-%m-%d %H:%M UTC", FromProto(certificate.not_after()),
                                       absl::UTCTimeZone()));
}

void AddTls(const v1::ProbeRun& run, const v1::Observation& observation, Lines& lines) {
  const v1::TlsEvidence& tls = observation.tls();
  std::string line = absl::StrCat("tls ", EndpointWords(run, observation), ": ");
  if (observation.outcome() == v1::ANSWERED) {
    absl::StrAppend(&line, Printable(tls.version()), " ", Printable(tls.cipher()),
                    tls.alpn().empty() ? "" : " alpn ", Printable(tls.alpn()), ", verified");
  } else {
    absl::StrAppend(&line, OutcomeWords(observation));
    if (!tls.verify_error().empty()) absl::StrAppend(&line, ": ", Printable(tls.verify_error()));
  }
  lines.push_back(std::move(line));
  for (int i = 0; i < tls.chain_size(); ++i) {
    lines.push_back(CertificateLine(static_cast<size_t>(i), tls.chain(i)));
  }
}

void AddHttp(const v1::ProbeRun& run, const v1::Observation& observation, Lines& lines) {
  const v1::HttpEvidence& http = observation.http();
  const std::string url = Printable(observation.spec().http().url());
  if (http.status() == 0) {
    lines.push_back(absl::StrCat(url, " at ", HostWords(run, observation), ": ",
                                 OutcomeWords(observation), http.error().empty() ? "" : ": ",
                                 Printable(http.error())));
    return;
  }
  lines.push_back(absl::StrCat(url, " at ", HostWords(run, observation), ": ",
                               Printable(http.version()), " ", http.status(), ", ",
                               http.body_bytes(), " bytes in ",
                               MillisecondsText(FromProto(observation.duration())), " ms"));
  for (const v1::HttpHop& hop : http.hops()) {
    if (hop.location().empty()) continue;
    lines.push_back(absl::StrCat("  ", hop.status(), " ", Printable(hop.url()), " -> ",
                                 Printable(hop.location())));
  }
}

void AddBody(const v1::ProbeRun& run, const v1::Observation& observation, Lines& lines) {
  if (observation.has_trace()) return AddTrace(run, observation, lines);
  if (observation.has_icmp()) return AddPing(run, observation, lines);
  if (observation.has_dns()) return AddDns(observation, lines);
  if (observation.has_http()) return AddHttp(run, observation, lines);
  if (observation.has_tls()) return AddTls(run, observation, lines);
  if (observation.spec().has_tcp() || observation.spec().has_udp()) {
    lines.push_back(ConnectWords(run, observation));
    return;
  }
  lines.push_back(absl::StrCat(EndpointWords(run, observation), ": ", OutcomeWords(observation)));
}

}  // namespace

std::vector<std::string> RenderProbeResult(const v1::ProbeRun& run,
                                           const v1::Observation& observation, const Style& style) {
  Lines lines = {style.Paint(Color::kBold, HeaderOf(run, observation))};
  if (observation.outcome() == v1::NOT_RUN || observation.outcome() == v1::CANCELLED) {
    lines.push_back(OutcomeWords(observation));
  } else {
    AddBody(run, observation, lines);
  }
  const std::string stages = StagesWords(observation);
  if (!stages.empty()) lines.push_back(style.Paint(Color::kDim, absl::StrCat("  ", stages)));
  return lines;
}

bool IsResult(const v1::ProbeRun& run, const v1::Observation& observation) {
  if (observation.spec().kind_case() != run.spec().kind_case()) return false;
  return !run.spec().has_dns() || (observation.spec().dns().name() == run.spec().dns().name() &&
                                   observation.spec().dns().type() == run.spec().dns().type());
}

std::string RenderIdleVantage(const v1::ProbeRun& run, const v1::VantageReport& report) {
  const bool has_result =
      std::any_of(report.observations().begin(), report.observations().end(),
                  [&run](const v1::Observation& seen) { return IsResult(run, seen); });
  if (has_result) return "";
  return absl::StrCat("> ", Printable(ShortName(report.node())), ": ", StateWord(report.state()),
                      report.reason().empty() ? "" : ", ", Printable(report.reason()));
}

std::string ProbeSummary(const v1::ProbeRun& run) {
  const ProbeTally tally = TallyOf(run);
  const int looked = tally.answered + tally.failed;
  std::string text = looked == 0 ? "No vantage could look; nothing is known about the target"
                                 : absl::StrCat(tally.answered, " of ", looked,
                                                looked == 1 ? " vantage got an answer"
                                                            : " vantages got an answer");
  if (tally.lossy > 0) absl::StrAppend(&text, ", ", tally.lossy, " with loss");
  if (tally.not_looked > 0 && looked > 0) {
    absl::StrAppend(&text, "; ", tally.not_looked, " could not look and ",
                    tally.not_looked == 1 ? "does" : "do", " not count");
  }
  if (run.state() == v1::ProbeRun::CANCELLED) absl::StrAppend(&text, "; cancelled");
  if (run.state() == v1::ProbeRun::INTERRUPTED) absl::StrAppend(&text, "; interrupted");
  return text + ".";
}

}  // namespace probemesh::cli
