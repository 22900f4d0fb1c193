#include "common/options/daemon_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace probemesh {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DaemonFlags : public ::testing::Test {
 protected:
  DaemonFlags() {
    AddFlag(app_, "--data-dir", data_dir_, "where", "DIR");
    AddFlag(app_, "--control", controls_, "whom", "ADDR:PORT")->delimiter(',');
    DescribeDaemon(app_, "1.2.3", "Examples: none");
  }
  ~DaemonFlags() override {
    for (const char* name : {"PROBEMESH_DATA_DIR", "PROBEMESH_CONTROL", "PROBEMESH_CONFIG"}) {
      unsetenv(name);
    }
    if (!file_.empty()) unlink(file_.c_str());
  }

  std::string Config(const std::string& text) {
    file_ = ::testing::TempDir() + "daemon_flags." + std::to_string(getpid());
    std::ofstream(file_) << text;
    return file_;
  }

  CLI::App app_{"A daemon.", "probemesh-daemon"};
  std::string data_dir_;
  std::vector<std::string> controls_;
  std::string file_;
};

TEST_F(DaemonFlags, ReadsTheCommandLineThenTheEnvironmentThenTheFile) {
  const std::string file = Config("data-dir = /file\ncontrol = [\"c:1\"]\n");
  setenv("PROBEMESH_CONFIG", file.c_str(), 1);
  setenv("PROBEMESH_DATA_DIR", "/environment", 1);
  ASSERT_TRUE(ReadFlags(app_, {}).ok());
  EXPECT_EQ(data_dir_, "/environment");
  EXPECT_THAT(controls_, ElementsAre("c:1"));

  ASSERT_TRUE(ReadFlags(app_, {"--data-dir=/flag", "--control", "a:1"}).ok());
  EXPECT_EQ(data_dir_, "/flag");
  EXPECT_THAT(controls_, ElementsAre("a:1"));
}

TEST_F(DaemonFlags, ListsInTheEnvironmentHaveCommas) {
  setenv("PROBEMESH_CONTROL", "a:1,b:2", 1);
  ASSERT_TRUE(ReadFlags(app_, {}).ok());
  EXPECT_THAT(controls_, ElementsAre("a:1", "b:2"));
}

TEST_F(DaemonFlags, PrintsHelpAndVersion) {
  EXPECT_EQ(ReadFlags(app_, {"--version"}).value().value(), "probemesh-daemon 1.2.3\n");
  EXPECT_THAT(ReadFlags(app_, {"--help"}).value().value(), HasSubstr("Examples: none"));
}

TEST_F(DaemonFlags, ErrorsNameTheFlag) {
  EXPECT_THAT(ReadFlags(app_, {"--dta-dir", "x"}).status().message(), HasSubstr("--dta-dir"));
  EXPECT_THAT(ReadFlags(app_, {"--config", "/nonexistent"}).status().message(),
              HasSubstr("--config"));
  EXPECT_THAT(ReadFlags(app_, {"--config", Config("dta-dir = x\n")}).status().message(),
              HasSubstr("dta-dir"));
}

}  // namespace
}  // namespace probemesh
