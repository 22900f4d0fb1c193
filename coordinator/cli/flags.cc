#include "coordinator/cli/flags.h"

#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "coordinator/cli/render/printable.h"

namespace probemesh::cli {
namespace {

constexpr absl::Duration kLongestDuration = absl::Hours(24);

std::string EnvironmentName(const CLI::Option& option) {
  std::string name = "PROBEMESH_";
  for (const char c : option.get_lnames().front()) {
    name += c == '-' ? '_' : absl::ascii_toupper(static_cast<unsigned char>(c));
  }
  return name;
}

}  // namespace

CLI::App* AddCommand(CLI::App& parent, const std::string& name, const std::string& help,
                     const std::string& examples) {
  CLI::App* app = parent.add_subcommand(name, help);
  app->footer("Examples:\n" + examples);
  // With a callback of its own CLI11 reads the environment right after this command's arguments,
  // before the configuration file: that gives the order of precedence that people expect.
  app->parse_complete_callback([] {});
  return app;
}

CLI::Option* FromEnvironment(CLI::Option* option) {
  return option->envname(EnvironmentName(*option));
}

CLI::Validator CountRange() {
  return CLI::Range(uint32_t{1}, std::numeric_limits<uint32_t>::max(), "COUNT");
}

OutputFormat FormatFlags::format() const {
  if (json_lines) return OutputFormat::kJsonLines;
  if (json) return OutputFormat::kJson;
  return markdown ? OutputFormat::kMarkdown : OutputFormat::kText;
}

void AddJson(CLI::App& app, bool& json) {
  FromEnvironment(app.add_flag("-J,--json", json, "one JSON document on stdout, nothing else"));
}

void AddFormats(CLI::App& app, FormatFlags& flags, bool with_lines, bool with_markdown) {
  AddJson(app, flags.json);
  CLI::Option* json = app.get_option("--json");
  CLI::Option* lines = nullptr;
  if (with_lines) {
    lines = FromEnvironment(
        app.add_flag("--jsonl", flags.json_lines, "one JSON event a line, as they happen"));
    lines->excludes(json);
  }
  if (with_markdown) {
    CLI::Option* markdown =
        FromEnvironment(app.add_flag("--markdown", flags.markdown, "a report fit for a ticket"));
    markdown->excludes(json);
    if (lines != nullptr) markdown->excludes(lines);
  }
}

v1::AddressFamily FamilyFlags::family() const {
  if (v4) return v1::IPV4;
  return v6 ? v1::IPV6 : v1::ADDRESS_FAMILY_UNSPECIFIED;
}

void AddFamily(CLI::App& app, FamilyFlags& flags) {
  CLI::Option* v4 = FromEnvironment(app.add_flag("-4,--ipv4", flags.v4, "IPv4 only"));
  CLI::Option* v6 = FromEnvironment(app.add_flag("-6,--ipv6", flags.v6, "IPv6 only"));
  v4->excludes(v6);
}

void AddVantages(CLI::App& app, VantageFlags& flags) {
  FromEnvironment(app.add_option("-F,--from", flags.from,
                                 "vantages to use: ',' or, '+' and, '!x' not, key=value, a name, "
                                 "all, @ID for those of an earlier run"))
      ->type_name("SELECTOR");
  FromEnvironment(app.add_option("-L,--limit", flags.limit, "use at most N vantages"))
      ->type_name("N")
      ->check(CountRange());
}

absl::StatusOr<absl::Duration> ParseDurationFlag(absl::string_view flag, absl::string_view text) {
  absl::Duration duration;
  double seconds = 0;
  if (absl::SimpleAtod(text, &seconds)) {
    duration = absl::Seconds(seconds);
  } else if (!absl::ParseDuration(text, &duration)) {
    return absl::InvalidArgumentError(absl::StrCat(
        flag, ": \"", Printable(text), "\" is not a duration; write 500ms, 3s or 1m30s"));
  }
  if (duration <= absl::ZeroDuration() || duration > kLongestDuration) {
    return absl::InvalidArgumentError(absl::StrCat(flag, " must be above 0 and at most 24h"));
  }
  return duration;
}

absl::StatusOr<std::vector<std::pair<std::string, std::string>>> ParsePairs(
    absl::string_view flag, const std::vector<std::string>& items, char separator) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string& item : items) {
    const size_t at = item.find(separator);
    if (at == std::string::npos || at == 0) {
      return absl::InvalidArgumentError(absl::StrCat(flag, ": \"", Printable(item),
                                                     "\" is not of the form NAME",
                                                     std::string(1, separator), "VALUE"));
    }
    const std::string value(absl::StripAsciiWhitespace(item.substr(at + 1)));
    pairs.emplace_back(item.substr(0, at), value);
  }
  return pairs;
}

}  // namespace probemesh::cli
