#include "coordinator/coordinator_options.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/options/daemon_flags.h"

namespace probemesh::coordinator {
namespace {

constexpr char kExamples[] = R"(
Every flag can also be set as PROBEMESH_<FLAG> in the environment (PROBEMESH_DATA_DIR, ...; lists
with commas) and in the file of --config ("data-dir = /var/lib/probemesh").

Examples:
  A coordinator that nodes reach as mesh.example.com:
    probemesh-coordinator --data-dir /var/lib/probemesh --advertise mesh.example.com
  With destinations that are known to be healthy, against which every vantage proves itself:
    probemesh-coordinator --data-dir /var/lib/probemesh --control 1.1.1.1:443 --control 9.9.9.9:443
  Then, on the same machine:
    probemesh --context /var/lib/probemesh/admin.context token create
)";

struct RawOptions {
  std::string data_dir;
  std::string listen = "0.0.0.0:7443";
  std::string enroll_listen = "0.0.0.0:7444";
  std::string http_listen = "127.0.0.1:9470";
  std::string store = "sqlite";
  std::vector<std::string> advertise;
  std::vector<std::string> controls;
  std::string log_level = "info";
};

void Declare(CLI::App& app, RawOptions& raw) {
  AddFlag(app, "--data-dir", raw.data_dir, "where the coordinator keeps its keys and its store",
          "DIR")
      ->required();
  AddFlag(app, "--listen", raw.listen, "for nodes and the API (gRPC, mutual TLS)", "ADDR:PORT")
      ->capture_default_str();
  AddFlag(app, "--enroll-listen", raw.enroll_listen, "for nodes that join", "ADDR:PORT")
      ->capture_default_str();
  AddFlag(app, "--http-listen", raw.http_listen, "for /metrics, /-/healthy and /-/ready",
          "ADDR:PORT")
      ->capture_default_str();
  AddFlag(app, "--advertise", raw.advertise,
          "under what nodes reach this machine; by default its first address", "HOST[,HOST...]")
      ->delimiter(',');
  AddFlag(app, "--control", raw.controls,
          "a healthy destination that vantages are tested against; may be repeated", "ADDR:PORT")
      ->delimiter(',');
  AddFlag(app, "--store", raw.store, "where results are kept: sqlite, in the data directory",
          "STORE")
      ->capture_default_str();
  AddFlag(app, "--log-level", raw.log_level, "debug, info, warning or error", "LEVEL")
      ->capture_default_str();
}

absl::Status ReadEndpoint(absl::string_view flag, const std::string& text, Endpoint* endpoint) {
  const absl::StatusOr<Endpoint> parsed = Endpoint::Parse(text);
  if (!parsed.ok()) return FlagError(flag, parsed.status().message());
  *endpoint = *parsed;
  return absl::OkStatus();
}

absl::Status CheckStore(const std::string& store) {
  if (store == "sqlite") return absl::OkStatus();
  const bool postgres =
      absl::StartsWith(store, "postgres://") || absl::StartsWith(store, "postgresql://");
  return FlagError("--store", postgres
                                  ? "this version has no PostgreSQL store yet; use sqlite"
                                  : absl::StrCat("\"", store, "\" is not a store; use sqlite"));
}

absl::Status ReadHosts(const std::vector<std::string>& hosts, CoordinatorOptions* options) {
  for (const std::string& text : hosts) {
    const absl::StatusOr<HostPort> host = HostPort::Parse(text);
    if (!host.ok()) return FlagError("--advertise", host.status().message());
    if (host->port != 0) return FlagError("--advertise", "takes hosts without a port");
    options->advertise.push_back(host->host);
  }
  return absl::OkStatus();
}

absl::StatusOr<CoordinatorOptions> Check(const RawOptions& raw, const std::string& version) {
  CoordinatorOptions options;
  options.version = version;
  options.data_dir = raw.data_dir;
  options.log_level = raw.log_level;
  if (raw.data_dir.empty()) return FlagError("--data-dir", "must not be empty");
  PM_RETURN_IF_ERROR(CheckStore(raw.store));
  PM_RETURN_IF_ERROR(ReadEndpoint("--listen", raw.listen, &options.listen));
  PM_RETURN_IF_ERROR(ReadEndpoint("--enroll-listen", raw.enroll_listen, &options.enroll_listen));
  PM_RETURN_IF_ERROR(ReadEndpoint("--http-listen", raw.http_listen, &options.http_listen));
  PM_RETURN_IF_ERROR(ReadHosts(raw.advertise, &options));
  for (const std::string& text : raw.controls) {
    Endpoint control;
    PM_RETURN_IF_ERROR(ReadEndpoint("--control", text, &control));
    if (control.port == 0) return FlagError("--control", "port 0 cannot be probed");
    options.controls.push_back(control.ToString());
  }
  return options;
}

}  // namespace

absl::StatusOr<CommandLine> ParseCommandLine(const std::vector<std::string>& arguments,
                                             const std::string& version) {
  CLI::App app("Holds the mesh, plans which checks run where, and decides what is broken.",
               "probemesh-coordinator");
  DescribeDaemon(app, version, kExamples);
  RawOptions raw;
  Declare(app, raw);
  CommandLine line;
  PM_ASSIGN_OR_RETURN(line.print, ReadFlags(app, arguments));
  if (line.print) return line;
  PM_ASSIGN_OR_RETURN(line.options, Check(raw, version));
  return line;
}

}  // namespace probemesh::coordinator
