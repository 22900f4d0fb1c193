#include "common/pki/private_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/support/temp_directory.h"

namespace probemesh {
namespace {

mode_t ModeOf(const std::string& path) {
  struct stat info {};
  stat(path.c_str(), &info);
  return info.st_mode & 0777;
}

size_t EntriesIn(const std::string& folder) {
  return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

TEST(PrivateFile, WritesReadsAndReplaces) {
  const TempDirectory folder;
  const std::string path = folder / "key";
  ASSERT_TRUE(WriteFileAtomically(path, "first", 0644).ok());
  EXPECT_EQ(ModeOf(path), 0644u);
  ASSERT_TRUE(WriteFileAtomically(path, std::string("sec\0nd", 6), 0600).ok());
  EXPECT_EQ(ModeOf(path), 0600u);
  EXPECT_EQ(ReadSmallFile(path).value(), std::string("sec\0nd", 6));
  EXPECT_EQ(EntriesIn(folder.path()), 1u);
}

TEST(PrivateFile, ErrorsNameThePath) {
  const TempDirectory folder;
  const absl::Status missing = ReadSmallFile(folder / "none").status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.message()), testing::HasSubstr(folder / "none"));
  EXPECT_EQ(ReadSmallFile(folder.path()).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(WriteFileAtomically(folder / "no/such", "x", 0600).ok());
}

TEST(PrivateFile, AFailedWriteLeavesNothingBehind) {
  const TempDirectory folder;
  std::filesystem::create_directory(folder / "taken");
  EXPECT_FALSE(WriteFileAtomically(folder / "taken", "x", 0600).ok());
  EXPECT_EQ(EntriesIn(folder.path()), 1u);
}

TEST(PrivateFile, LargeFilesAreNotRead) {
  const TempDirectory folder;
  ASSERT_TRUE(WriteFileAtomically(folder / "big", std::string((4 << 20) + 1, 'x'), 0600).ok());
  EXPECT_EQ(ReadSmallFile(folder / "big").status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace probemesh
