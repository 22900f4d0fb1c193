#include "coordinator/data_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "common/pki/private_file.h"
#include "tests/support/temp_directory.h"

namespace probemesh::coordinator {
namespace {

using testing::HasSubstr;

TEST(DataDirectory, IsMadeForItsOwnerOnly) {
  const TempDirectory folder;
  const auto directory = DataDirectory::Open(folder / "a/b").value();
  struct stat info {};
  ASSERT_EQ(stat((folder / "a/b").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  EXPECT_EQ(directory->File("x"), folder / "a/b/x");
}

TEST(DataDirectory, BelongsToOneAtATime) {
  const TempDirectory folder;
  auto first = DataDirectory::Open(folder.path()).value();
  const absl::Status second = DataDirectory::Open(folder.path()).status();
  EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.message()), HasSubstr("another coordinator is running"));
  first.reset();
  EXPECT_TRUE(DataDirectory::Open(folder.path()).ok());
}

TEST(DataDirectory, WhatCannotBeUsedIsNamed) {
  const TempDirectory folder;
  ASSERT_TRUE(WriteFileAtomically(folder / "file", "x", 0600).ok());
  for (const std::string& path : {folder / "file", folder / "file/below", std::string("/proc/x")}) {
    const absl::Status status = DataDirectory::Open(path).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << path;
    EXPECT_THAT(std::string(status.message()), HasSubstr(path));
  }
}

}  // namespace
}  // namespace probemesh::coordinator
