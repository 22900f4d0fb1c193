#include "tests/lab/mesh.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "tests/lab/netns.h"
#include "tests/lab/topology.h"

namespace probemesh::lab {
namespace {

constexpr absl::Duration kStartLimit = absl::Seconds(20);
constexpr uid_t kNobody = 65534;
constexpr char kCoordinatorNode[] = "c";

// What a program said last, for error messages.
std::string Tail(const std::string& path) {
  const std::string log = ReadFile(path).value_or("");
  return log.size() > 2000 ? log.substr(log.size() - 2000) : log;
}

std::string BaseName(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::vector<std::string> ControlFlags() {
  std::vector<std::string> flags;
  for (const char* host : {"x", "y"}) {
    for (const Family family : {Family::kV4, Family::kV6}) {
      const std::string address = LabTopology().Get(host).Address(family);
      flags.push_back("--control");
      flags.push_back(family == Family::kV4 ? absl::StrCat(address, ":80")
                                            : absl::StrCat("[", address, "]:80"));
    }
  }
  return flags;
}

}  // namespace

std::string Programs::Path(absl::string_view program) const {
  return absl::StrCat(folder, "/", program);
}

std::string Mesh::DataDir() const { return run_.File("mesh/coordinator"); }
std::string Mesh::StateDir(absl::string_view vantage) const {
  return run_.File(absl::StrCat("mesh/", vantage));
}
std::string Mesh::ContextFile() const { return absl::StrCat(DataDir(), "/admin.context"); }
std::string Mesh::CoordinatorLog() const { return run_.File("mesh/coordinator.log"); }
std::string Mesh::NodeLog(absl::string_view vantage) const {
  return run_.File(absl::StrCat("mesh/", vantage, ".log"));
}

absl::Status Mesh::Start() {
  PM_RETURN_IF_ERROR(StartCoordinator());
  const std::vector<std::string> vantages = LabTopology().NamesOf(Role::kVantage);
  for (const std::string& vantage : vantages) PM_RETURN_IF_ERROR(StartNode(vantage));
  return AwaitConnected(vantages);
}

absl::Status Mesh::StartCoordinator() {
  std::error_code error;
  std::filesystem::create_directories(DataDir(), error);
  Command command = {programs_.Path("probemesh-coordinator"), "--data-dir", DataDir(),
                     "--advertise", kCoordinatorAddress};
  for (const std::string& flag : ControlFlags()) command.push_back(flag);
  PM_RETURN_IF_ERROR(
      Spawn(InNamespace(run_.Namespace(kCoordinatorNode), command), CoordinatorLog()).status());
  const bool answers = WaitUntil(kStartLimit, [&] {
    if (!std::filesystem::exists(ContextFile())) return false;
    const absl::StatusOr<CommandResult> nodes = Cli({"nodes", "list"});
    return nodes.ok() && nodes->exit_code == 0;
  });
  if (answers) return absl::OkStatus();
  return absl::DeadlineExceededError(
      absl::StrCat("the coordinator does not answer; its log:\n", Tail(CoordinatorLog())));
}

absl::Status Mesh::KillCoordinator() {
  return KillProgram(kCoordinatorNode, "probemesh-coordinator");
}

absl::Status Mesh::StartNode(absl::string_view vantage) {
  std::error_code error;
  const std::string program = run_.File("mesh/probemesh-node");
  if (!std::filesystem::exists(program)) {
    // The build may lie where nobody may look.
    std::filesystem::copy_file(programs_.Path("probemesh-node"), program, error);
    if (error)
      return absl::NotFoundError(
          absl::StrCat("no program probemesh-node in ", programs_.folder, ": ", error.message()));
  }
  // setpriv leaves user nobody without any capability, which is what the node promises to need.
  Command command = {"setpriv",
                     "--reuid=65534",
                     "--regid=65534",
                     "--clear-groups",
                     "--bounding-set=-all",
                     "--inh-caps=-all",
                     "--no-new-privs",
                     program,
                     "--state-dir",
                     StateDir(vantage),
                     "--name",
                     std::string(vantage),
                     "--label",
                     absl::StrCat("asn=", LabTopology().Get(vantage).asn),
                     "--allow-target",
                     "10.0.0.0/8",
                     "--allow-target",
                     "fd00::/8",
                     "--ca-file",
                     run_.File("ca.pem")};
  if (std::filesystem::create_directories(StateDir(vantage), error)) {
    if (chown(StateDir(vantage).c_str(), kNobody, kNobody) != 0) {
      return absl::InternalError("cannot hand the state folder to user nobody");
    }
    PM_ASSIGN_OR_RETURN(const CommandResult token,
                        Cli({"token", "create", "--name", std::string(vantage)}));
    if (token.exit_code != 0) return absl::InternalError("no token: " + token.err);
    command.push_back("--join-token");
    command.push_back(std::string(absl::StripAsciiWhitespace(token.out)));
  }
  return Spawn(InNamespace(run_.Namespace(vantage), command), NodeLog(vantage)).status();
}

absl::Status Mesh::KillNode(absl::string_view vantage) {
  return KillProgram(vantage, "probemesh-node");
}

absl::Status Mesh::AwaitConnected(const std::vector<std::string>& vantages) {
  std::string seen;
  const bool all = WaitUntil(kStartLimit, [&] {
    const absl::StatusOr<CommandResult> nodes = Cli({"nodes", "list"});
    seen = nodes.ok() ? nodes->out + nodes->err : nodes.status().ToString();
    size_t connected = 0;
    for (size_t at = seen.find(" connected "); at != std::string::npos;
         at = seen.find(" connected ", at + 1)) {
      ++connected;
    }
    return connected == vantages.size();
  });
  if (all) return absl::OkStatus();
  std::string logs;
  for (const std::string& vantage : vantages) {
    absl::StrAppend(&logs, "\n", vantage, ":\n", Tail(NodeLog(vantage)));
  }
  return absl::DeadlineExceededError(absl::StrCat("not connected: ", absl::StrJoin(vantages, " "),
                                                  "\n", seen, logs, "\ncoordinator:\n",
                                                  Tail(CoordinatorLog())));
}

Command Mesh::CliCommand(const std::vector<std::string>& arguments) const {
  Command command = {programs_.Path("probemesh"), "--context", ContextFile()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return InNamespace(run_.Namespace(kCoordinatorNode), command);
}

absl::StatusOr<CommandResult> Mesh::Cli(const std::vector<std::string>& arguments) const {
  return RunCommand(CliCommand(arguments));
}

pid_t Mesh::FindProcess(absl::string_view node, absl::string_view program) const {
  for (const pid_t pid : ProcessesIn({run_.Namespace(node)})) {
    std::error_code error;
    const auto target = std::filesystem::read_symlink(absl::StrCat("/proc/", pid, "/exe"), error);
    if (!error && BaseName(target.string()) == program) return pid;
  }
  return 0;
}

absl::Status Mesh::KillProgram(absl::string_view node, absl::string_view program) const {
  const pid_t pid = FindProcess(node, program);
  if (pid == 0) return absl::NotFoundError(absl::StrCat("no ", program, " runs on ", node));
  kill(pid, SIGKILL);
  return WaitUntil(kStartLimit, [&] { return !IsRunning(pid); })
             ? absl::OkStatus()
             : absl::DeadlineExceededError(absl::StrCat(program, " does not die"));
}

}  // namespace probemesh::lab
