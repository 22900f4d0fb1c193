#include "probe-node/session/result_sender.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/support/scripted_session.h"
#include "tests/support/temp_directory.h"

namespace probemesh::node {
namespace {

class ResultSenderTest : public testing::Test {
 protected:
  void SetUp() override {
    auto spool = ResultSpool::Open(dir_.path(), random_, {.max_entries = 1000});
    ASSERT_TRUE(spool.ok());
    spool_ = *std::move(spool);
    transport_.Open("coordinator:7443", &events_);
  }
  void Append(int count) {
    for (int i = 0; i < count; ++i) {
      v1::Observation observation;
      observation.set_command_id(absl::StrCat("id", ++last_id_));
      spool_->Append(observation);
    }
  }
  // Sequences that were sent since the last call.
  std::vector<uint64_t> Sent() {
    std::vector<uint64_t> sequences;
    for (const auto& message : transport_.Take()) sequences.push_back(message.result().sequence());
    return sequences;
  }

  struct NoEvents : SessionTransport::Events {
    void OnTransportMessage(v1::CoordinatorMessage, MonotonicTime) override {}
    void OnTransportClosed(absl::Status) override {}
  };

  TempDirectory dir_;
  SeededRandom random_{1};
  ManualEventLoop loop_;
  ScriptedTransport transport_{loop_};
  NoEvents events_;
  std::unique_ptr<ResultSpool> spool_;
  int last_id_ = 0;
};

TEST_F(ResultSenderTest, SendsInOrderAndNothingTwice) {
  ResultSender sender(*spool_, transport_);
  Append(2);
  sender.Pump();
  EXPECT_TRUE(Sent().empty());  // not started
  sender.Start();
  Append(1);
  sender.Pump();
  sender.Pump();
  EXPECT_EQ(Sent(), (std::vector<uint64_t>{1, 2, 3}));
  sender.Stop();
  Append(1);
  sender.Pump();
  EXPECT_TRUE(Sent().empty());
}

TEST_F(ResultSenderTest, NewStreamStartsAtTheFirstUnacked) {
  ResultSender sender(*spool_, transport_);
  Append(3);
  sender.Start();
  spool_->Ack(1);
  Sent();
  sender.Start();
  EXPECT_EQ(Sent(), (std::vector<uint64_t>{2, 3}));
}

TEST_F(ResultSenderTest, NeverMoreThanTheWindowIsUnacked) {
  ResultSender sender(*spool_, transport_);
  Append(200);
  sender.Start();
  EXPECT_EQ(Sent().size(), ResultSender::kWindow);
  spool_->Ack(10);
  sender.Pump();
  const std::vector<uint64_t> sent = Sent();
  ASSERT_EQ(sent.size(), 10);
  EXPECT_EQ(sent.front(), ResultSender::kWindow + 1);
}

TEST_F(ResultSenderTest, FullOutboxDelaysButLosesNothing) {
  ResultSender sender(*spool_, transport_);
  Append(5);
  transport_.set_room(2);
  sender.Start();
  EXPECT_EQ(Sent(), (std::vector<uint64_t>{1, 2}));
  transport_.set_room(100);
  sender.Pump();
  EXPECT_EQ(Sent(), (std::vector<uint64_t>{3, 4, 5}));
}

TEST_F(ResultSenderTest, NewGenerationIsSentFromItsBeginning) {
  ResultSender sender(*spool_, transport_);
  Append(5);
  spool_->Ack(3);
  sender.Start();
  EXPECT_EQ(Sent(), (std::vector<uint64_t>{4, 5}));
  spool_->StartNewGeneration();
  sender.Pump();
  EXPECT_EQ(Sent(), (std::vector<uint64_t>{1, 2}));
}

}  // namespace
}  // namespace probemesh::node
