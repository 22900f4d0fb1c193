// Is the repository still the repository? Rules that a reviewer should not have to remember.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <regex>
#include <string>

#include "tests/tidy/allowed_edges.h"
#include "tests/tidy/source_tree.h"

namespace probemesh::tidy {
namespace {

constexpr size_t kMaxFunctionLines = 70;
constexpr size_t kMaxFileLines = 600;
constexpr size_t kMaxColumns = 120;

const std::vector<SourceFile>& Tree() {
  static const std::vector<SourceFile> files = ReadSourceTree(PROBEMESH_SOURCE_DIR);
  return files;
}

std::string Place(const SourceFile& file, size_t index) {
  return file.path + ":" + std::to_string(index + 1) + ": error: ";
}

// "coordinator/store" of "coordinator/store/x/y.h"; "coordinator" of "coordinator/main.cc".
std::string ModuleOf(const std::string& path) {
  const size_t first = path.find('/');
  if (first == std::string::npos) return "";
  const size_t second = path.find('/', first + 1);
  return path.substr(0, second == std::string::npos ? first : second);
}

std::optional<std::string> IncludedPath(const std::string& line, char open, char close) {
  static const std::string kInclude = "#include ";
  if (line.rfind(kInclude + open, 0) != 0) return std::nullopt;
  const size_t begin = kInclude.size() + 1;
  const size_t end = line.find(close, begin);
  if (end == std::string::npos) return std::nullopt;
  return line.substr(begin, end - begin);
}

bool StartsWith(const std::string& text, const std::string& prefix) {
  return text.rfind(prefix, 0) == 0;
}

bool IsProjectHeader(const std::string& path) {
  return StartsWith(path, "common/") || StartsWith(path, "probe-node/") ||
         StartsWith(path, "coordinator/") || StartsWith(path, "tests/");
}

// Empty when `from` may include `to`.
std::string EdgeError(const std::string& from, const std::string& to) {
  if (from == to) return "";
  if (StartsWith(from, "tests")) return "";
  if (StartsWith(to, "tests")) return "production code may not include tests";
  const std::string from_side = from.substr(0, from.find('/'));
  const std::string to_side = to.substr(0, to.find('/'));
  if (to_side != "common" && from_side != to_side) {
    return from + " may not include " + to + "; the sides meet only in proto/ and common/";
  }
  if (CompositionRoots().count(from) > 0) return "";
  const auto allowed = AllowedModuleEdges().find(from);
  if (allowed == AllowedModuleEdges().end()) {
    return from + " is not in tests/tidy/allowed_edges.h; add it with the modules it needs";
  }
  if (allowed->second.count(to) > 0) return "";
  std::string use;
  for (const std::string& module : allowed->second) use += (use.empty() ? "" : ", ") + module;
  return from + " may not include " + to + "; use " + (use.empty() ? "no other module" : use);
}

TEST(Tidy, ModulesIncludeOnlyWhatTheTableAllows) {
  for (const SourceFile& file : Tree()) {
    if (!file.IsCpp()) continue;
    for (size_t i = 0; i < file.lines.size(); ++i) {
      const auto path = IncludedPath(file.lines[i], '"', '"');
      if (!path || !IsProjectHeader(*path)) continue;
      const std::string error = EdgeError(ModuleOf(file.path), ModuleOf(*path));
      EXPECT_EQ(error, "") << Place(file, i) << error;
    }
  }
}

TEST(Tidy, ThirdPartyHeadersStayInTheirPlace) {
  for (const SourceFile& file : Tree()) {
    if (!file.IsCpp()) continue;
    const bool root = CompositionRoots().count(ModuleOf(file.path)) > 0;
    for (size_t i = 0; i < file.lines.size(); ++i) {
      auto path = IncludedPath(file.lines[i], '<', '>');
      if (!path) path = IncludedPath(file.lines[i], '"', '"');
      if (!path || root) continue;
      for (const auto& [vendor, users] : AllowedVendorUsers()) {
        if (!StartsWith(*path, vendor)) continue;
        const bool allowed = std::any_of(users.begin(), users.end(), [&](const std::string& user) {
          return StartsWith(file.path, user);
        });
        EXPECT_TRUE(allowed) << Place(file, i) << file.Folder() << " may not include <" << *path
                             << ">; see tests/tidy/allowed_edges.h";
      }
    }
  }
}

struct BannedText {
  std::regex pattern;
  std::string instead;
  std::vector<std::string> except;  // path prefixes
};

const std::vector<BannedText>& Banned() {
  static const std::vector<BannedText> banned = {
      {std::regex(R"(std::chrono::\w+_clock::now|absl::Now\(|[^_\w]time\(nullptr\))"),
       "a Clock that was passed in",
       {"common/base/", "tests/lab/", "tests/integration/", "tests/tidy/"}},
      {std::regex(R"(std::random_device|std::mt19937|[^_\w]s?rand\()"),
       "a Random that was passed in",
       {"tests/tidy/"}},
      {std::regex(R"(sleep_for|sleep_until|[^_\w]u?sleep\(|nanosleep\()"),
       "a timer on the event loop, or a condition with a deadline",
       {"tests/tidy/"}},
      {std::regex(R"(absl::Mutex\b|std::lock_guard|std::scoped_lock)"),
       "common/sync/mutex.h",
       {"tests/tidy/", "common/sync/"}},
      {std::regex("FIX"
                  "ME|X"
                  "XX:"),
       "doing it, or an issue",
       {}},
      {std::regex(R"(using namespace )"), "qualified names", {"tests/tidy/"}},
  };
  return banned;
}

TEST(Tidy, NothingBannedIsUsed) {
  for (const SourceFile& file : Tree()) {
    if (!file.IsCpp()) continue;
    for (const BannedText& banned : Banned()) {
      const bool excepted =
          std::any_of(banned.except.begin(), banned.except.end(),
                      [&](const std::string& prefix) { return StartsWith(file.path, prefix); });
      if (excepted) continue;
      for (size_t i = 0; i < file.lines.size(); ++i) {
        EXPECT_FALSE(std::regex_search(file.lines[i], banned.pattern))
            << Place(file, i) << "banned here; use " << banned.instead << "\n"
            << file.lines[i];
      }
    }
  }
}

TEST(Tidy, FunctionsAndFilesStayShort) {
  for (const SourceFile& file : Tree()) {
    if (!file.IsCpp()) continue;
    EXPECT_LE(file.lines.size(), kMaxFileLines) << file.path << ": error: split this file";
    for (const FunctionSpan& span : FindFunctions(file)) {
      EXPECT_LE(span.length, kMaxFunctionLines)
          << file.path << ":" << span.first_line << ": error: split this function";
    }
  }
}

TEST(Tidy, LinesAreAsciiAndNotTooLong) {
  for (const SourceFile& file : Tree()) {
    if (!file.IsCpp() && !file.path.ends_with(".proto")) continue;
    for (size_t i = 0; i < file.lines.size(); ++i) {
      const std::string& line = file.lines[i];
      EXPECT_LE(line.size(), kMaxColumns) << Place(file, i) << "longer than the limit";
      EXPECT_TRUE(std::all_of(line.begin(), line.end(), [](unsigned char c) { return c < 0x80; }))
          << Place(file, i) << "not ASCII; write \\u escapes";
    }
  }
}

std::string GuardOf(const std::string& path) {
  std::string guard = "PROBEMESH_";
  for (const char c : path) {
    guard += std::isalnum(static_cast<unsigned char>(c)) ? static_cast<char>(std::toupper(c)) : '_';
  }
  return guard + "_";
}

TEST(Tidy, HeadersHaveGuardsNamedAfterTheirPath) {
  for (const SourceFile& file : Tree()) {
    if (!file.path.ends_with(".h")) continue;
    const std::string wanted = "#ifndef " + GuardOf(file.path);
    EXPECT_NE(std::find(file.lines.begin(), file.lines.end(), wanted), file.lines.end())
        << file.path << ":1: error: missing \"" << wanted << "\"";
  }
}

TEST(Tidy, EverySourceFileIsRegisteredWithTheBuild) {
  std::map<std::string, std::string> lists;  // folder -> text of its build files
  for (const SourceFile& file : Tree()) {
    if (!file.path.ends_with("CMakeLists.txt") && !file.path.ends_with(".cmake")) continue;
    for (const std::string& line : file.lines) lists[file.Folder()] += line + "\n";
  }
  for (const SourceFile& file : Tree()) {
    if (!file.path.ends_with(".cc")) continue;
    bool found = false;
    for (std::string folder = file.Folder(); !found; folder = folder.substr(0, folder.rfind('/'))) {
      const auto list = lists.find(folder);
      const std::string name = file.path.substr(folder.size() + 1);
      found = list != lists.end() && list->second.find(name) != std::string::npos;
      if (folder.find('/') == std::string::npos) break;
    }
    EXPECT_TRUE(found) << file.path << ":1: error: no CMakeLists.txt builds this file";
  }
}

// The checks themselves, so that none of them can go blind.
TEST(TidySelfTest, FindsWhatItLooksFor) {
  EXPECT_GT(Tree().size(), 50u);
  EXPECT_NE(EdgeError("common/base", "coordinator/store"), "");
  EXPECT_NE(EdgeError("probe-node/agent", "coordinator/store"), "");
  EXPECT_NE(EdgeError("coordinator/diagnosis", "coordinator/store"), "");
  EXPECT_NE(EdgeError("coordinator/store", "tests/support"), "");
  EXPECT_EQ(EdgeError("coordinator/core", "coordinator/store"), "");
  EXPECT_TRUE(std::regex_search(std::string("auto t = absl::Now();"), Banned()[0].pattern));
  const SourceFile sample{"x.cc", {"int F(int a) {", "  return a;", "}"}};
  ASSERT_EQ(FindFunctions(sample).size(), 1u);
  EXPECT_EQ(FindFunctions(sample)[0].length, 3u);
}

}  // namespace
}  // namespace probemesh::tidy
