#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/proto_time.h"
#include "common/base/status_macros.h"
#include "coordinator/cli/flags.h"
#include "coordinator/cli/probe_target.h"

namespace probemesh::cli {
namespace {

// The first port of traceroute(8).
constexpr uint16_t kTracePort = 33434;

// ProbeSpec.timeout is at most this.
constexpr absl::Duration kLongestProbe = absl::Seconds(60);

constexpr char kExitStatus[] = R"(
Exit status: 0 every vantage got an answer, 1 some did, 2 none did, 3 unknown (none could look).)";

// Flags of every probe.
struct CommonFlags {
  std::string target;
  VantageFlags vantages;
  std::string timeout;
  FamilyFlags family;
  FormatFlags format;
  uint16_t port = 0;
};

CLI::App* AddProbe(CLI::App& probe, const std::string& name, const std::string& help,
                   const std::string& examples, const std::string& target_help,
                   CommonFlags& flags) {
  CLI::App* app = AddCommand(probe, name, help, examples + kExitStatus);
  app->add_option("TARGET", flags.target, target_help)->required();
  AddVantages(*app, flags.vantages);
  FromEnvironment(app->add_option("-w,--timeout", flags.timeout, "give up after this long"))
      ->type_name("DURATION");
  AddFamily(*app, flags.family);
  AddFormats(*app, flags.format, true, false);
  return app;
}

void AddPort(CLI::App& app, CommonFlags& flags) {
  FromEnvironment(app.add_option("-p,--port", flags.port, "port, when TARGET has none"))
      ->type_name("PORT")
      ->check(CLI::Range(1, 65535));
}

// A request with everything but the probe's own part.
absl::StatusOr<ProbeOptions> Begin(const CommonFlags& flags, absl::Duration default_timeout) {
  ProbeOptions options;
  options.format = flags.format.format();
  options.request.set_from(flags.vantages.from);
  options.request.set_limit(flags.vantages.limit);
  options.request.set_family(flags.family.family());
  absl::Duration timeout = default_timeout;
  if (!flags.timeout.empty()) {
    PM_ASSIGN_OR_RETURN(timeout, ParseDurationFlag("--timeout", flags.timeout));
  }
  v1::ProbeSpec& spec = *options.request.mutable_spec();
  *spec.mutable_timeout() = ToProto(timeout);
  spec.set_role(v1::SERVICE);
  return options;
}

absl::Status SetTarget(const CommonFlags& flags, PortRule rule, uint16_t default_port,
                       ProbeOptions& options) {
  const uint16_t fallback = flags.port != 0 ? flags.port : default_port;
  PM_ASSIGN_OR_RETURN(const HostPort target, ParseProbeTarget(flags.target, rule, fallback));
  options.request.set_host(target.host);
  options.request.mutable_spec()->set_port(target.port);
  return absl::OkStatus();
}

// ---- ping ----

struct PingFlags : CommonFlags {
  uint32_t count = 3;
  std::string interval = "1s";
  uint32_t size = 56;
  uint32_t ttl = 0;
  bool dont_fragment = false;
};

absl::StatusOr<Command> MakePing(const PingFlags& flags) {
  PM_ASSIGN_OR_RETURN(const absl::Duration interval,
                      ParseDurationFlag("--interval", flags.interval));
  // The last request gets two seconds to be answered in.
  const absl::Duration whole = interval * (flags.count - 1) + absl::Seconds(2);
  if (whole > kLongestProbe && flags.timeout.empty()) {
    return absl::InvalidArgumentError(
        "--count times --interval is more than a probe may take, one minute");
  }
  PM_ASSIGN_OR_RETURN(ProbeOptions options, Begin(flags, whole));
  PM_RETURN_IF_ERROR(SetTarget(flags, PortRule::kNone, 0, options));
  v1::IcmpProbe& icmp = *options.request.mutable_spec()->mutable_icmp();
  icmp.set_count(flags.count);
  *icmp.mutable_interval() = ToProto(interval);
  icmp.set_payload_size(flags.size);
  icmp.set_ttl(flags.ttl);
  icmp.set_dont_fragment(flags.dont_fragment);
  return options;
}

void DeclarePing(CLI::App& probe, DeclaredCommands& declared) {
  auto flags = std::make_shared<PingFlags>();
  CLI::App* app = AddProbe(probe, "ping", "ICMP echo",
                           "  probemesh probe ping www.example.com -c 5 --from site=fra\n",
                           "host or address", *flags);
  FromEnvironment(
      app->add_option("-c,--count", flags->count, "echo requests")->capture_default_str())
      ->check(CLI::Range(1, 100));
  FromEnvironment(
      app->add_option("-i,--interval", flags->interval, "between requests")->capture_default_str())
      ->type_name("DURATION");
  FromEnvironment(
      app->add_option("-s,--size", flags->size, "octets of payload")->capture_default_str())
      ->check(CLI::Range(1, 1472));
  FromEnvironment(app->add_option("--ttl", flags->ttl, "time to live"))->check(CLI::Range(1, 255));
  FromEnvironment(app->add_flag("--dont-fragment", flags->dont_fragment, "set the DF bit"));
  declared.push_back({app, [flags] { return MakePing(*flags); }});
}

// ---- tcp and udp ----

absl::StatusOr<Command> MakeTcp(const CommonFlags& flags) {
  PM_ASSIGN_OR_RETURN(ProbeOptions options, Begin(flags, absl::Seconds(4)));
  PM_RETURN_IF_ERROR(SetTarget(flags, PortRule::kRequired, 0, options));
  options.request.mutable_spec()->mutable_tcp();
  return options;
}

void DeclareTcp(CLI::App& probe, DeclaredCommands& declared) {
  auto flags = std::make_shared<CommonFlags>();
  CLI::App* app = AddProbe(probe, "tcp", "one TCP connect",
                           "  probemesh probe tcp www.example.com:443\n"
                           "  probemesh probe tcp '[2001:db8::1]:22' --from 'asn=64500'\n",
                           "host:port", *flags);
  AddPort(*app, *flags);
  declared.push_back({app, [flags] { return MakeTcp(*flags); }});
}

absl::StatusOr<Command> MakeUdp(const CommonFlags& flags, const std::string& payload) {
  PM_ASSIGN_OR_RETURN(ProbeOptions options, Begin(flags, absl::Seconds(4)));
  PM_RETURN_IF_ERROR(SetTarget(flags, PortRule::kRequired, 0, options));
  if (payload.size() > 512) return absl::InvalidArgumentError("--payload has at most 512 octets");
  options.request.mutable_spec()->mutable_udp()->set_payload(payload);
  return options;
}

void DeclareUdp(CLI::App& probe, DeclaredCommands& declared) {
  auto flags = std::make_shared<CommonFlags>();
  auto payload = std::make_shared<std::string>();
  CLI::App* app = AddProbe(probe, "udp", "one datagram: an answer, port unreachable, or silence",
                           "  probemesh probe udp www.example.com:33434\n", "host:port", *flags);
  AddPort(*app, *flags);
  FromEnvironment(app->add_option("--payload", *payload, "what to send (default: 16 zero octets)"))
      ->type_name("TEXT");
  declared.push_back({app, [flags, payload] { return MakeUdp(*flags, *payload); }});
}

// ---- dns ----

struct DnsFlags : CommonFlags {
  std::string type = "A";
  std::string server;
  bool tcp = false;
  bool checking_disabled = false;
  bool no_recursion = false;
};

absl::StatusOr<Command> MakeDns(const DnsFlags& flags) {
  PM_ASSIGN_OR_RETURN(ProbeOptions options, Begin(flags, absl::Seconds(5)));
  // The name in question is not the host to talk to: that is the server.
  PM_ASSIGN_OR_RETURN(const HostPort name, ParseProbeTarget(flags.target, PortRule::kNone, 0));
  v1::ProbeSpec& spec = *options.request.mutable_spec();
  if (!flags.server.empty()) {
    PM_ASSIGN_OR_RETURN(const HostPort server,
                        ParseProbeTarget(flags.server, PortRule::kOptional, 53));
    options.request.set_host(server.host);
    spec.set_port(server.port);
  }
  v1::DnsProbe& dns = *spec.mutable_dns();
  dns.set_name(name.host);
  dns.set_type(absl::AsciiStrToUpper(flags.type));
  dns.set_tcp(flags.tcp);
  dns.set_checking_disabled(flags.checking_disabled);
  dns.set_no_recursion(flags.no_recursion);
  return options;
}

void DeclareDns(CLI::App& probe, DeclaredCommands& declared) {
  auto flags = std::make_shared<DnsFlags>();
  CLI::App* app = AddProbe(probe, "dns", "one question to the vantage's resolvers or a server",
                           "  probemesh probe dns www.example.com --type AAAA\n"
                           "  probemesh probe dns example.com -t SOA --server 192.0.2.53\n",
                           "name to ask for", *flags);
  FromEnvironment(app->add_option("-t,--type", flags->type, "record type")->capture_default_str());
  FromEnvironment(app->add_option("--server", flags->server,
                                  "ask this server instead of the vantage's own resolvers"))
      ->type_name("HOST[:PORT]");
  FromEnvironment(app->add_flag("--tcp", flags->tcp, "ask over TCP"));
  FromEnvironment(app->add_flag("--checking-disabled", flags->checking_disabled,
                                "set CD: no DNSSEC validation by the resolver"));
  FromEnvironment(app->add_flag("--no-recursion", flags->no_recursion, "clear RD"));
  declared.push_back({app, [flags] { return MakeDns(*flags); }});
}

// ---- tls and http ----

struct TlsFlags : CommonFlags {
  std::string server_name;
  std::vector<std::string> alpn;
};

absl::StatusOr<Command> MakeTls(const TlsFlags& flags) {
  PM_ASSIGN_OR_RETURN(ProbeOptions options, Begin(flags, absl::Seconds(6)));
  PM_RETURN_IF_ERROR(SetTarget(flags, PortRule::kOptional, 443, options));
  v1::TlsProbe& tls = *options.request.mutable_spec()->mutable_tls();
  tls.set_server_name(flags.server_name.empty() ? options.request.host() : flags.server_name);
  for (const std::string& protocol : flags.alpn) tls.add_alpn(protocol);
  return options;
}

void DeclareTls(CLI::App& probe, DeclaredCommands& declared) {
  auto flags = std::make_shared<TlsFlags>();
  CLI::App* app = AddProbe(probe, "tls", "a TLS handshake and the certificates shown",
                           "  probemesh probe tls www.example.com\n"
                           "  probemesh probe tls 192.0.2.7:8443 --server-name www.example.com\n",
                           "host[:port], port 443 by default", *flags);
  AddPort(*app, *flags);
  FromEnvironment(app->add_option("--server-name", flags->server_name,
                                  "name for SNI and the certificate (default: the host)"));
  FromEnvironment(app->add_option("--alpn", flags->alpn, "protocol to offer, may be repeated"))
      ->expected(1)
      ->delimiter(',')
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  declared.push_back({app, [flags] { return MakeTls(*flags); }});
}

struct HttpFlags : CommonFlags {
  std::string method = "GET";
  std::vector<std::string> headers;
  uint32_t max_redirects = 0;
  bool insecure = false;
};

absl::StatusOr<Command> MakeHttp(const HttpFlags& flags) {
  PM_ASSIGN_OR_RETURN(ProbeOptions options, Begin(flags, absl::Seconds(8)));
  PM_ASSIGN_OR_RETURN(const HostPort target, ParseUrlAuthority(flags.target));
  options.request.set_host(target.host);
  v1::ProbeSpec& spec = *options.request.mutable_spec();
  spec.set_port(target.port);
  v1::HttpProbe& http = *spec.mutable_http();
  http.set_url(flags.target);
  http.set_method(flags.method);
  PM_ASSIGN_OR_RETURN(const auto headers, ParsePairs("--header", flags.headers, ':'));
  for (const auto& [name, value] : headers) (*http.mutable_headers())[name] = value;
  http.set_max_redirects(flags.max_redirects);
  http.set_tls_verify_off(flags.insecure);
  return options;
}

void DeclareHttp(CLI::App& probe, DeclaredCommands& declared) {
  auto flags = std::make_shared<HttpFlags>();
  CLI::App* app =
      AddProbe(probe, "http", "one HTTP request with the time of each phase",
               "  probemesh probe http https://www.example.com/health\n"
               "  probemesh probe http http://example.com -X HEAD -H 'Host: example.com'\n",
               "URL", *flags);
  FromEnvironment(
      app->add_option("-X,--method", flags->method, "request method")->capture_default_str());
  FromEnvironment(app->add_option("-H,--header", flags->headers, "'Name: value', may be repeated"))
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  FromEnvironment(app->add_option("--max-redirects", flags->max_redirects, "redirects to follow"))
      ->check(CLI::Range(0, 10));
  FromEnvironment(app->add_flag("-k,--insecure", flags->insecure,
                                "report certificate problems without failing on them"));
  declared.push_back({app, [flags] { return MakeHttp(*flags); }});
}

// ---- trace ----

struct TraceFlags : CommonFlags {
  std::string protocol;
  uint32_t first_ttl = 1;
  uint32_t max_ttl = 30;
};

absl::StatusOr<Command> MakeTrace(const TraceFlags& flags) {
  PM_ASSIGN_OR_RETURN(ProbeOptions options, Begin(flags, absl::Seconds(10)));
  PM_RETURN_IF_ERROR(SetTarget(flags, PortRule::kOptional, 0, options));
  v1::ProbeSpec& spec = *options.request.mutable_spec();
  v1::TraceProbe& trace = *spec.mutable_trace();
  if (flags.first_ttl > flags.max_ttl) {
    return absl::InvalidArgumentError("--first-ttl is above --max-ttl");
  }
  trace.set_first_ttl(flags.first_ttl);
  trace.set_last_ttl(flags.max_ttl);
  if (flags.protocol == "icmp") {
    if (spec.port() != 0) return absl::InvalidArgumentError("an ICMP trace has no port");
    trace.set_protocol(v1::TraceProbe::ICMP);
  } else if (flags.protocol == "tcp" || (flags.protocol.empty() && spec.port() != 0)) {
    trace.set_protocol(v1::TraceProbe::TCP);
    if (spec.port() == 0) spec.set_port(80);
  } else {
    trace.set_protocol(v1::TraceProbe::UDP);
    if (spec.port() == 0) spec.set_port(kTracePort);
  }
  return options;
}

void DeclareTrace(CLI::App& probe, DeclaredCommands& declared) {
  auto flags = std::make_shared<TraceFlags>();
  CLI::App* app = AddProbe(probe, "trace", "the routers on the way",
                           "  probemesh probe trace www.example.com:443 --from site=fra\n"
                           "  probemesh probe trace 192.0.2.7 -P icmp -m 20\n",
                           "host[:port]; with a port the walk is TCP, else UDP", *flags);
  AddPort(*app, *flags);
  FromEnvironment(app->add_option("-P,--protocol", flags->protocol, "icmp, tcp or udp"))
      ->transform(CLI::IsMember({"icmp", "tcp", "udp"}, CLI::ignore_case));
  FromEnvironment(
      app->add_option("-f,--first-ttl", flags->first_ttl, "first hop")->capture_default_str())
      ->check(CLI::Range(1, 64));
  FromEnvironment(
      app->add_option("-m,--max-ttl", flags->max_ttl, "last hop")->capture_default_str())
      ->check(CLI::Range(1, 64));
  declared.push_back({app, [flags] { return MakeTrace(*flags); }});
}

}  // namespace

void DeclareProbe(CLI::App& program, DeclaredCommands& declared) {
  CLI::App* probe = AddCommand(program, "probe", "One check from many vantages, without a verdict",
                               "  probemesh probe ping www.example.com\n"
                               "  probemesh probe trace www.example.com:443 --from site=fra");
  probe->require_subcommand(1);
  DeclarePing(*probe, declared);
  DeclareTcp(*probe, declared);
  DeclareUdp(*probe, declared);
  DeclareDns(*probe, declared);
  DeclareTls(*probe, declared);
  DeclareHttp(*probe, declared);
  DeclareTrace(*probe, declared);
}

}  // namespace probemesh::cli
