#include "probe-node/session/grpc_session_transport.h"

#include <deque>
#include <utility>
#include <vector>

#include "common/rpc/channel_options.h"
#include "common/rpc/status_bridge.h"
#include "common/sync/mutex.h"
#include "probemesh/v1/node_service.grpc.pb.h"

namespace probemesh::node {

// Streams that gRPC still works on, and those that it is done with. The latter must not be
// destroyed by gRPC's own threads: with the last channel of the process, gRPC 1.51 joins these very
// threads (CallbackAlternativeCQ), and aborts.
class GrpcSessionTransport::LiveStreams : public std::enable_shared_from_this<LiveStreams> {
 public:
  explicit LiveStreams(EventLoop& loop) : loop_(&loop) {}

  void Add() {
    MutexLock lock(mutex_);
    ++count_;
  }

  // From OnDone. The stream may be gone when this returns.
  void Retire(std::shared_ptr<Stream> stream) {
    MutexLock lock(mutex_);
    --count_;
    retired_.push_back(std::move(stream));
    none_left_.NotifyAll();
    if (loop_ != nullptr) loop_->Post([self = shared_from_this()] { self->Bury(); });
  }

  // On the loop.
  void Bury() {
    std::vector<std::shared_ptr<Stream>> dead;
    MutexLock lock(mutex_);
    dead.swap(retired_);
  }

  // On the loop, or after its end; the loop is not touched any more. What gRPC still works on after
  // two seconds is leaked.
  void AwaitNone() {
    constexpr int kRounds = 20;
    {
      MutexLock lock(mutex_);
      loop_ = nullptr;
      for (int i = 0; i < kRounds && count_ > 0; ++i) {
        none_left_.WaitFor(mutex_, absl::Milliseconds(100));
      }
    }
    Bury();
  }

