#include "coordinator/cli/command_line.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "coordinator/cli/flags.h"
#include "coordinator/cli/render/completion.h"
#include "coordinator/cli/render/printable.h"
#include "coordinator/cli/version.h"

namespace probemesh::cli {
namespace {

constexpr char kDescription[] =
    "probemesh: is it the server, a firewall, or the route?\n"
    "Asks many vantages at once and answers in about three seconds, with proof.";

constexpr char kFooter[] = R"(Examples:
  probemesh diagnose https://www.example.com       who is to blame, with proof
  probemesh probe trace www.example.com:443        one check from everywhere
  probemesh nodes                                  who takes part
  probemesh token create --name fra-1              bring another node in

Every flag may also be set in the file of --config (a [diagnose] section for the flags of diagnose,
and so on) or as PROBEMESH_<FLAG> in the environment.

Exit status of diagnose and probe: 0 healthy from every trusted vantage, 1 partial or degraded,
2 the target cannot be used, 3 unknown (inconclusive, no vantage ran, coordinator unreachable),
64 usage. Other commands: 0 done, 3 failed, 64 usage.)";

// CLI11 reads the environment of the top level only after the configuration file. Putting such
// values in first, with the last one winning, keeps the order: command line, environment, file.
void EnvironmentFirst(CLI::App& program, const std::vector<CLI::Option*>& options) {
  program.preparse_callback([options](size_t) {
    for (CLI::Option* option : options) {
      const char* value = std::getenv(option->get_envname().c_str());
      if (value != nullptr && *value != '\0') option->add_result(value);
    }
  });
}

void DeclareGlobals(CLI::App& program, GlobalOptions& global) {
  CLI::Option* context =
      FromEnvironment(program.add_option("--context", global.context,
                                         "where the coordinator is and who asks (default "
                                         "~/.config/probemesh/context)"));
  context->type_name("FILE")->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  CLI::Option* plain = FromEnvironment(
      program.add_flag("-C,--ci", global.plain, "no colours, no redrawing, also on a terminal"));
  plain->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  program.set_version_flag("--version", VersionLine(), "print the version");
  program.set_config("--config", "", "read flags from this file")->type_name("FILE");
  program.get_config_ptr()->envname("PROBEMESH_CONFIG");
  program.allow_config_extras(CLI::config_extras_mode::error);
  EnvironmentFirst(program, {context, plain});
}

FlagInfo FlagInfoOf(const CLI::Option& option) {
  FlagInfo info;
  for (const std::string& name : option.get_snames()) info.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) info.names.push_back("--" + name);
  info.help = option.get_description();
  info.takes_value = option.get_expected_min() > 0;
  info.takes_file = info.takes_value && option.get_type_name() == "FILE";
  return info;
}

CommandInfo CommandInfoOf(const CLI::App& app) {
  CommandInfo info;
  info.name = app.get_name();
  info.help = app.get_description();
  for (const CLI::Option* option : app.get_options()) {
    if (option->nonpositional()) info.flags.push_back(FlagInfoOf(*option));
  }
  for (const CLI::App* child : app.get_subcommands(nullptr)) {
    info.commands.push_back(CommandInfoOf(*child));
  }
  return info;
}

void DeclareCompletion(CLI::App& program, DeclaredCommands& declared) {
  CLI::App* app = AddCommand(program, "completion", "A script that completes commands and flags",
                             "  source <(probemesh completion bash)\n"
                             "  probemesh completion zsh > \"${fpath[1]}/_probemesh\"\n"
                             "  probemesh completion fish | source");
  auto shell = std::make_shared<std::string>();
  app->add_option("SHELL", *shell, "bash, zsh or fish")->required();
  declared.push_back({app, [&program, shell]() -> absl::StatusOr<Command> {
                        auto script = CompletionScript(CommandInfoOf(program), *shell);
                        if (!script.ok()) return script.status();
                        return CompletionOptions{*std::move(script)};
                      }});
}

// The innermost command that was given.
const DeclaredCommand* Chosen(const DeclaredCommands& declared) {
  for (const DeclaredCommand& candidate : declared) {
    if (candidate.app->parsed() && candidate.app->get_subcommands().empty()) return &candidate;
  }
  return nullptr;
}

std::string InnermostCommand(const CLI::App& program) {
  std::string path = program.get_name();
  const CLI::App* app = &program;
  while (!app->get_subcommands().empty()) {
    app = app->get_subcommands().front();
    absl::StrAppend(&path, " ", app->get_name());
  }
  return path;
}

const CLI::App& Innermost(const CLI::App& program) {
  const CLI::App* app = &program;
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  return *app;
}

// CLI11 says only that a subcommand is required, not which word it did not know.
std::string MissingCommand(const CLI::App& program) {
  const std::vector<std::string> unknown = program.remaining(true);
  return unknown.empty() ? "a command is needed"
                         : absl::StrCat("unknown command \"", unknown.front(), "\"");
}

void UsageError(const CLI::App& program, absl::string_view message, CommandLine& result) {
  result.exit_code = ExitCode::kUsage;
  result.error = absl::StrCat(Printable(absl::StrReplaceAll(message, {{"\n", " "}})), " (see \"",
                              InnermostCommand(program), " --help\")");
}

// True when parsing went well and a command is to run.
bool ParseInto(CLI::App& program, std::vector<std::string> words, CommandLine& result) {
  std::reverse(words.begin(), words.end());  // as CLI11 wants them
  try {
    program.parse(std::move(words));
    return true;
  } catch (const CLI::Success& success) {  // help or version
    std::ostringstream out;
    std::ostringstream err;
    program.exit(success, out, err);
    result.output = out.str();
  } catch (const CLI::Error& error) {
    const bool no_command = Innermost(program).get_require_subcommand_min() > 0;
    UsageError(program, no_command ? MissingCommand(program) : error.what(), result);
  }
  return false;
}

}  // namespace

CommandLine ParseCommandLine(const std::vector<std::string>& words) {
  CommandLine result;
  CLI::App program(kDescription, "probemesh");
  DeclaredCommands declared;
  program.footer(kFooter);
  program.require_subcommand(1);
  program.fallthrough();
  DeclareGlobals(program, result.global);
  DeclareDiagnose(program, declared);
  DeclareProbe(program, declared);
  DeclareFleet(program, declared);
  DeclareRecords(program, declared);
  DeclareCompletion(program, declared);
  if (words.empty()) {
    result.output = program.help();
    result.exit_code = ExitCode::kUsage;
    return result;
  }
  if (!ParseInto(program, words, result)) return result;
  const DeclaredCommand* chosen = Chosen(declared);
  if (chosen == nullptr) {
    UsageError(program, "a command is needed", result);
    return result;
  }
  absl::StatusOr<Command> command = chosen->make();
  if (command.ok()) {
    result.command = *std::move(command);
  } else {
    UsageError(program, std::string(command.status().message()), result);
  }
  return result;
}

}  // namespace probemesh::cli
