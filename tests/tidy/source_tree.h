// The project's own files as text, for the checks of tidy_test.cc.
#ifndef PROBEMESH_TESTS_TIDY_SOURCE_TREE_H_
#define PROBEMESH_TESTS_TIDY_SOURCE_TREE_H_

#include <string>
#include <vector>

namespace probemesh::tidy {

struct SourceFile {
  std::string path;  // relative to the project's root, with '/'
  std::vector<std::string> lines;

  bool IsCpp() const;          // .h or .cc
  std::string Folder() const;  // "coordinator/store" of "coordinator/store/store.h"
};

// Every tracked kind of file below the project's root (.h .cc .proto .txt .cmake .sh .md), sorted
// by path; build/ and hidden folders are left out.
std::vector<SourceFile> ReadSourceTree(const std::string& root);

struct FunctionSpan {
  size_t first_line = 0;  // 1-based
  size_t length = 0;      // lines, signature and closing brace included
};

// Functions found by clang-format's layout: a line that opens a body at indentation 0 or 2, and the
// line that closes it at the same indentation. Approximate by design; good enough for a length
// limit.
std::vector<FunctionSpan> FindFunctions(const SourceFile& file);

}  // namespace probemesh::tidy

#endif  // PROBEMESH_TESTS_TIDY_SOURCE_TREE_H_
