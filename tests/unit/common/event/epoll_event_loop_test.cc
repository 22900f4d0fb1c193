#include "common/event/epoll_event_loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace probemesh {
namespace {

// A pipe whose ends do not block.
class Pipe {
 public:
  Pipe() { EXPECT_EQ(pipe2(ends_.data(), O_NONBLOCK | O_CLOEXEC), 0); }
  ~Pipe() {
    CloseReader();
    CloseWriter();
  }
  int reader() const { return ends_[0]; }
  int writer() const { return ends_[1]; }
  void Write() { EXPECT_EQ(write(ends_[1], "x", 1), 1); }
  void Drain() {
    std::array<char, 64> buffer;
    while (read(ends_[0], buffer.data(), buffer.size()) > 0) continue;
  }
  void CloseReader() { Close(&ends_[0]); }
  void CloseWriter() { Close(&ends_[1]); }

 private:
  static void Close(int* end) {
    if (*end >= 0) close(*end);
    *end = -1;
  }
  std::array<int, 2> ends_{};
};

class EpollEventLoopTest : public testing::Test {
 protected:
  // Runs until `Stop` was called, or for 20 s, which is a failure.
  void RunUntilStopped() {
    loop_.ScheduleAfter(absl::Seconds(20), [this] {
      ADD_FAILURE() << "nobody stopped the loop";
      loop_.Stop();
    });
    loop_.Run();
  }
  EventLoop::Task Note(const std::string& what) {
    return [this, what] { noted_.push_back(what); };
  }
  EventLoop::Task Stop() {
    return [this] { loop_.Stop(); };
  }

