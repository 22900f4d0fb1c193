#include "probe-node/identity/state_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <optional>

#include "tests/support/temp_directory.h"

namespace probemesh::node {
namespace {

using testing::HasSubstr;

std::string ErrorOf(const std::string& path) {
  return std::string(StateDir::Open(path).status().message());
}

TEST(StateDirTest, MakesTheFolderForItsOwnerAlone) {
  const TempDirectory parent;
  const auto state = StateDir::Open(parent / "state");
  ASSERT_TRUE(state.ok()) << state.status();
  struct stat info {};
  ASSERT_EQ(stat((parent / "state").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);
  EXPECT_EQ(state->IdentityFile(), parent / "state/identity.json");
}

TEST(StateDirTest, SecondNodeIsRefusedUntilTheFirstIsGone) {
  const TempDirectory parent;
  std::optional<StateDir> first = StateDir::Open(parent.path()).value();
  const auto second = StateDir::Open(parent.path());
  EXPECT_TRUE(absl::IsFailedPrecondition(second.status()));
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("another node is running"));
  const StateDir moved = *std::move(first);
  first.reset();
  EXPECT_FALSE(StateDir::Open(parent.path()).ok());
}

TEST(StateDirTest, LockEndsWithTheObject) {
  const TempDirectory parent;
  { const auto first = StateDir::Open(parent.path()); }
  EXPECT_TRUE(StateDir::Open(parent.path()).ok());
}

TEST(StateDirTest, ErrorsNameTheFolder) {
  const TempDirectory parent;
  EXPECT_THAT(ErrorOf(parent / "no/such"), HasSubstr("no/such"));
  std::ofstream(parent / "file") << "x";
  EXPECT_THAT(ErrorOf(parent / "file"), HasSubstr("is not a folder"));
}

}  // namespace
}  // namespace probemesh::node
