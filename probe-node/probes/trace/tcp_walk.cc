#include "probe-node/probes/trace/tcp_walk.h"

#include "probe-node/probes/stream/tcp_stream.h"
#include "probe-node/probes/tcp/syn_retransmissions.h"

namespace probemesh::node {
namespace {

constexpr size_t kFirstPort = 1024;  // of those that need no privilege
constexpr size_t kLastPort = 65535;

}  // namespace

class TcpWalk::Handshake final : private TcpStream::Listener {
 public:
  Handshake(TcpWalk& walk, size_t packet) : walk_(walk), packet_(packet) {
    TcpStream::Listener& listener = *this;
    stream_.emplace(walk.context_.loop, walk.context_.sockets, walk.start_, listener);
  }

  void Begin(int ttl, uint16_t source_port) {
    retransmissions_.emplace(walk_.context_, walk_.target_.address.family(), ttl);
    stream_->Connect(walk_.target_, source_port, ttl);
  }

  void GiveUp() {
    stream_->Abort();
    retransmissions_.reset();
  }

  const v1::Flow& flow() const { return stream_->exchange().flow(); }

 private:
  void OnStreamConnected() override { Tell(); }
  void OnStreamData(absl::string_view) override {}
  void OnStreamEnded(v1::Outcome) override { Tell(); }

  void Tell() {
    GiveUp();
    v1::Exchange answer = stream_->exchange();
    answer.clear_send_offset();
    answer.clear_flow();
    answer.clear_ttl_sent();
    walk_.listener_.OnWalkAnswer(packet_, answer);
  }

  TcpWalk& walk_;
  const size_t packet_;
  std::optional<TcpStream> stream_;
  std::optional<SynRetransmissions> retransmissions_;
};

TcpWalk::TcpWalk(ProbeContext& context, const Endpoint& target, uint16_t source_port,
                 MonotonicTime start, WalkProtocol::Listener& listener)
    : context_(context),
      target_(target),
      source_port_(source_port),
      start_(start),
      listener_(listener) {}

TcpWalk::~TcpWalk() { Close(); }

v1::Flow TcpWalk::Send(size_t packet, int ttl) {
  auto handshake = std::make_unique<Handshake>(*this, packet);
  handshake->Begin(ttl, SourcePortFor(packet));
  const v1::Flow flow = handshake->flow();
  handshakes_[packet] = std::move(handshake);
  return flow;
}

uint16_t TcpWalk::SourcePortFor(size_t packet) const {
  if (source_port_ == 0) return 0;
  size_t port = source_port_ + packet;
  if (port > kLastPort) port -= kLastPort - kFirstPort + 1;
  return static_cast<uint16_t>(port);
}

void TcpWalk::Close() {
  for (const auto& entry : handshakes_) entry.second->GiveUp();
}

}  // namespace probemesh::node
