#include "coordinator/runs/event_log.h"

#include <gtest/gtest.h>

#include "tests/unit/coordinator/runs/recording_sink.h"

namespace probemesh::coordinator {
namespace {

using Log = EventLog<v1::ProbeRunEvent>;

TEST(EventLogTest, NumbersReplaysAndEnds) {
  Log log;
  log.Publish({});
  log.Publish({});
  const auto all = std::make_shared<ProbeRunRecorder>();
  const auto tail = std::make_shared<ProbeRunRecorder>();
  const auto ahead = std::make_shared<ProbeRunRecorder>();
  log.Watch(0, all);
  log.Watch(1, tail);
  log.Watch(100, ahead);
  log.Publish({});
  EXPECT_EQ(all->events.size(), 3u);
  EXPECT_TRUE(all->GapFree(1));
  EXPECT_EQ(tail->events.size(), 2u);
  EXPECT_TRUE(tail->GapFree(2));
  EXPECT_EQ(ahead->events.size(), 1u);  // what comes is told, whatever it claimed to have seen
  log.End();
  EXPECT_TRUE(all->ended->ok());
  const auto late = std::make_shared<ProbeRunRecorder>();
  log.Watch(2, late);
  EXPECT_EQ(late->events.size(), 1u);
  EXPECT_TRUE(late->ended->ok());
}

TEST(EventLogTest, DropsItsReferenceAtTheEnd) {
  Log log;
  auto sink = std::make_shared<ProbeRunRecorder>();
  log.Watch(0, sink);
  EXPECT_EQ(sink.use_count(), 2);
  log.End();
  EXPECT_EQ(sink.use_count(), 1);
  EXPECT_FALSE(log.Unwatch(sink.get()));
}

}  // namespace
}  // namespace probemesh::coordinator
