// A server stream that can be waited for with patience: the caller gets a tick when nothing came,
// to turn a spinner or to notice Ctrl-C. One thread, no callbacks.
#ifndef PROBEMESH_COORDINATOR_CLI_EVENT_STREAM_H_
#define PROBEMESH_COORDINATOR_CLI_EVENT_STREAM_H_

#include <functional>
#include <memory>

#include "grpcpp/grpcpp.h"

namespace probemesh::cli {

template <typename Event>
class EventStream {
 public:
  using Reader = std::unique_ptr<grpc::ClientAsyncReader<Event>>;
  // Starts the call with the given context and queue, and `tag` for its start.
  using Start = std::function<Reader(grpc::ClientContext*, grpc::CompletionQueue*, void* tag)>;

  enum class Next { kEvent, kTick, kEnd };

  // `context` is configured by the caller (deadline) and owned from here on.
  EventStream(std::unique_ptr<grpc::ClientContext> context, const Start& start)
      : context_(std::move(context)), reader_(start(context_.get(), &queue_, this)) {}

  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;

  ~EventStream() {
    context_->TryCancel();
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }

  // The next event, moved into `event`; or that `patience` passed; or the end, with status().
  Next Wait(int patience_milliseconds, Event* event) {
    if (state_ == State::kOver) return Next::kEnd;
    void* tag = nullptr;
    bool ok = false;
    const auto outcome =
        queue_.AsyncNext(&tag, &ok, gpr_time_from_millis(patience_milliseconds, GPR_TIMESPAN));
    if (outcome == grpc::CompletionQueue::TIMEOUT) return Next::kTick;
    switch (state_) {
      case State::kStarting:
        state_ = State::kReading;
        Continue(ok);
        return Next::kTick;
      case State::kReading: {
        if (ok) *event = std::move(incoming_);
        Continue(ok);
        return ok ? Next::kEvent : Next::kTick;
      }
      case State::kFinishing:
      case State::kOver:
        break;
    }
    state_ = State::kOver;
    return Next::kEnd;
  }

  // Valid after kEnd.
  const grpc::Status& status() const { return status_; }

 private:
  enum class State { kStarting, kReading, kFinishing, kOver };

  void Continue(bool ok) {
    if (ok) {
      incoming_.Clear();
      reader_->Read(&incoming_, this);
    } else {
      state_ = State::kFinishing;
      reader_->Finish(&status_, this);
    }
  }

  std::unique_ptr<grpc::ClientContext> context_;
  grpc::CompletionQueue queue_;
  State state_ = State::kStarting;
  Event incoming_;
  grpc::Status status_;
  Reader reader_;
};

}  // namespace probemesh::cli

#endif  // PROBEMESH_COORDINATOR_CLI_EVENT_STREAM_H_
