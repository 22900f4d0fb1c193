// probemesh-lab: the lab by hand.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "tests/lab/faults.h"
#include "tests/lab/lab_run.h"
#include "tests/lab/mesh.h"
#include "tests/lab/namespace_lab.h"
#include "tests/lab/netns.h"
#include "tests/lab/topology.h"

namespace probemesh::lab {
namespace {

constexpr int kUsage = 64;

constexpr char kExamples[] = R"(Examples:
  probemesh-lab up                                   bring the internet up (2-3 s)
  probemesh-lab exec va -- ping -c1 www.lab.test     run something on a host
  probemesh-lab exec p1 -- ip route                  or on a router
  probemesh-lab mesh                                 a coordinator, and a node on each vantage
  probemesh-lab cli -- diagnose https://www.lab.test
  probemesh-lab faults                               what can break
  probemesh-lab fault blackhole_p1                   break it
  probemesh-lab heal                                 mend everything
  probemesh-lab down                                 take it away
With several labs up, choose one with --run-id before or after the command.)";

struct Flags {
  std::string run_id;
  int owner_pid = 0;
  std::string node;
  std::vector<std::string> command;
  std::string fault;
  std::string programs;
  bool all = false;
  bool json = false;
};

void Print(const std::string& text) { std::fputs(text.c_str(), stdout); }

absl::Status Up(const Flags& flags) {
  PM_ASSIGN_OR_RETURN(const LabRun run, BringUp({flags.run_id, flags.owner_pid}));
  Print(run.id() + "\n");
  return absl::OkStatus();
}

absl::Status Status(const Flags& flags) {
  PM_ASSIGN_OR_RETURN(const LabRun run, FindRun(flags.run_id));
  PM_ASSIGN_OR_RETURN(const LabState state, LoadState(run));
  Print(absl::StrCat("lab        ", run.id(), "\nnamespaces ", run.Namespaces().size(),
                     "\nprocesses  ", ProcessesIn(run.Namespaces()).size(), "\nowner      ",
                     state.owner == 0 ? "none (stays until down)" : absl::StrCat(state.owner),
                     "\nfaults     ",
                     state.faults.empty() ? "none" : absl::StrJoin(state.faults, ", "), "\n"));
  return absl::OkStatus();
}

absl::Status List(const Flags&) {
  for (const LabRun& run : ListRuns()) {
    const absl::StatusOr<LabState> state = LoadState(run);
    const std::string faults = state.ok() ? absl::StrJoin(state->faults, ",") : "";
    Print(
        absl::StrCat(run.id(), state.ok() && state->ready ? " up " : " incomplete ", faults, "\n"));
  }
  return absl::OkStatus();
}

absl::Status CheckNode(const std::string& node) {
  if (LabTopology().Find(node) != nullptr) return absl::OkStatus();
  std::vector<std::string> names;
  for (const Node& known : LabTopology().nodes) names.push_back(known.name);
  return absl::InvalidArgumentError(
      absl::StrCat("no node \"", node, "\"; nodes are: ", absl::StrJoin(names, " ")));
}

// Returns only on failure: the command takes this process's place, and its exit code is the tool's.
absl::Status Become(const Command& command) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  execvp(arguments[0], arguments.data());
  return absl::InternalError(absl::StrCat("cannot run ip: ", strerror(errno)));
}

absl::Status Exec(const Flags& flags) {
  PM_ASSIGN_OR_RETURN(const LabRun run, FindRun(flags.run_id));
  PM_RETURN_IF_ERROR(CheckNode(flags.node));
  return Become(InNamespace(run.Namespace(flags.node), flags.command));
}

// The programs of the build that this tool belongs to, unless told otherwise.
Programs ProgramsOf(const Flags& flags) {
  if (!flags.programs.empty()) return {flags.programs};
  std::error_code error;
  return {std::filesystem::read_symlink("/proc/self/exe", error).parent_path().string()};
}

absl::Status StartMesh(const Flags& flags) {
  PM_ASSIGN_OR_RETURN(const LabRun run, FindRun(flags.run_id));
  Mesh mesh(run, ProgramsOf(flags));
  PM_RETURN_IF_ERROR(mesh.Start());
  Print(mesh.ContextFile() + "\n");
  return absl::OkStatus();
}

absl::Status Cli(const Flags& flags) {
  PM_ASSIGN_OR_RETURN(const LabRun run, FindRun(flags.run_id));
  return Become(Mesh(run, ProgramsOf(flags)).CliCommand(flags.command));
}

