#include "tests/tidy/source_tree.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

namespace probemesh::tidy {
namespace {

namespace fs = std::filesystem;

bool Wanted(const fs::path& path) {
  static constexpr std::array<const char*, 7> kExtensions = {".h",  ".cc", ".proto", ".txt",
                                                             ".sh", ".md", ".cmake"};
  return std::find(kExtensions.begin(), kExtensions.end(), path.extension().string()) !=
         kExtensions.end();
}

SourceFile Read(const fs::path& root, const fs::path& path) {
  SourceFile file{fs::relative(path, root).generic_string(), {}};
  std::ifstream input(path);
  for (std::string line; std::getline(input, line);) file.lines.push_back(line);
  return file;
}

bool StartsWithAny(const std::string& text, std::initializer_list<const char*> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const char* prefix) { return text.rfind(prefix, 0) == 0; });
}

bool OpensFunction(const std::string& line, const std::string& indent) {
  if (line.size() <= indent.size() || line.back() != '{') return false;
  if (line.rfind(indent, 0) != 0 || line[indent.size()] == ' ') return false;
  const std::string text = line.substr(indent.size());
  if (StartsWithAny(text, {"namespace", "class ", "struct ", "enum ", "union ", "extern ", "}",
                           "constexpr ", "const ", "static const", "inline const", "#"})) {
    return false;
  }
  return text.find('(') != std::string::npos;
}

}  // namespace

bool SourceFile::IsCpp() const { return path.ends_with(".h") || path.ends_with(".cc"); }

std::string SourceFile::Folder() const {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

std::vector<SourceFile> ReadSourceTree(const std::string& root) {
  std::vector<SourceFile> files;
  fs::recursive_directory_iterator it(root);
  for (; it != fs::recursive_directory_iterator(); ++it) {
    const std::string name = it->path().filename().string();
    if (it->is_directory() && (name == "build" || name.front() == '.')) {
      it.disable_recursion_pending();
    } else if (it->is_regular_file() && Wanted(it->path())) {
      files.push_back(Read(root, it->path()));
    }
  }
  std::sort(files.begin(), files.end(),
            [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  return files;
}

std::vector<FunctionSpan> FindFunctions(const SourceFile& file) {
  std::vector<FunctionSpan> functions;
  for (size_t i = 0; i < file.lines.size(); ++i) {
    for (const char* indent_text : {"", "  "}) {
      const std::string indent = indent_text;
      if (!OpensFunction(file.lines[i], indent)) continue;
      const std::string close = indent + "}";
      size_t end = i + 1;
      while (end < file.lines.size() && file.lines[end].rfind(close, 0) != 0) ++end;
      functions.push_back({i + 1, end - i + 1});
      break;
    }
  }
  return functions;
}

}  // namespace probemesh::tidy
