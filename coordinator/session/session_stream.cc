#include "coordinator/session/session_stream.h"

#include <utility>

#include "common/log/log.h"
#include "common/rpc/status_bridge.h"

namespace probemesh::coordinator {
namespace {

constexpr StreamLimits kOutboxLimits = {1024, size_t{4} << 20};
constexpr absl::Duration kCloseGrace = absl::Seconds(5);

}  // namespace

grpc::ServerBidiReactor<v1::NodeMessage, v1::CoordinatorMessage>* SessionStream::Start(
    CoreGate& gate, grpc::CallbackServerContext* context, PeerIdentity peer) {
  auto stream = std::make_shared<SessionStream>(gate, context, std::move(peer));
  stream->self_ = stream;
  gate.Post([stream](Core& core) { stream->Open(core); });
  return stream.get();
}

SessionStream::SessionStream(CoreGate& gate, grpc::CallbackServerContext* context,
                             PeerIdentity peer)
    : gate_(gate),
      context_(context),
      peer_(std::move(peer)),
      writer_(kOutboxLimits,
              {[this](const v1::CoordinatorMessage* message) { StartWrite(message); },
               [this](const absl::Status& status) { Finish(ToGrpc(status)); }}) {}

bool SessionStream::Send(v1::CoordinatorMessage message) {
  using Result = StreamWriter<v1::CoordinatorMessage>::SendResult;
  if (writer_.Send(std::move(message)) != Result::kFull) return true;
  LogWarning("session_outbox_full", {{"node", peer_.node}});
  writer_.Abort(absl::ResourceExhaustedError("the node does not take what is sent to it"));
  CutOff();
  return false;
}

void SessionStream::Close(absl::Status reason) {
  writer_.Close(std::move(reason));
  gate_.Post([self = shared_from_this()](Core&) { self->ArmCutOff(); });
}

void SessionStream::OnReadDone(bool ok) {
  if (ok) {
    gate_.Post([self = shared_from_this()](Core& core) { self->Deliver(core); });
  } else {
    gate_.Post([self = shared_from_this()](Core&) { self->EndOfMessages(); });
  }
}

void SessionStream::OnWriteDone(bool ok) { writer_.OnWriteDone(ok); }

void SessionStream::OnCancel() { writer_.Abort(absl::CancelledError("the connection was lost")); }

void SessionStream::OnDone() {
  const std::shared_ptr<SessionStream> self = std::move(self_);
  gate_.Post([self](Core& core) { self->Closed(core); });
}

void SessionStream::Open(Core& core) {
  EventLoop& loop = gate_.loop();
  expiry_timer_ =
      loop.ScheduleAfter(peer_.not_after - loop.clock().Wall(), [stream = weak_from_this()] {
        const std::shared_ptr<SessionStream> alive = stream.lock();
        if (alive) alive->Close(absl::UnauthenticatedError("the client certificate expired"));
      });
  id_ = core.OpenSession(peer_, shared_from_this());
  ReadNext();
}

void SessionStream::Deliver(Core& core) {
  said_goodbye_ = incoming_.has_goodbye();
  core.OnSessionMessage(id_, std::move(incoming_));
  incoming_.Clear();
  ReadNext();
}

// After a goodbye the core closes once the last result is acked; a node that stops without one
// wants nothing more.
void SessionStream::EndOfMessages() {
  if (!said_goodbye_) Close(absl::OkStatus());
}

void SessionStream::Closed(Core& core) {
  gate_.loop().CancelTimer(expiry_timer_);
  gate_.loop().CancelTimer(cut_off_timer_);
  core.OnSessionClosed(id_, *writer_.final_status());
}

void SessionStream::ArmCutOff() {
  if (cut_off_timer_ != 0) return;
  cut_off_timer_ = gate_.loop().ScheduleAfter(kCloseGrace, [stream = weak_from_this()] {
    const std::shared_ptr<SessionStream> alive = stream.lock();
    if (alive) alive->CutOff();
  });
}

void SessionStream::ReadNext() {
  if (!writer_.Hold()) return;
  StartRead(&incoming_);
  writer_.Release();
}

void SessionStream::CutOff() {
  if (!writer_.Hold()) return;
  context_->TryCancel();
  writer_.Release();
}

}  // namespace probemesh::coordinator