absl::Status InjectNamed(const Flags& flags) {
  const Fault* fault = FindFault(flags.fault);
  if (fault == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("no fault \"", flags.fault, "\"; see: probemesh-lab faults"));
  }
  PM_ASSIGN_OR_RETURN(const LabRun run, FindRun(flags.run_id));
  PM_RETURN_IF_ERROR(InjectFault(run, *fault));
  Print(absl::StrCat(fault->name, ": ", fault->description, "\n"));
  return absl::OkStatus();
}

absl::Status Faults(const Flags&) {
  for (const Fault& fault : FaultCatalogue()) {
    Print(absl::StrFormat("%-22s %-18s %s\n", fault.name, fault.expectation.verdicts[0],
                          fault.description));
  }
  return absl::OkStatus();
}

absl::Status Heal(const Flags& flags) {
  PM_ASSIGN_OR_RETURN(const LabRun run, FindRun(flags.run_id));
  return HealAll(run);
}

absl::Status Down(const Flags& flags) {
  if (flags.all) return TearDownAll();
  if (flags.run_id.empty()) {
    PM_ASSIGN_OR_RETURN(const LabRun run, FindRun(""));
    return TearDown(run);
  }
  PM_RETURN_IF_ERROR(ValidateRunId(flags.run_id));
  const LabRun run(flags.run_id);
  // Also a half-built lab, which FindRun() does not know.
  for (const LabRun& known : ListRuns()) {
    if (known.id() == run.id()) return TearDown(run);
  }
  return absl::NotFoundError(absl::StrCat("no lab called \"", run.id(), "\" is up"));
}

absl::Status Addresses(const Flags& flags) {
  PM_ASSIGN_OR_RETURN(const LabRun run, FindRun(flags.run_id));
  if (flags.json) {
    Print(AddressesJson(run));
    return absl::OkStatus();
  }
  for (const Node& node : LabTopology().nodes) {
    Print(absl::StrFormat("%-3s %-11s AS%-6d %s\n", node.name, RoleName(node.role), node.asn,
                          absl::StrJoin(node.Addresses(), " ")));
  }
  return absl::OkStatus();
}

using Handler = absl::Status (*)(const Flags&);

// One handler is chosen by the subcommand that was given.
void AddCommands(CLI::App& app, Flags& flags, Handler& handler) {
  const auto add = [&](const char* name, const char* help, Handler chosen) {
    CLI::App* command = app.add_subcommand(name, help);
    command->callback([&handler, chosen] { handler = chosen; });
    return command;
  };
  CLI::App* up = add("up", "Bring a lab up; prints its run id", Up);
  up->add_option("--owner-pid", flags.owner_pid,
                 "Take the lab down when this process ends (default: stays until down)")
      ->check(CLI::PositiveNumber);
  add("status", "Describe the lab and the faults in force", Status);
  add("list", "List the labs of this machine", List);
  CLI::App* exec = add("exec", "Run a command on a node: exec NODE -- CMD...", Exec);
  exec->add_option("node", flags.node, "va, ra, e, t, ...")->required();
  exec->add_option("command", flags.command, "the command and its arguments")->required();
  exec->prefix_command();
  CLI::App* mesh =
      add("mesh", "Start a coordinator, and an unprivileged node on every vantage", StartMesh);
  CLI::App* cli = add("cli", "Run probemesh against that mesh: cli -- ARGUMENTS...", Cli);
  cli->add_option("arguments", flags.command, "what to tell probemesh")->required();
  cli->prefix_command();
  for (CLI::App* command : {mesh, cli}) {
    command->add_option("--programs", flags.programs,
                        "Folder of the programs (default: this tool's)");
  }
  CLI::App* fault = add("fault", "Inject a fault and prove that it happened", InjectNamed);
  fault->add_option("name", flags.fault, "see: probemesh-lab faults")->required();
  add("faults", "List the faults: name, expected verdict, what happens", Faults);
  add("heal", "Undo every fault and prove that all is well", Heal);
  add("down", "Take the lab away", Down)->add_flag("--all", flags.all, "every lab of this machine");
  add("addresses", "Who has which address", Addresses)
      ->add_flag("--json", flags.json, "as one JSON document");
}

int Main(int argc, char** argv) {
  CLI::App app{"An internet made of network namespaces, with faults to order.", "probemesh-lab"};
  Flags flags;
  Handler handler = nullptr;
  app.footer(kExamples);
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--run-id", flags.run_id,
                 "Which lab (1-10 of a-z0-9); may be left out when exactly one is up");
  AddCommands(app, flags, handler);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  const absl::Status status = handler(flags);
  if (status.ok()) return 0;
  std::fprintf(stderr, "probemesh-lab: %s\n", std::string(status.message()).c_str());
  return absl::IsInvalidArgument(status) ? kUsage : 1;
}

}  // namespace
}  // namespace probemesh::lab

int main(int argc, char** argv) { return probemesh::lab::Main(argc, argv); }
