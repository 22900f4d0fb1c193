// What the flags of all commands have in common.
#ifndef PROBEMESH_COORDINATOR_CLI_FLAGS_H_
#define PROBEMESH_COORDINATOR_CLI_FLAGS_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "coordinator/cli/options.h"

namespace probemesh::cli {

// A command as declared, and how to turn its parsed flags into options (INVALID_ARGUMENT when they
// make no sense). The function owns the variables that the flags write to.
struct DeclaredCommand {
  CLI::App* app;
  std::function<absl::StatusOr<Command>()> make;
};
using DeclaredCommands = std::vector<DeclaredCommand>;

// Each adds its commands to the program.
void DeclareDiagnose(CLI::App& program, DeclaredCommands& declared);
void DeclareProbe(CLI::App& program, DeclaredCommands& declared);
void DeclareFleet(CLI::App& program, DeclaredCommands& declared);
void DeclareRecords(CLI::App& program, DeclaredCommands& declared);

// A subcommand whose flags may also come from the environment and the configuration file.
CLI::App* AddCommand(CLI::App& parent, const std::string& name, const std::string& help,
                     const std::string& examples);

// "--max-ttl" may be given as PROBEMESH_MAX_TTL. A value on the command line wins over one in the
// environment, which wins over the file.
CLI::Option* FromEnvironment(CLI::Option* option);

// A whole number above 0.
CLI::Validator CountRange();

struct FormatFlags {
  bool json = false;
  bool json_lines = false;
  bool markdown = false;

  OutputFormat format() const;
};
void AddJson(CLI::App& app, bool& json);
void AddFormats(CLI::App& app, FormatFlags& flags, bool with_lines, bool with_markdown);

struct FamilyFlags {
  bool v4 = false;
  bool v6 = false;

  v1::AddressFamily family() const;
};
void AddFamily(CLI::App& app, FamilyFlags& flags);

struct VantageFlags {
  std::string from;
  uint32_t limit = 0;
};
void AddVantages(CLI::App& app, VantageFlags& flags);

// "500ms", "3s", "1m30s", or a bare number of seconds. INVALID_ARGUMENT naming `flag` unless the
// value lies in (0, 24 h].
absl::StatusOr<absl::Duration> ParseDurationFlag(absl::string_view flag, absl::string_view text);

// INVALID_ARGUMENT naming `flag` unless every item is KEY=VALUE.
absl::StatusOr<std::vector<std::pair<std::string, std::string>>> ParsePairs(
    absl::string_view flag, const std::vector<std::string>& items, char separator);

}  // namespace probemesh::cli

#endif  // PROBEMESH_COORDINATOR_CLI_FLAGS_H_
