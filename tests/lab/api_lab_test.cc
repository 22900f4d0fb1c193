// The public API as other programs use it: from another language, with nothing but the protocol
// files.
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/lab/mesh.h"
#include "tests/lab/namespace_lab.h"
#include "tests/lab/netns.h"

namespace probemesh::lab {
namespace {

// Of the protocol, into `folder`. Debian's own interpreter has the packages, whatever comes first
// in PATH.
absl::Status GeneratePythonMessages(const std::string& folder) {
  return MustRun({"sh", "-c",
                  absl::StrCat("mkdir -p ", folder, " && cd ", PROBEMESH_SOURCE_DIR,
                               "/proto && protoc -I . --python_out=", folder,
                               " $(find google probemesh -name '*.proto')")});
}

TEST(ApiLab, APythonProgramDiagnoses) {
  if (const absl::Status able = CheckCanMakeNamespaces(); !able.ok()) {
    GTEST_SKIP() << able.message();
  }
  const absl::StatusOr<std::unique_ptr<ScopedLab>> lab = ScopedLab::Create();
  ASSERT_TRUE(lab.ok()) << lab.status();
  Mesh mesh((*lab)->run(), Programs{PROBEMESH_BIN_DIR});
  ASSERT_TRUE(mesh.Start().ok());
  const std::string folder = (*lab)->run().File("python");
  const absl::Status generated = GeneratePythonMessages(folder);
  ASSERT_TRUE(generated.ok()) << generated;

  const absl::StatusOr<CommandResult> run =
      RunCommand(InNamespace((*lab)->run().Namespace("c"),
                             {"env", absl::StrCat("PYTHONPATH=", folder), "/usr/bin/python3",
                              absl::StrCat(PROBEMESH_SOURCE_DIR, "/deploy/examples/diagnose.py"),
                              mesh.ContextFile(), "https://www.lab.test"}));

  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->exit_code, 0) << run->err;
  EXPECT_TRUE(absl::StrContains(run->out, "HEALTHY")) << run->out;
}

}  // namespace
}  // namespace probemesh::lab
