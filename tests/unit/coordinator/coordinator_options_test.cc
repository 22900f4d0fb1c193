#include "coordinator/coordinator_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "common/pki/private_file.h"
#include "tests/support/temp_directory.h"

namespace probemesh::coordinator {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class CoordinatorOptionsTest : public testing::Test {
 protected:
  void TearDown() override {
    for (const std::string& name : set_) unsetenv(name.c_str());
  }
  void SetEnvironment(const std::string& name, const std::string& value) {
    set_.push_back(name);
    setenv(name.c_str(), value.c_str(), 1);
  }

  static CoordinatorOptions Options(const std::vector<std::string>& arguments) {
    const absl::StatusOr<CommandLine> line = ParseCommandLine(arguments, "1.2.3");
    EXPECT_TRUE(line.ok()) << line.status();
    return line.ok() ? line->options : CoordinatorOptions();
  }
  static std::string Error(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--data-dir", "/d"});
    const absl::Status status = ParseCommandLine(arguments, "1.2.3").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(status.message().find('\n'), absl::string_view::npos);
    return std::string(status.message());
  }

  std::vector<std::string> set_;
};

TEST_F(CoordinatorOptionsTest, DefaultsAreThoseOfTheContract) {
  const CoordinatorOptions options = Options({"--data-dir", "/d"});
  EXPECT_EQ(options.data_dir, "/d");
  EXPECT_EQ(options.listen.ToString(), "0.0.0.0:7443");
  EXPECT_EQ(options.enroll_listen.ToString(), "0.0.0.0:7444");
  EXPECT_EQ(options.http_listen.ToString(), "127.0.0.1:9470");
  EXPECT_TRUE(options.advertise.empty());
  EXPECT_TRUE(options.controls.empty());
  EXPECT_EQ(options.log_level, "info");
}

TEST_F(CoordinatorOptionsTest, EveryFlagIsRead) {
  const CoordinatorOptions options = Options(
      {"--data-dir", "/d", "--listen", "[::1]:1", "--enroll-listen=127.0.0.1:2", "--http-listen",
       "127.0.0.1:3", "--advertise", "a.example,2001:db8::1", "--control", "192.0.2.1:443",
       "--control", "[2001:db8::2]:53", "--store", "sqlite", "--log-level", "debug"});
  EXPECT_EQ(options.listen.ToString(), "[::1]:1");
  EXPECT_EQ(options.enroll_listen.port, 2);
  EXPECT_EQ(options.http_listen.port, 3);
  EXPECT_THAT(options.advertise, ElementsAre("a.example", "2001:db8::1"));
  EXPECT_THAT(options.controls, ElementsAre("192.0.2.1:443", "[2001:db8::2]:53"));
  EXPECT_EQ(options.log_level, "debug");
}

TEST_F(CoordinatorOptionsTest, TheFlagWinsOverTheEnvironmentOverTheFile) {
  const TempDirectory folder;
  const std::string file = folder / "coordinator.conf";
  ASSERT_TRUE(WriteFileAtomically(file,
                                  "data-dir = /from-file\nlisten = 127.0.0.1:1\n"
                                  "enroll-listen = 127.0.0.1:1\ncontrol = [\"192.0.2.1:443\"]\n",
                                  0600)
                  .ok());
  SetEnvironment("PROBEMESH_CONFIG", file);
  SetEnvironment("PROBEMESH_LISTEN", "127.0.0.1:2");
  SetEnvironment("PROBEMESH_ENROLL_LISTEN", "127.0.0.1:2");
  SetEnvironment("PROBEMESH_HTTP_LISTEN", "127.0.0.1:2");
  const CoordinatorOptions options = Options({"--enroll-listen", "127.0.0.1:3"});
  EXPECT_EQ(options.data_dir, "/from-file");
  EXPECT_THAT(options.controls, ElementsAre("192.0.2.1:443"));
  EXPECT_EQ(options.enroll_listen.port, 3);
  EXPECT_EQ(options.listen.port, 2);
  EXPECT_EQ(options.http_listen.port, 2);
}

TEST_F(CoordinatorOptionsTest, WrongValuesNameTheirFlag) {
  EXPECT_THAT(Error({"--listen", "foo"}), HasSubstr("--listen"));
  EXPECT_THAT(Error({"--listen", "mesh.example.com:7443"}), HasSubstr("--listen"));
  EXPECT_THAT(Error({"--enroll-listen", "127.0.0.1:99999"}), HasSubstr("--enroll-listen"));
  EXPECT_THAT(Error({"--http-listen", "9470"}), HasSubstr("--http-listen"));
  EXPECT_THAT(Error({"--advertise", "a b"}), HasSubstr("--advertise"));
  EXPECT_THAT(Error({"--advertise", "a:7443"}), HasSubstr("--advertise: takes hosts"));
  EXPECT_THAT(Error({"--control", "one.one.one.one:443"}), HasSubstr("--control"));
  EXPECT_THAT(Error({"--control", "192.0.2.1:0"}), HasSubstr("--control: port 0"));
  EXPECT_THAT(Error({"--store", "postgres://db"}), HasSubstr("--store: this version has no"));
  EXPECT_THAT(Error({"--store", "mysql"}), HasSubstr("--store"));
  EXPECT_THAT(Error({"--bogus"}), HasSubstr("--bogus"));
  EXPECT_THAT(Error({"--config", "/nonexistent"}), HasSubstr("--config"));
  EXPECT_THAT(ParseCommandLine({}, "1").status().ToString(), HasSubstr("--data-dir"));
  EXPECT_THAT(ParseCommandLine({"--data-dir", ""}, "1").status().ToString(),
              HasSubstr("--data-dir"));
}

TEST_F(CoordinatorOptionsTest, AnUnknownEntryOfTheFileIsAnError) {
  const TempDirectory folder;
  const std::string file = folder / "coordinator.conf";
  ASSERT_TRUE(WriteFileAtomically(file, "lisen = 127.0.0.1:1\n", 0600).ok());
  EXPECT_THAT(Error({"--config", file}), HasSubstr("lisen"));
}

TEST_F(CoordinatorOptionsTest, HelpAndVersionArePrinted) {
  EXPECT_EQ(ParseCommandLine({"--version"}, "1.2.3")->print, "probemesh-coordinator 1.2.3\n");
  const std::string help = *ParseCommandLine({"--help"}, "1.2.3")->print;
  for (const char* text :
       {"--data-dir", "--listen", "--enroll-listen", "--http-listen", "--advertise", "--control",
        "--store", "--log-level", "--config", "Examples:", "PROBEMESH_DATA_DIR", "admin.context"}) {
    EXPECT_THAT(help, HasSubstr(text));
  }
}

}  // namespace
}  // namespace probemesh::coordinator
