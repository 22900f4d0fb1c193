#include "coordinator/runs/run_shelf.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace probemesh::coordinator {
namespace {

class NamedRun {
 public:
  explicit NamedRun(std::string name) : name_(std::move(name)) {}
  const std::string& name() const { return name_; }

 private:
  std::string name_;
};

TEST(RunShelfTest, KeepsFinishedRunsThatAreAskedFor) {
  RunShelf<NamedRun> shelf;
  shelf.Add(std::make_unique<NamedRun>("running"));
  for (size_t i = 0; i < kMaxFinishedRuns; ++i) {
    const std::string name = absl::StrCat("run", i);
    shelf.Add(std::make_unique<NamedRun>(name));
    EXPECT_NE(shelf.FindRunning(name), nullptr);
    shelf.Retire(name);
    EXPECT_EQ(shelf.FindRunning(name), nullptr);
  }
  ASSERT_NE(shelf.Find("run0"), nullptr);
  for (const char* name : {"x", "y"}) {
    shelf.Add(std::make_unique<NamedRun>(name));
    shelf.Retire(name);
  }
  EXPECT_NE(shelf.Find("run0"), nullptr);
  EXPECT_EQ(shelf.Find("run1"), nullptr);
  EXPECT_EQ(shelf.Find("run2"), nullptr);
  EXPECT_NE(shelf.Find("run3"), nullptr);
  EXPECT_EQ(shelf.running_count(), 1u);
  EXPECT_EQ(shelf.RunningNames(), std::vector<std::string>{"running"});
  shelf.Retire("unknown");
  size_t visited = 0;
  shelf.VisitAll([&](NamedRun&) { return ++visited == 5; });
  EXPECT_EQ(visited, 5u);
}

}  // namespace
}  // namespace probemesh::coordinator