  EpollEventLoop loop_;
  std::vector<std::string> noted_;
};

TEST_F(EpollEventLoopTest, TimersRunInTheOrderOfTheirTimesAndThenOfTheirSetting) {
  loop_.ScheduleAfter(absl::Milliseconds(40), Note("last"));
  loop_.ScheduleAfter(absl::Milliseconds(40), Stop());
  loop_.ScheduleAfter(absl::Milliseconds(20), Note("second"));
  loop_.ScheduleAfter(-absl::Seconds(1), Note("first"));
  const MonotonicTime start = loop_.clock().Monotonic();
  RunUntilStopped();
  EXPECT_EQ(noted_, (std::vector<std::string>{"first", "second", "last"}));
  EXPECT_GE(loop_.clock().Monotonic() - start, absl::Milliseconds(40));
}

TEST_F(EpollEventLoopTest, ATimerIsNeverEarlyAndNeverInline) {
  bool inside_call = true;
  const MonotonicTime start = loop_.clock().Monotonic();
  loop_.ScheduleAfter(absl::ZeroDuration(), [&] { EXPECT_FALSE(inside_call); });
  loop_.ScheduleAfter(absl::Microseconds(3300), [&] {
    EXPECT_GE(loop_.clock().Monotonic() - start, absl::Microseconds(3300));
    loop_.Stop();
  });
  inside_call = false;
  RunUntilStopped();
}

TEST_F(EpollEventLoopTest, ACancelledTimerDoesNotRunAndFreesWhatItHeld) {
  const auto held = std::make_shared<int>(1);
  const TimerId timer = loop_.ScheduleAfter(absl::Milliseconds(5), [held] { FAIL(); });
  EXPECT_NE(timer, 0u);
  EXPECT_EQ(held.use_count(), 2);
  EXPECT_TRUE(loop_.CancelTimer(timer));
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_FALSE(loop_.CancelTimer(timer));
  EXPECT_FALSE(loop_.CancelTimer(0));
  loop_.ScheduleAfter(absl::Milliseconds(10), Stop());
  RunUntilStopped();
}

TEST_F(EpollEventLoopTest, ATimerMayCancelAnotherThatIsDueAsWell) {
  TimerId second = 0;
  loop_.ScheduleAfter(absl::Milliseconds(5), [&] { EXPECT_TRUE(loop_.CancelTimer(second)); });
  second = loop_.ScheduleAfter(absl::Milliseconds(5), [] { FAIL(); });
  loop_.ScheduleAfter(absl::Milliseconds(10), Stop());
  RunUntilStopped();
}

TEST_F(EpollEventLoopTest, ATimerThatSetsItselfForNowDoesNotStarveDescriptors) {
  Pipe pipe;
  pipe.Write();
  std::function<void()> again = [&] { loop_.ScheduleAfter(absl::ZeroDuration(), again); };
  again();
  ASSERT_TRUE(loop_.WatchFd(pipe.reader(), kReadable, [this](uint32_t) { loop_.Stop(); }).ok());
  RunUntilStopped();
  loop_.UnwatchFd(pipe.reader());
}

TEST_F(EpollEventLoopTest, PostedTasksOfAThreadKeepTheirOrder) {
  constexpr int kTasks = 2000;
  std::vector<int> seen;
  std::thread poster([&] {
    for (int i = 0; i < kTasks; ++i) loop_.Post([&seen, i] { seen.push_back(i); });
    loop_.Post(Stop());
  });
  RunUntilStopped();
  poster.join();
  ASSERT_EQ(seen.size(), static_cast<size_t>(kTasks));
  for (int i = 0; i < kTasks; ++i) EXPECT_EQ(seen[static_cast<size_t>(i)], i);
}

TEST_F(EpollEventLoopTest, APostWakesALoopThatHasNothingElseToDo) {
  std::thread poster;
  loop_.ScheduleAfter(absl::ZeroDuration(),
                      [&] { poster = std::thread([&] { loop_.Post(Stop()); }); });
  const MonotonicTime start = loop_.clock().Monotonic();
  RunUntilStopped();
  poster.join();
  EXPECT_LT(loop_.clock().Monotonic() - start, absl::Seconds(5));
}

TEST_F(EpollEventLoopTest, StopMayComeFromAnotherThreadAndBeforeRun) {
  std::thread stopper([this] { loop_.Stop(); });
  stopper.join();
  loop_.Run();
}

TEST_F(EpollEventLoopTest, WhatIsPostedAfterTheEndIsDestroyedUnrun) {
  loop_.Stop();
  loop_.Run();
  const auto held = std::make_shared<int>(1);
  loop_.Post([held] { FAIL(); });
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(EpollEventLoopTest, TellsReadinessUntilItIsConsumed) {
  Pipe pipe;
  int calls = 0;
  ASSERT_TRUE(loop_
                  .WatchFd(pipe.reader(), kReadable,
                           [&](uint32_t ready) {
                             EXPECT_EQ(ready, kReadable);
                             if (++calls < 3) return;  // level-triggered: it comes again
                             pipe.Drain();
                             loop_.ScheduleAfter(absl::Milliseconds(10), Stop());
                           })
                  .ok());
  pipe.Write();
  RunUntilStopped();
  EXPECT_EQ(calls, 3);
  loop_.UnwatchFd(pipe.reader());
}

TEST_F(EpollEventLoopTest, ReportsErrorsWithoutBeingAsked) {
  Pipe pipe;
  pipe.CloseReader();
  ASSERT_TRUE(loop_
                  .WatchFd(pipe.writer(), 0,
                           [&](uint32_t ready) {
                             EXPECT_NE(ready & kError, 0u);
                             loop_.UnwatchFd(pipe.writer());
                             loop_.Stop();
                           })
                  .ok());
  RunUntilStopped();
}

TEST_F(EpollEventLoopTest, InterestCanBeChanged) {
  Pipe pipe;
  int calls = 0;
  ASSERT_TRUE(loop_
                  .WatchFd(pipe.writer(), kWritable,
                           [&](uint32_t ready) {
                             EXPECT_EQ(ready, kWritable);
                             ++calls;
                             loop_.UpdateFd(pipe.writer(), 0);
                             loop_.ScheduleAfter(absl::Milliseconds(10), Stop());
                           })
                  .ok());
  RunUntilStopped();
  EXPECT_EQ(calls, 1);
  loop_.UnwatchFd(pipe.writer());
}

TEST_F(EpollEventLoopTest, ACallbackMayUnwatchItselfAndOthersThatAreReady) {
  Pipe first;
  Pipe second;
  int calls = 0;
  const auto unwatch_both = [&](uint32_t) {
    ++calls;
    loop_.UnwatchFd(first.reader());
    loop_.UnwatchFd(second.reader());
    loop_.ScheduleAfter(absl::Milliseconds(10), Stop());
  };
  ASSERT_TRUE(loop_.WatchFd(first.reader(), kReadable, unwatch_both).ok());
  ASSERT_TRUE(loop_.WatchFd(second.reader(), kReadable, unwatch_both).ok());
  first.Write();
  second.Write();
  RunUntilStopped();
  EXPECT_EQ(calls, 1);
}

TEST_F(EpollEventLoopTest, AReusedDescriptorDoesNotInheritEvents) {
  Pipe first;
  Pipe second;
  int stale = 0;
  const auto swap = [&](uint32_t) {
    // The other one is ready in this same turn; what takes its number is not.
    loop_.UnwatchFd(first.reader());
    loop_.UnwatchFd(second.reader());
    Pipe fresh;
    ASSERT_EQ(dup2(fresh.reader(), second.reader()), second.reader());
    ASSERT_EQ(dup2(fresh.reader(), first.reader()), first.reader());
    for (const int fd : {first.reader(), second.reader()}) {
      ASSERT_TRUE(loop_
                      .WatchFd(fd, kReadable,
                               [&stale](uint32_t ready) {
                                 if ((ready & kReadable) != 0) ++stale;
                               })
                      .ok());
      loop_.UpdateFd(fd, 0);
    }
    loop_.Post(Stop());
  };
  ASSERT_TRUE(loop_.WatchFd(first.reader(), kReadable, swap).ok());
  ASSERT_TRUE(loop_.WatchFd(second.reader(), kReadable, swap).ok());
  first.Write();
  second.Write();
  RunUntilStopped();
  EXPECT_EQ(stale, 0);
  loop_.UnwatchFd(first.reader());
  loop_.UnwatchFd(second.reader());
}

TEST_F(EpollEventLoopTest, RefusesASecondWatchAndBadDescriptors) {
  Pipe pipe;
  const auto ignore = [](uint32_t) {};
  EXPECT_TRUE(loop_.WatchFd(pipe.reader(), kReadable, ignore).ok());
  EXPECT_EQ(loop_.WatchFd(pipe.reader(), kReadable, ignore).code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_FALSE(loop_.WatchFd(1'000'000, kReadable, ignore).ok());
  loop_.UnwatchFd(pipe.reader());
  loop_.UnwatchFd(pipe.reader());  // harmless
  loop_.UpdateFd(pipe.reader(), kReadable);
  EXPECT_TRUE(loop_.WatchFd(pipe.reader(), kReadable, ignore).ok());
  loop_.UnwatchFd(pipe.reader());
}

}  // namespace
}  // namespace probemesh
