#include "common/options/daemon_flags.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace probemesh {
namespace {

bool Given(const std::vector<std::string>& arguments, const std::string& flag) {
  return std::any_of(arguments.begin(), arguments.end(), [&](const std::string& argument) {
    return argument == flag || absl::StartsWith(argument, flag + "=");
  });
}

// CLI11 itself asks the environment last, after the file.
std::vector<std::string> WithEnvironment(const CLI::App& app, std::vector<std::string> arguments) {
  std::vector<std::string> all;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_envname().empty()) continue;
    const std::string flag = absl::StrCat("--", option->get_lnames().front());
    const char* value = std::getenv(option->get_envname().c_str());
    if (value == nullptr || *value == '\0' || Given(arguments, flag)) continue;
    all.push_back(absl::StrCat(flag, "=", value));
  }
  all.insert(all.end(), arguments.begin(), arguments.end());
  return all;
}

}  // namespace

std::string EnvironmentName(const std::string& flag) {
  return "PROBEMESH_" + absl::AsciiStrToUpper(absl::StrReplaceAll(flag.substr(2), {{"-", "_"}}));
}

void DescribeDaemon(CLI::App& app, const std::string& version, const std::string& examples) {
  app.footer(examples);
  app.set_version_flag("--version", absl::StrCat(app.get_name(), " ", version));
  app.set_config("--config", "", "file with flags, one \"flag = value\" a line")
      ->type_name("FILE")
      ->envname("PROBEMESH_CONFIG");
  app.allow_config_extras(CLI::config_extras_mode::error);
}

absl::StatusOr<std::optional<std::string>> ReadFlags(CLI::App& app,
                                                     const std::vector<std::string>& arguments) {
  std::vector<std::string> reversed = WithEnvironment(app, arguments);
  std::reverse(reversed.begin(), reversed.end());  // as CLI11 wants them
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    return app.help();
  } catch (const CLI::CallForVersion& call) {
    return absl::StrCat(call.what(), "\n");
  } catch (const CLI::ConfigError& error) {
    return FlagError("--config", error.what());
  } catch (const CLI::FileError& error) {
    return FlagError("--config", error.what());
  } catch (const CLI::Error& error) {
    return absl::InvalidArgumentError(error.what());
  }
  return std::nullopt;
}

absl::Status FlagError(absl::string_view flag, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat(flag, ": ", problem));
}

}  // namespace probemesh
