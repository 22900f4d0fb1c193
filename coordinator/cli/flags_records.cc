#include <memory>

#include "coordinator/cli/flags.h"

namespace probemesh::cli {
namespace {

void DeclareHistoryList(CLI::App* app, DeclaredCommands& declared) {
  auto options = std::make_shared<HistoryOptions>();
  auto format = std::make_shared<FormatFlags>();
  FromEnvironment(app->add_option("-L,--limit", options->limit, "how many")->capture_default_str())
      ->check(CLI::Range(1, 200));
  AddFormats(*app, *format, false, false);
  declared.push_back({app, [options, format]() -> absl::StatusOr<Command> {
                        options->format = format->format();
                        return *options;
                      }});
}

void DeclareHistory(CLI::App& program, DeclaredCommands& declared) {
  CLI::App* history = AddCommand(program, "history", "Earlier diagnoses, newest first",
                                 "  probemesh history\n"
                                 "  probemesh history show 0192a6d1-7a3c-7000-8000-000000000001");
  history->require_subcommand(0, 1);
  DeclareHistoryList(history, declared);
  DeclareHistoryList(AddCommand(*history, "list", "the list", "  probemesh history list --limit 5"),
                     declared);
  CLI::App* show = AddCommand(*history, "show", "one of them, as it was",
                              "  probemesh history show ID --markdown");
  auto options = std::make_shared<HistoryOptions>();
  auto format = std::make_shared<FormatFlags>();
  show->add_option("ID", options->id, "id of the diagnosis")->required();
  AddFormats(*show, *format, false, true);
  declared.push_back({show, [options, format]() -> absl::StatusOr<Command> {
                        options->format = format->format();
                        return *options;
                      }});
}

absl::StatusOr<Command> MakeExplain(ExplainOptions options, const FormatFlags& format) {
  options.format = format.format();
  if (options.id.empty() && options.bundle_path.empty() && !options.causes) {
    return absl::InvalidArgumentError(
        "explain what? Give the id of a diagnosis, --bundle FILE, or --causes");
  }
  return options;
}

void DeclareExplain(CLI::App& program, DeclaredCommands& declared) {
  CLI::App* app = AddCommand(
      program, "explain", "Judge stored evidence again, with every reason and weight",
      "  probemesh explain 0192a6d1-7a3c-7000-8000-000000000001\n"
      "  probemesh explain --bundle outage.json     needs no coordinator; an ID is checked\n"
      "  probemesh explain --causes                 what a diagnosis can name");
  auto options = std::make_shared<ExplainOptions>();
  auto format = std::make_shared<FormatFlags>();
  CLI::Option* id = app->add_option("ID", options->id, "id of a stored diagnosis");
  CLI::Option* bundle = FromEnvironment(app->add_option(
      "--bundle", options->bundle_path, "a file of `probemesh bundle`; - is stdin"));
  bundle->type_name("FILE");
  FromEnvironment(app->add_flag("--causes", options->causes, "list every cause"))
      ->excludes(id)
      ->excludes(bundle);
  AddFormats(*app, *format, false, true);
  declared.push_back({app, [options, format] { return MakeExplain(*options, *format); }});
}

void DeclareBundle(CLI::App& program, DeclaredCommands& declared) {
  CLI::App* app =
      AddCommand(program, "bundle", "All evidence of a diagnosis as JSON, on stdout",
                 "  probemesh bundle 0192a6d1-7a3c-7000-8000-000000000001 > outage.json\n"
                 "  probemesh explain --bundle outage.json");
  auto options = std::make_shared<BundleOptions>();
  app->add_option("ID", options->id, "id of the diagnosis")->required();
  declared.push_back({app, [options]() -> absl::StatusOr<Command> { return *options; }});
}

void DeclareVersion(CLI::App& program, DeclaredCommands& declared) {
  CLI::App* app = AddCommand(program, "version", "Versions of this program and its rules",
                             "  probemesh version --json");
  auto options = std::make_shared<VersionOptions>();
  AddJson(*app, options->json);
  declared.push_back({app, [options]() -> absl::StatusOr<Command> { return *options; }});
}

}  // namespace

void DeclareRecords(CLI::App& program, DeclaredCommands& declared) {
  DeclareHistory(program, declared);
  DeclareExplain(program, declared);
  DeclareBundle(program, declared);
  DeclareVersion(program, declared);
}

}  // namespace probemesh::cli
