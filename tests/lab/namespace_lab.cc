#include "tests/lab/namespace_lab.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "tests/lab/netns.h"
#include "tests/lab/process.h"
#include "tests/lab/reaper.h"
#include "tests/lab/services.h"

namespace probemesh::lab {
namespace {

constexpr absl::Duration kIcmpBudgetRefill = absl::Milliseconds(6500);
// Marks our routes, so that RestoreNode() can tell them from a fault's.
constexpr char kRouteProtocol[] = "99";

// ICMP rate limits are left as the kernel has them. No redirects: no real router sends them on a
// point-to-point link, and they would spend the same budget as errors.
std::vector<std::pair<std::string, std::string>> SysctlsOf(const Node& node) {
  std::vector<std::pair<std::string, std::string>> values = {
      {"net/ipv4/conf/all/rp_filter", "0"},
      {"net/ipv4/conf/default/rp_filter", "0"},
      {"net/ipv4/conf/all/send_redirects", "0"},
      {"net/ipv4/conf/default/send_redirects", "0"},
      {"net/ipv6/conf/all/accept_dad", "0"},
      {"net/ipv6/conf/default/accept_dad", "0"},
      {"net/ipv6/conf/default/accept_ra", "0"},
      {"net/ipv6/conf/default/router_solicitations", "0"},
      {"net/ipv6/conf/default/keep_addr_on_down", "1"},
      {"net/ipv6/conf/all/disable_ipv6", "0"},
      {"net/ipv6/conf/default/disable_ipv6", "0"},
      {"net/ipv4/ping_group_range", "0 2147483647"},
  };
  // Where the bridge module filters, the edge's forward rules would hit the site's own traffic as
  // well, which never crosses it.
  for (const char* key :
       {"net/bridge/bridge-nf-call-iptables", "net/bridge/bridge-nf-call-ip6tables"}) {
    if (std::filesystem::exists(absl::StrCat("/proc/sys/", key))) values.emplace_back(key, "0");
  }
  if (node.role == Role::kRouter) {
    values.emplace_back("net/ipv4/ip_forward", "1");
    values.emplace_back("net/ipv6/conf/all/forwarding", "1");
  }
  return values;
}

absl::Status Batch(const std::string& name_space, const std::string& lines, bool force = false) {
  if (lines.empty()) return absl::OkStatus();
  Command command = {"ip"};
  if (!name_space.empty()) command.insert(command.end(), {"-n", name_space});
  if (force) command.push_back("-force");
  command.insert(command.end(), {"-batch", "-"});
  CommandOptions options;
  options.input = lines;
  if (!force) return MustRun(command, options);
  return RunCommand(command, options).status();
}

std::string WireLines(const LabRun& run) {
  std::string lines;
  for (const Node& node : LabTopology().nodes) {
    for (const Interface& interface : node.interfaces) {
      if (!interface.creates_wire) continue;
      absl::StrAppend(&lines, "link add ", interface.name, " netns ", run.Namespace(node.name),
                      " type veth peer name ", interface.peer_name, " netns ",
                      run.Namespace(interface.peer_node), "\n");
    }
  }
  return lines;
}

std::string BridgeLines(const Node& node) {
  std::string lines;
  for (const Interface& interface : node.interfaces) {
    if (!interface.is_bridge) continue;
    absl::StrAppend(&lines, "link add ", interface.name,
                    " type bridge stp_state 0 forward_delay 0 mcast_snooping 0\n");
  }
  for (const Interface& interface : node.interfaces) {
    if (interface.bridge.empty()) continue;
    absl::StrAppend(&lines, "link set ", interface.name, " master ", interface.bridge, "\n");
  }
  return lines;
}

std::string LinkUpLines(const Node& node) {
  std::string lines = "link set lo up\n";
  for (const Interface& interface : node.interfaces) {
    absl::StrAppend(&lines, "link set ", interface.name, " up\n");
  }
  return lines;
}

std::string AddressLines(const Node& node) {
  std::string lines;
  for (const Interface& interface : node.interfaces) {
    if (!interface.v4.empty()) {
      absl::StrAppend(&lines, "addr replace ", interface.v4, " dev ", interface.name, "\n");
    }
    if (!interface.v6.empty()) {
      absl::StrAppend(&lines, "addr replace ", interface.v6, " dev ", interface.name, " nodad\n");
    }
  }
  return lines;
}

// `ip -batch` lines know no family option: v4 and v6 routes go in two batches.
absl::Status SetRoutes(const LabRun& run, const Node& node) {
  std::string v4, v6;
  for (const Route& route : node.routes) {
    absl::StrAppend(route.family == Family::kV4 ? &v4 : &v6, "route replace ", route.prefix,
                    " via ", route.via, " proto ", kRouteProtocol, "\n");
  }
  PM_RETURN_IF_ERROR(Batch(run.Namespace(node.name), v4));
  if (v6.empty()) return absl::OkStatus();
  CommandOptions options;
  options.input = v6;
  return MustRun({"ip", "-6", "-n", run.Namespace(node.name), "-batch", "-"}, options);
}

absl::Status MakeNetwork(const LabRun& run) {
  const std::vector<Node>& nodes = LabTopology().nodes;
  std::string namespaces;
  for (const Node& node : nodes) {
    absl::StrAppend(&namespaces, "netns add ", run.Namespace(node.name), "\n");
  }
  PM_RETURN_IF_ERROR(Batch("", namespaces));
  for (const Node& node : nodes) {
    PM_RETURN_IF_ERROR(WriteSysctls(run.Namespace(node.name), SysctlsOf(node)));
  }
  PM_RETURN_IF_ERROR(Batch("", WireLines(run)));
  for (const Node& node : nodes) {
    PM_RETURN_IF_ERROR(Batch(run.Namespace(node.name),
                             BridgeLines(node) + LinkUpLines(node) + AddressLines(node)));
  }
  for (const Node& node : nodes) PM_RETURN_IF_ERROR(SetRoutes(run, node));
  return absl::OkStatus();
}

absl::Status MakeResolvers(const LabRun& run) {
  for (const Node& node : LabTopology().nodes) {
    std::error_code error;
    std::filesystem::create_directories("/etc/netns/" + run.Namespace(node.name), error);
    PM_RETURN_IF_ERROR(WriteResolver(run, node.name, LabTopology().Get("d").Address(Family::kV4)));
  }
  return absl::OkStatus();
}

absl::Status StartServices(const LabRun& run) {
  PM_RETURN_IF_ERROR(PrepareServiceFiles(run));
  PM_RETURN_IF_ERROR(LaunchDns(run));
  for (const std::string& node : LabTopology().NamesOf(Role::kWeb)) {
    PM_RETURN_IF_ERROR(StartWeb(run, node, WebVariant::kNormal));
  }
  return AwaitDns(run);
}

absl::Status CheckReachable(const LabRun& run) {
  for (const std::string& vantage : LabTopology().NamesOf(Role::kVantage)) {
    for (const Family family : {Family::kV4, Family::kV6}) {
      const std::string address = LabTopology().Get("t").Address(family);
      const int error = TryConnect(run.Namespace(vantage), address,
                                   {TrialKind::kTcp, family, 443, 0}, absl::Seconds(3));
      if (error == 0) continue;
      return absl::InternalError(absl::StrCat("the lab came up broken: ", vantage,
                                              " cannot reach the target at ", address, ": ",
                                              strerror(error)));
    }
  }
  return absl::OkStatus();
}

// mkdir is the lock: two labs cannot take the same id.
bool TryReserve(const LabRun& run) {
  std::error_code error;
  std::filesystem::create_directories(kRunFolder, error);
  return run.Namespaces().empty() && std::filesystem::create_directory(run.Folder(), error);
}

absl::StatusOr<LabRun> ReserveRun(const std::string& wanted) {
  if (!wanted.empty()) {
    PM_RETURN_IF_ERROR(ValidateRunId(wanted));
    const LabRun run(wanted);
    if (TryReserve(run)) return run;
    return absl::AlreadyExistsError(absl::StrCat("a lab called \"", wanted,
                                                 "\" exists; take it down ",
                                                 "with: probemesh-lab down --run-id ", wanted));
  }
  for (int i = 0; i < 100; ++i) {
    const LabRun run(absl::StrCat("r", getpid() % 100000, i == 0 ? "" : absl::StrCat("x", i)));
    if (TryReserve(run)) return run;
  }
  return absl::InternalError(absl::StrCat("cannot make a folder in ", kRunFolder));
}

absl::Status Build(const LabRun& run, pid_t owner) {
  PM_RETURN_IF_ERROR(SaveState(run, {false, owner, {}}));
  PM_RETURN_IF_ERROR(MakeNetwork(run));
  PM_RETURN_IF_ERROR(MakeResolvers(run));
  PM_RETURN_IF_ERROR(StartServices(run));
  PM_RETURN_IF_ERROR(CheckReachable(run));
  return SaveState(run, {true, owner, {}});
}

std::string Quoted(absl::string_view text) { return absl::StrCat("\"", text, "\""); }

std::string QuotedList(const std::vector<std::string>& values) {
  return absl::StrCat("[",
                      absl::StrJoin(values, ", ",
                                    [](std::string* out, const std::string& value) {
                                      absl::StrAppend(out, Quoted(value));
                                    }),
                      "]");
}

std::string NodeJson(const LabRun& run, const Node& node) {
  return absl::StrCat("    {\"name\": ", Quoted(node.name),
                      ", \"role\": ", Quoted(RoleName(node.role)), ", \"asn\": ", node.asn,
                      ", \"namespace\": ", Quoted(run.Namespace(node.name)),
                      ", \"ipv4\": ", Quoted(node.Address(Family::kV4)),
                      ", \"ipv6\": ", Quoted(node.Address(Family::kV6)),
                      ", \"addresses\": ", QuotedList(node.Addresses()), "}");
}

}  // namespace

absl::StatusOr<LabRun> BringUp(const UpOptions& options) {
  PM_RETURN_IF_ERROR(CheckCanMakeNamespaces());
  PM_ASSIGN_OR_RETURN(const LabRun run, ReserveRun(options.run_id));
  absl::StatusOr<Reaper> reaper = Reaper::Start(run, options.owner);
  absl::Status status = reaper.status();
  if (status.ok()) status = Build(run, options.owner);
  if (status.ok()) {
    reaper->Commit();
    return run;
  }
  const absl::Status down = TearDown(run);
  if (down.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat(status.message(), "; and could not clean up: ", down.message()));
}

absl::Status TearDown(const LabRun& run) {
  const std::vector<std::string> namespaces = run.Namespaces();
  const bool all_dead = KillProcessesIn(namespaces, absl::Seconds(10));
  std::string lines;
  std::error_code error;
  for (const std::string& name : namespaces) absl::StrAppend(&lines, "netns del ", name, "\n");
  absl::Status status = Batch("", lines, /*force=*/true);
  for (const Node& node : LabTopology().nodes) {
    std::filesystem::remove_all("/etc/netns/" + run.Namespace(node.name), error);
  }
  std::filesystem::remove("/etc/netns", error);  // only if empty
  std::filesystem::remove_all(run.Folder(), error);
  std::filesystem::remove(kRunFolder, error);
  if (!all_dead) status.Update(absl::InternalError("some processes of the lab do not die"));
  if (!run.Namespaces().empty()) status.Update(absl::InternalError("some namespaces remain"));
  return status;
}

absl::Status TearDownAll() {
  absl::Status status;
  for (const LabRun& run : ListRuns()) status.Update(TearDown(run));
  return status;
}

absl::Status RestoreNode(const LabRun& run, const Node& node) {
  const std::string name = run.Namespace(node.name);
  PM_RETURN_IF_ERROR(MustRun(InNamespace(name, {"nft", "flush", "ruleset"})));
  PM_RETURN_IF_ERROR(Batch(name, LinkUpLines(node) + AddressLines(node)));
  // Everything that is not the kernel's own, then the topology's routes again.
  for (const char* family : {"-4", "-6"}) {
    for (const char* protocol : {kRouteProtocol, "boot", "static"}) {
      PM_RETURN_IF_ERROR(
          RunCommand({"ip", family, "-n", name, "route", "flush", "proto", protocol}).status());
    }
  }
  PM_RETURN_IF_ERROR(SetRoutes(run, node));
  // A neighbour that failed during the fault would be believed for a while.
  return MustRun({"ip", "-n", name, "neigh", "flush", "all"});
}

void WaitForIcmpBudget() {
  WaitUntil(kIcmpBudgetRefill, [] { return false; });
}

std::string AddressesJson(const LabRun& run) {
  std::vector<std::string> nodes;
  for (const Node& node : LabTopology().nodes) nodes.push_back(NodeJson(run, node));
  return absl::StrCat(
      "{\n  \"runId\": ", Quoted(run.id()), ",\n  \"folder\": ", Quoted(run.Folder()),
      ",\n  \"caFile\": ", Quoted(run.File("ca.pem")), ",\n  \"targetName\": ", Quoted(kTargetName),
      ",\n  \"managementAddress\": ", Quoted(kCoordinatorAddress), ",\n  \"nodes\": [\n",
      absl::StrJoin(nodes, ",\n"), "\n  ]\n}\n");
}

absl::StatusOr<std::unique_ptr<ScopedLab>> ScopedLab::Create() {
  absl::StatusOr<LabRun> run = BringUp({"", getpid()});
  if (!run.ok()) return run.status();
  return std::unique_ptr<ScopedLab>(new ScopedLab(*std::move(run)));
}

ScopedLab::~ScopedLab() {
  const absl::Status status = TearDown(run_);
  static_cast<void>(status);  // the reaper tries again when this process ends
}

}  // namespace probemesh::lab
