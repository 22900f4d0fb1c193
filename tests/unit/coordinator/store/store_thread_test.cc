#include "coordinator/store/store_thread.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "common/base/clock.h"
#include "tests/support/inline_store_executor.h"
#include "tests/support/manual_event_loop.h"
#include "tests/support/memory_store.h"

namespace probemesh::coordinator {
namespace {

constexpr absl::Duration kDeadline = absl::Seconds(20);

// Runs the loop until `done`, while the store's thread works.
bool RunUntil(ManualEventLoop& loop, const std::function<bool()>& done) {
  const MonotonicTime end = SystemClock().Monotonic() + kDeadline;
  while (!done()) {
    if (SystemClock().Monotonic() > end) return false;
    loop.RunUntilIdle();
    std::this_thread::yield();
  }
  return true;
}

TEST(StoreThread, CarriesOutInOrderElsewhereAndCompletesOnTheLoop) {
  ManualEventLoop loop;
  StoreThread executor(std::make_unique<MemoryStore>(), loop);
  const std::thread::id here = std::this_thread::get_id();
  std::vector<int> worked;
  std::vector<int> completed;
  for (int i = 0; i < 100; ++i) {
    executor.Submit(
        [&worked, here, i](Store&) {
          EXPECT_NE(std::this_thread::get_id(), here);
          worked.push_back(i);
        },
        [&completed, here, i] {
          EXPECT_EQ(std::this_thread::get_id(), here);
          completed.push_back(i);
        });
  }
  EXPECT_EQ(executor.pending(), 100u);
  EXPECT_TRUE(completed.empty());
  ASSERT_TRUE(RunUntil(loop, [&] { return completed.size() == 100; }));
  EXPECT_EQ(executor.pending(), 0u);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(worked[static_cast<size_t>(i)], i);
    EXPECT_EQ(completed[static_cast<size_t>(i)], i);
  }
}

TEST(StoreThread, DestructionCarriesOutWhatIsQueuedAndDropsCompletions) {
  ManualEventLoop loop;
  std::atomic<int> worked{0};
  bool completed = false;
  {
    StoreThread executor(std::make_unique<MemoryStore>(), loop);
    for (int i = 0; i < 50; ++i) {
      executor.Submit([&worked](Store&) { ++worked; }, [&completed] { completed = true; });
    }
  }
  EXPECT_EQ(worked.load(), 50);
  loop.RunUntilIdle();
  EXPECT_FALSE(completed);
}

TEST(StoreThread, SaysWhenItIsFull) {
  ManualEventLoop loop;
  StoreThread executor(std::make_unique<MemoryStore>(), loop);
  size_t done = 0;
  for (size_t i = 0; i < kMaxPendingStoreWork; ++i) {
    EXPECT_FALSE(executor.full());
    executor.Submit([](Store&) {}, [&done] { ++done; });
  }
  EXPECT_TRUE(executor.full());
  ASSERT_TRUE(RunUntil(loop, [&] { return done == kMaxPendingStoreWork; }));
  EXPECT_FALSE(executor.full());
}

TEST(StoreThread, AJobMaySubmitAnotherFromItsCompletion) {
  ManualEventLoop loop;
  StoreThread executor(std::make_unique<MemoryStore>(), loop);
  bool second = false;
  executor.Submit([](Store&) {},
                  [&] { executor.Submit([](Store&) {}, [&second] { second = true; }); });
  EXPECT_TRUE(RunUntil(loop, [&] { return second; }));
}

TEST(InlineStoreExecutor, CompletesOnTheLoopOnly) {
  ManualEventLoop loop;
  MemoryStore store;
  InlineStoreExecutor executor(store, loop);
  bool worked = false;
  bool completed = false;
  executor.Submit([&worked](Store&) { worked = true; }, [&completed] { completed = true; });
  EXPECT_TRUE(worked);
  EXPECT_FALSE(completed);
  EXPECT_EQ(executor.pending(), 1u);
  loop.RunUntilIdle();
  EXPECT_TRUE(completed);
  EXPECT_EQ(executor.pending(), 0u);
}

}  // namespace
}  // namespace probemesh::coordinator