 private:
  Mutex mutex_;
  CondVar none_left_;
  EventLoop* loop_ ABSL_GUARDED_BY(mutex_);
  int count_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::shared_ptr<Stream>> retired_ ABSL_GUARDED_BY(mutex_);
};

// Reactions run on gRPC's threads, everything else on the loop. A hold keeps the call alive for
// operations that are started from the loop; only the loop lets go of it, so no operation can meet
// a call that is over. The stream owns itself until OnDone.
class GrpcSessionTransport::Stream final
    : public grpc::ClientBidiReactor<v1::NodeMessage, v1::CoordinatorMessage>,
      public std::enable_shared_from_this<Stream> {
 public:
  Stream(EventLoop& loop, Events* events, std::shared_ptr<LiveStreams> live)
      : loop_(loop), events_(events), live_(std::move(live)) {}

  void Start(const std::shared_ptr<grpc::Channel>& channel) {
    self_ = shared_from_this();
    live_->Add();
    stub_ = v1::NodeService::NewStub(channel);
    stub_->async()->Connect(&context_, this);
    AddHold();
    holding_ = true;
    StartRead(&incoming_);
    StartCall();
  }

  bool Send(v1::NodeMessage message) {
    const v1::NodeMessage* next = nullptr;
    {
      MutexLock lock(mutex_);
      if (finishing_ || broken_ || outbox_.size() >= kMaxOutbox || !holding_) return false;
      outbox_.push_back(std::move(message));
      if (std::exchange(write_in_flight_, true)) return true;
      next = &outbox_.front();
    }
    StartWrite(next);
    return true;
  }

  void FinishSending() {
    {
      MutexLock lock(mutex_);
      if (std::exchange(finishing_, true) || broken_ || write_in_flight_ || !holding_) return;
    }
    StartWritesDone();
  }

  // Nothing is told to the loop any more, nor is the loop touched.
  void Drop() {
    events_ = nullptr;
    {
      MutexLock lock(mutex_);
      dropped_ = true;
    }
    context_.TryCancel();
    ReleaseHold();
  }

 private:
  void OnReadDone(bool ok) override {
    const auto message = std::make_shared<v1::CoordinatorMessage>();
    message->Swap(&incoming_);
    {
      MutexLock lock(mutex_);
      if (dropped_) return;
      if (!ok) {
        loop_.Post([self = shared_from_this()] { self->ReleaseHold(); });
        return;
      }
      // As close to the network as we get: the loop may be busy.
      const MonotonicTime received_at = loop_.clock().Monotonic();
      loop_.Post([self = shared_from_this(), message, received_at] {
        self->Handle(std::move(*message), received_at);
      });
      if (++unhandled_ >= kMaxUnhandled) return;
    }
    StartRead(&incoming_);
  }

  void OnWriteDone(bool ok) override {
    const v1::NodeMessage* next = nullptr;
    {
      MutexLock lock(mutex_);
      outbox_.pop_front();
      broken_ = !ok;
      if (ok && !outbox_.empty()) next = &outbox_.front();
      write_in_flight_ = next != nullptr;
      if (!ok || (next == nullptr && !finishing_)) return;
    }
    if (next == nullptr) return StartWritesDone();
    StartWrite(next);
  }

  void OnDone(const grpc::Status& status) override {
    {
      MutexLock lock(mutex_);
      if (!dropped_) {
        loop_.Post([self = self_, status] { self->TellClosed(FromGrpc(status)); });
      }
    }
    const std::shared_ptr<LiveStreams> live = live_;
    live->Retire(std::move(self_));
  }

  // On the loop from here on.
  void Handle(v1::CoordinatorMessage message, MonotonicTime received_at) {
    if (events_ != nullptr) events_->OnTransportMessage(std::move(message), received_at);
    {
      MutexLock lock(mutex_);
      // Reading has stopped exactly when the limit was reached.
      if (unhandled_-- < kMaxUnhandled || dropped_) return;
    }
    if (holding_) StartRead(&incoming_);
  }
  void TellClosed(absl::Status status) {
    if (events_ != nullptr) std::exchange(events_, nullptr)->OnTransportClosed(std::move(status));
  }
  void ReleaseHold() {
    if (std::exchange(holding_, false)) RemoveHold();
  }

  EventLoop& loop_;
  Events* events_;        // loop only
  bool holding_ = false;  // loop only
  const std::shared_ptr<LiveStreams> live_;
  std::shared_ptr<Stream> self_;
  grpc::ClientContext context_;
  std::unique_ptr<v1::NodeService::Stub> stub_;
  v1::CoordinatorMessage incoming_;

  Mutex mutex_;
  // The front is being written while write_in_flight_; a deque does not move its elements.
  std::deque<v1::NodeMessage> outbox_ ABSL_GUARDED_BY(mutex_);
  bool write_in_flight_ ABSL_GUARDED_BY(mutex_) = false;
  bool finishing_ ABSL_GUARDED_BY(mutex_) = false;
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;
  bool dropped_ ABSL_GUARDED_BY(mutex_) = false;
  size_t unhandled_ ABSL_GUARDED_BY(mutex_) = 0;
};

GrpcSessionTransport::GrpcSessionTransport(EventLoop& loop, CredentialsSource credentials)
    : loop_(loop),
      credentials_(std::move(credentials)),
      live_(std::make_shared<LiveStreams>(loop)) {}

GrpcSessionTransport::~GrpcSessionTransport() {
  Close();
  live_->AwaitNone();
}

void GrpcSessionTransport::Open(const std::string& coordinator, Events* events) {
  Close();
  stream_ = std::make_shared<Stream>(loop_, events, live_);
  stream_->Start(
      grpc::CreateCustomChannel(GrpcTarget(coordinator), credentials_(), ClientChannelArguments()));
}

bool GrpcSessionTransport::Send(v1::NodeMessage message) {
  return stream_ != nullptr && stream_->Send(std::move(message));
}

void GrpcSessionTransport::FinishSending() {
  if (stream_ != nullptr) stream_->FinishSending();
}

void GrpcSessionTransport::Close() {
  if (stream_ != nullptr) std::exchange(stream_, nullptr)->Drop();
}

}  // namespace probemesh::node
