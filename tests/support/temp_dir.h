// A folder of a test's own, gone at the end.
#ifndef PROBEMESH_TESTS_SUPPORT_TEMP_DIR_H_
#define PROBEMESH_TESTS_SUPPORT_TEMP_DIR_H_

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace probemesh {

class TempDir {
 public:
  TempDir() {
    path_ = (std::filesystem::temp_directory_path() / "probemesh-XXXXXX").string();
    if (mkdtemp(path_.data()) == nullptr) std::abort();
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }
  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace probemesh

#endif  // PROBEMESH_TESTS_SUPPORT_TEMP_DIR_H_
