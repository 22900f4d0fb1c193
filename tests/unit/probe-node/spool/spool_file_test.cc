#include "probe-node/spool/spool_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "probe-node/spool/crc32c.h"
#include "tests/support/temp_directory.h"

namespace probemesh::node {
namespace {

using Kind = SpoolRecord::Kind;

class SpoolFileTest : public testing::Test {
 protected:
  std::string Bytes() const {
    std::ifstream in(path_, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }
  void SetBytes(const std::string& bytes) const {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
  }
  SpoolFile::Contents Read() const {
    auto contents = SpoolFile::Read(path_);
    EXPECT_TRUE(contents.ok()) << contents.status();
    return contents.ok() ? *contents : SpoolFile::Contents();
  }
  // Three results, left behind as by a process that was killed.
  void WriteThree() const {
    SpoolFile file(path_);
    ASSERT_TRUE(file.Rewrite(7, 0, {}).ok());
    for (uint64_t sequence = 1; sequence <= 3; ++sequence) {
      ASSERT_TRUE(file.Append({Kind::kResult, sequence, "result"}).ok());
    }
  }

  // The same file with another `boot` in its header, at offset 24, and the header's checksum
  // mended.
  static std::string WithBoot(std::string bytes, const std::string& boot) {
    bytes.replace(24, 8, boot);
    const uint32_t crc = Crc32c(absl::string_view(bytes).substr(0, 36));
    for (int i = 0; i < 4; ++i) bytes[36 + i] = static_cast<char>((crc >> (8 * i)) & 0xff);
    return bytes;
  }

  TempDirectory dir_;
  std::string path_ = dir_ / "spool";
};

TEST_F(SpoolFileTest, ReadsBackWhatWasWritten) {
  {
    SpoolFile file(path_);
    ASSERT_TRUE(file.Rewrite(0xfedcba9876543210, 5, {{Kind::kResult, 6, "six"}}).ok());
    ASSERT_TRUE(file.Append({Kind::kStarted, 0, "draft"}).ok());
    ASSERT_TRUE(file.Append({Kind::kAck, 6, ""}).ok());
    EXPECT_EQ(file.size(), std::filesystem::file_size(path_));
  }
  const SpoolFile::Contents contents = Read();
  EXPECT_EQ(contents.generation, 0xfedcba9876543210);
  EXPECT_EQ(contents.acked, 5);
  EXPECT_FALSE(contents.incomplete);
  ASSERT_EQ(contents.records.size(), 3);
  EXPECT_EQ(contents.records[0].sequence, 6);
  EXPECT_EQ(contents.records[0].observation, "six");
  EXPECT_EQ(contents.records[1].kind, Kind::kStarted);
  EXPECT_EQ(contents.records[1].observation, "draft");
  EXPECT_EQ(contents.records[2].kind, Kind::kAck);
}

TEST_F(SpoolFileTest, IsReadableByItsOwnerAlone) {
  WriteThree();
  struct stat info {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST_F(SpoolFileTest, MissingFileIsNotFound) {
  EXPECT_TRUE(absl::IsNotFound(SpoolFile::Read(path_).status()));
}

TEST_F(SpoolFileTest, TornTailIsDroppedAtEveryLengthWithoutCallingTheRestDamaged) {
  WriteThree();
  const std::string whole = Bytes();
  const size_t record = (whole.size() - 40) / 3;
  for (size_t cut = 1; cut < record; ++cut) {
    SetBytes(whole.substr(0, whole.size() - cut));
    const SpoolFile::Contents contents = Read();
    EXPECT_FALSE(contents.incomplete) << cut;
    EXPECT_EQ(contents.records.size(), 2) << cut;
  }
}

TEST_F(SpoolFileTest, AnyFlippedBitIsNoticed) {
  WriteThree();
  const std::string whole = Bytes();
  const size_t record = (whole.size() - 40) / 3;
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    SetBytes(damaged);
    const SpoolFile::Contents contents = Read();
    const size_t intact = at < 40 ? 3 : (at - 40) / record;
    EXPECT_LE(contents.records.size(), 3) << at;
    EXPECT_GE(contents.records.size(), intact) << at;
    for (const SpoolRecord& read : contents.records) EXPECT_EQ(read.observation, "result") << at;
    EXPECT_TRUE(contents.incomplete) << at;
  }
}

TEST_F(SpoolFileTest, NoPrefixAndNoGarbageCrashesTheReader) {
  WriteThree();
  const std::string whole = Bytes();
  for (size_t length = 0; length <= whole.size(); ++length) {
    SetBytes(whole.substr(0, length));
    EXPECT_EQ(Read().incomplete, length < 40) << length;
  }
  SetBytes(whole.substr(0, 40) + std::string(100, '\xff'));
  EXPECT_TRUE(Read().incomplete);
  // What a file system leaves after a power cut: the right length, and zeros.
  SetBytes(whole.substr(0, 40) + std::string(100, '\0'));
  EXPECT_TRUE(Read().incomplete);
}

TEST_F(SpoolFileTest, FileLeftOpenByAnotherBootIsIncomplete) {
  WriteThree();
  SetBytes(WithBoot(Bytes(), "12345678"));
  EXPECT_TRUE(Read().incomplete);
  // A node that cannot tell boots apart must assume the worst.
  SetBytes(WithBoot(Bytes(), std::string(8, '\0')));
  EXPECT_TRUE(Read().incomplete);
}

TEST_F(SpoolFileTest, FileClosedCleanlySurvivesAnyBoot) {
  {
    SpoolFile file(path_);
    ASSERT_TRUE(file.Rewrite(7, 0, {{Kind::kResult, 1, "result"}}).ok());
    file.CloseCleanly();
    EXPECT_FALSE(file.is_open());
  }
  SetBytes(WithBoot(Bytes(), "12345678"));
  EXPECT_FALSE(Read().incomplete);
  EXPECT_EQ(Read().records.size(), 1);
}

TEST_F(SpoolFileTest, ResetForgetsRecordsAndAppendsGoOn) {
  SpoolFile file(path_);
  ASSERT_TRUE(file.Rewrite(7, 0, {{Kind::kResult, 1, "result"}}).ok());
  ASSERT_TRUE(file.Reset(7, 1).ok());
  ASSERT_TRUE(file.Append({Kind::kResult, 2, "two"}).ok());
  const SpoolFile::Contents contents = Read();
  EXPECT_EQ(contents.acked, 1);
  ASSERT_EQ(contents.records.size(), 1);
  EXPECT_EQ(contents.records[0].sequence, 2);
}

// A child with a small RLIMIT_FSIZE stands for a full disk: the write fails half-way, as it does
// there.
TEST_F(SpoolFileTest, FailedWriteTaintsTheFile) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    SpoolFile file(path_);
    bool ok = file.Rewrite(7, 0, {{Kind::kResult, 1, "result"}}).ok();
    const rlimit limit = {100, 100};
    setrlimit(RLIMIT_FSIZE, &limit);
    ok = ok && !file.Append({Kind::kResult, 2, std::string(1000, 'x')}).ok() && !file.is_open() &&
         !file.Append({Kind::kResult, 3, "x"}).ok();
    _exit(ok ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  const SpoolFile::Contents contents = Read();
  EXPECT_TRUE(contents.incomplete);
  EXPECT_EQ(contents.generation, 7);
  ASSERT_EQ(contents.records.size(), 1);
  EXPECT_EQ(contents.records[0].observation, "result");
}

TEST_F(SpoolFileTest, RewriteIntoNowhereFailsWithThePath) {
  SpoolFile file(dir_ / "no/such/folder/spool");
  const absl::Status status = file.Rewrite(7, 0, {});
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_NE(std::string(status.message()).find("no/such/folder"), std::string::npos);
  EXPECT_FALSE(file.is_open());
}

}  // namespace
}  // namespace probemesh::node
