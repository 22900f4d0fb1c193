// `probemesh version`
#include "coordinator/cli/version.h"

#include "absl/strings/str_cat.h"
#include "coordinator/cli/commands/commands.h"
#include "coordinator/cli/render/json.h"
#include "coordinator/diagnosis/diagnose.h"

namespace probemesh::cli {

absl::StatusOr<ExitCode> Run(const VersionOptions& options, Workplace& place) {
  const absl::string_view rules = coordinator::RulesetVersion();
  if (options.json) {
    place.terminal.PrintLine(PrettyJson(absl::StrCat(
        "{\"version\":", JsonText(Version()), ",\"rulesetVersion\":", JsonText(rules), "}")));
  } else {
    place.terminal.PrintLine(absl::StrCat(VersionLine(), ", rules ", rules));
  }
  return ExitCode::kHealthy;
}

}  // namespace probemesh::cli
