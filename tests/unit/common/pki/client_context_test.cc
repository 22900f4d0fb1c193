#include "common/pki/client_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "common/pki/private_file.h"
#include "tests/support/temp_directory.h"

namespace probemesh {
namespace {

internal::v1::ClientContext Sample() {
  internal::v1::ClientContext context;
  context.set_endpoint("127.0.0.1:7443");
  context.set_ca_pem("ca");
  context.set_certificate_pem("certificate");
  context.set_key_pem("key");
  return context;
}

TEST(ClientContext, IsKeptAsJsonForItsOwnerOnly) {
  const TempDirectory folder;
  const std::string path = folder / "admin.context";
  ASSERT_TRUE(SaveClientContext(Sample(), path).ok());
  const absl::StatusOr<internal::v1::ClientContext> loaded = LoadClientContext(path);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->SerializeAsString(), Sample().SerializeAsString());
  EXPECT_THAT(ReadSmallFile(path).value(), testing::HasSubstr("\"caPem\""));
  struct stat info {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST(ClientContext, ErrorsSayWhichFileAndWhatToDo) {
  const TempDirectory folder;
  const std::string path = folder / "context";
  const absl::Status missing = LoadClientContext(path).status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.message()),
              testing::AllOf(testing::HasSubstr(path), testing::HasSubstr("--context")));
  for (const char* text : {"", "nonsense", "{}", R"({"endpoint": "a:1"})", R"({"endpoint": 5})"}) {
    ASSERT_TRUE(WriteFileAtomically(path, text, 0600).ok());
    const absl::Status status = LoadClientContext(path).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr(path));
  }
}

TEST(ClientContext, UnknownMembersOfNewerWritersAreIgnored) {
  const TempDirectory folder;
  const std::string path = folder / "context";
  ASSERT_TRUE(SaveClientContext(Sample(), path).ok());
  std::string json = ReadSmallFile(path).value();
  json.insert(json.find('{') + 1, "\"later\": [1, 2],");
  ASSERT_TRUE(WriteFileAtomically(path, json, 0600).ok());
  EXPECT_TRUE(LoadClientContext(path).ok());
}

}  // namespace
}  // namespace probemesh
