// A file of one test's own, gone with it. Tests of one binary run side by side.
#ifndef PROBEMESH_TESTS_SUPPORT_TEMP_FILE_H_
#define PROBEMESH_TESTS_SUPPORT_TEMP_FILE_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"

namespace probemesh {

class TempFile {
 public:
  explicit TempFile(const std::string& text = "") {
    static int count = 0;
    path_ = absl::StrCat(::testing::TempDir(), "probemesh_test_", getpid(), "_", ++count);
    Write(text);
  }
  ~TempFile() { std::remove(path_.c_str()); }
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;

  const std::string& path() const { return path_; }
  void Write(const std::string& text) { std::ofstream(path_, std::ios::trunc) << text; }
  void Append(const std::string& text) { std::ofstream(path_, std::ios::app) << text; }

 private:
  std::string path_;
};

}  // namespace probemesh

#endif  // PROBEMESH_TESTS_SUPPORT_TEMP_FILE_H_
