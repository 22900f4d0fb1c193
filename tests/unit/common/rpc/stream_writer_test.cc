#include "common/rpc/stream_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "probemesh/v1/node_service.pb.h"

namespace probemesh {
namespace {

using Writer = StreamWriter<v1::CancelProbe>;
using Result = Writer::SendResult;

class StreamWriterTest : public testing::Test {
 protected:
  static v1::CancelProbe Message(const std::string& id) {
    v1::CancelProbe message;
    message.set_command_id(id);
    return message;
  }

  std::vector<std::string> log_;
  Writer writer_{{3, 100},
                 {[this](const v1::CancelProbe* message) { log_.push_back(message->command_id()); },
                  [this](const absl::Status& status) {
                    log_.push_back("finish " + absl::StatusCodeToString(status.code()));
                  }}};
};

TEST_F(StreamWriterTest, OneWriteAtATime) {
  EXPECT_EQ(writer_.Send(Message("a")), Result::kQueued);
  EXPECT_EQ(writer_.Send(Message("b")), Result::kQueued);
  EXPECT_THAT(log_, testing::ElementsAre("a"));
  writer_.OnWriteDone(true);
  EXPECT_THAT(log_, testing::ElementsAre("a", "b"));
  writer_.OnWriteDone(true);
  EXPECT_EQ(log_.size(), 2u);
  writer_.Send(Message("c"));
  EXPECT_EQ(log_.back(), "c");
}

TEST_F(StreamWriterTest, CloseComesAfterTheQueue) {
  writer_.Send(Message("a"));
  writer_.Send(Message("b"));
  writer_.Close(absl::OkStatus());
  EXPECT_EQ(writer_.Send(Message("c")), Result::kOver);
  writer_.OnWriteDone(true);
  writer_.OnWriteDone(true);
  EXPECT_THAT(log_, testing::ElementsAre("a", "b", "finish OK"));
}

TEST_F(StreamWriterTest, AbortDropsTheQueueButWaitsForTheWrite) {
  writer_.Send(Message("a"));
  writer_.Send(Message("b"));
  writer_.Abort(absl::AbortedError(""));
  EXPECT_THAT(log_, testing::ElementsAre("a"));
  writer_.OnWriteDone(true);
  EXPECT_THAT(log_, testing::ElementsAre("a", "finish ABORTED"));
}

TEST_F(StreamWriterTest, FinishesOnceWithTheFirstStatus) {
  writer_.Close(absl::NotFoundError(""));
  writer_.Abort(absl::AbortedError(""));
  writer_.Close(absl::OkStatus());
  EXPECT_THAT(log_, testing::ElementsAre("finish NOT_FOUND"));
  EXPECT_EQ(writer_.final_status()->code(), absl::StatusCode::kNotFound);
}

TEST_F(StreamWriterTest, ABrokenWriteEndsTheStream) {
  writer_.Send(Message("a"));
  writer_.Send(Message("b"));
  writer_.OnWriteDone(false);
  EXPECT_THAT(log_, testing::ElementsAre("a", "finish UNAVAILABLE"));
}

TEST_F(StreamWriterTest, TheQueueIsBoundedInMessages) {
  writer_.Send(Message("in flight"));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(writer_.Send(Message("q")), Result::kQueued);
  EXPECT_EQ(writer_.Send(Message("q")), Result::kFull);
  writer_.OnWriteDone(true);
  EXPECT_EQ(writer_.Send(Message("q")), Result::kQueued);
}

TEST_F(StreamWriterTest, TheQueueIsBoundedInOctets) {
  writer_.Send(Message("in flight"));
  EXPECT_EQ(writer_.Send(Message(std::string(90, 'x'))), Result::kQueued);
  EXPECT_EQ(writer_.Send(Message(std::string(20, 'x'))), Result::kFull);
  writer_.OnWriteDone(true);
  EXPECT_EQ(writer_.Send(Message(std::string(20, 'x'))), Result::kQueued);
}

TEST_F(StreamWriterTest, AHoldPutsOffTheEnd) {
  ASSERT_TRUE(writer_.Hold());
  writer_.Close(absl::OkStatus());
  EXPECT_TRUE(log_.empty());
  writer_.Release();
  EXPECT_THAT(log_, testing::ElementsAre("finish OK"));
  EXPECT_FALSE(writer_.Hold());
}

}  // namespace
}  // namespace probemesh
