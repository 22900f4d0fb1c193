#include "probe-node/probes/dns/server_query.h"

#include <netinet/in.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/proto_time.h"
#include "probe-node/probes/stream/evidence.h"

namespace probemesh::node {
namespace {

constexpr size_t kMaxTcpInput = 2 + 65535;  // RFC 1035 4.2.2
constexpr int kMaxDatagramsPerTurn = 16;

std::string WithLength(const std::string& message) {
  const char length[2] = {static_cast<char>(message.size() >> 8),
                          static_cast<char>(message.size() & 0xff)};
  return absl::StrCat(absl::string_view(length, 2), message);
}

}  // namespace

DnsServerQuery::DnsServerQuery(ProbeContext& context, const Endpoint& server,
                               const DnsQuestion& question, const Options& options,
                               MonotonicTime start, Owner& owner)
    : context_(context),
      server_(server),
      question_(question),
      options_(options),
      start_(start),
      owner_(owner) {}

DnsServerQuery::~DnsServerQuery() {
  if (end_timer_ != 0) context_.loop.CancelTimer(end_timer_);
  if (stream_ && !ended_) stream_->Abort();
  CloseUdp();
}

void DnsServerQuery::Start() { options_.tcp ? StartTcp() : StartUdp(); }

void DnsServerQuery::StartUdp() {
  udp_.used = true;
  udp_.started = context_.loop.clock().Monotonic();
  udp_.exchange.set_reply(v1::NO_REPLY);
  udp_.exchange.set_sequence(options_.sequence);
  *udp_.exchange.mutable_send_offset() = ToProto(udp_.started - start_);
  *udp_.exchange.mutable_flow() = StreamFlow(std::nullopt, server_, IPPROTO_UDP);
  if (OpenUdp()) return;
  CloseUdp();
  end_timer_ = context_.loop.ScheduleAfter(absl::ZeroDuration(), [this] {
    end_timer_ = 0;
    End(udp_, v1::LOCAL_ERROR);
  });
}

bool DnsServerQuery::OpenUdp() {
  const SysResult opened = context_.sockets.Open(SocketKind::kUdp, server_.address.family());
  if (!opened.ok()) return FailUdp("socket", opened.error);
  fd_ = static_cast<int>(opened.value);
  if (options_.source_port != 0) {
    const IpAddress any = server_.address.is_v4() ? IpAddress() : IpAddress::V6({});
    const SysResult bound = context_.sockets.Bind(fd_, Endpoint{any, options_.source_port});
    if (!bound.ok()) return FailUdp("bind", bound.error);
  }
  // A connected socket: the kernel drops datagrams of other sources, and reports ICMP errors.
  const SysResult connected = context_.sockets.Connect(fd_, server_);
  if (!connected.ok()) return FailUdp("connect", connected.error);
  *udp_.exchange.mutable_flow() =
      StreamFlow(context_.sockets.LocalEndpoint(fd_), server_, IPPROTO_UDP);
  if (!SendQuery()) return false;
  const absl::Status watched =
      context_.loop.WatchFd(fd_, kReadable, [this](uint32_t ready) { OnUdpReady(ready); });
  watched_ = watched.ok();
  return watched_ || FailUdp("epoll_ctl", EMFILE);
}

bool DnsServerQuery::SendQuery() {
  id_ = NewId();
  const absl::StatusOr<std::string> query = EncodeDnsQuery(question_, id_, edns_);
  if (!query.ok()) return FailUdp("encode", EINVAL);
  const SysResult sent = context_.sockets.Send(fd_, *query);
  return sent.ok() || FailUdp("send", sent.error);
}

bool DnsServerQuery::FailUdp(absl::string_view call, int error) {
  udp_.exchange.set_reply(v1::LOCAL);
  *udp_.exchange.mutable_local_error() = StreamLocalError(call, error, true, false);
  return false;
}

void DnsServerQuery::OnUdpReady(uint32_t ready) {
  if ((ready & kError) != 0 && TakeUdpErrors()) return;
  for (int i = 0; i < kMaxDatagramsPerTurn; ++i) {
    if (!ReadDatagram()) return;
  }
}

// True if the query has ended.
bool DnsServerQuery::TakeUdpErrors() {
  context_.sockets.PendingError(fd_);
  const ErrorQueueContent content = DrainErrorQueue(context_.sockets, fd_);
  if (content.icmp) {
    *udp_.exchange.mutable_icmp_error() = StreamIcmpError(*content.icmp);
    *udp_.answer.mutable_icmp_error() = udp_.exchange.icmp_error();
    RecordUdpReply(v1::ICMP, content.icmp->kernel_time);
    End(udp_, v1::ICMP_ERROR);
    return true;
  }
  if (content.local) {
    *udp_.exchange.mutable_local_error() =
        StreamLocalError("send", content.local->error, false, true);
    RecordUdpReply(v1::LOCAL, std::nullopt);
    End(udp_, v1::LOCAL_ERROR);
    return true;
  }
  return false;
}

// False when there is nothing more to read, or nothing more wanted.
bool DnsServerQuery::ReadDatagram() {
  ReceivedDatagram datagram;
  const SysResult received = context_.sockets.Receive(fd_, &datagram);
  if (!received.ok()) return false;
  if (datagram.from != server_) return true;
  DnsReply reply = DecodeDnsReply(datagram.payload, question_, id_);
  if (reply.kind == DnsReply::Kind::kNotOurs) return true;
  RecordUdpReply(v1::POSITIVE, datagram.kernel_time);
  OnUdpReply(std::move(reply));
  return false;
}

void DnsServerQuery::OnUdpReply(DnsReply reply) {
  udp_.answer = reply.answer;
  const v1::Outcome outcome = reply.answer.outcome();
  const bool truncated = reply.answer.truncated();
  // A server that knows no EDNS says FORMERR, without an OPT record (RFC 6891 7): ask again
  // plainly.
  const bool no_edns = edns_ && reply.answer.rcode() == kDnsFormErr && !reply.has_edns;
  reply_ = std::move(reply);
  if (no_edns) {
    edns_ = false;
    if (SendQuery()) return;
    return End(udp_, v1::LOCAL_ERROR);
  }
  if (!truncated) return End(udp_, outcome);
  udp_.ended = context_.loop.clock().Monotonic();
  CloseUdp();
  StartTcp();
}

void DnsServerQuery::RecordUdpReply(v1::ReplyKind kind,
                                    const std::optional<absl::Time>& kernel_time) {
  udp_.exchange.set_reply(kind);
  const MonotonicTime arrival = ArrivalTime(context_.loop.clock(), kernel_time);
  *udp_.exchange.mutable_receive_offset() = ToProto(arrival - start_);
}

void DnsServerQuery::CloseUdp() {
  if (fd_ < 0) return;
  if (watched_) context_.loop.UnwatchFd(fd_);
  watched_ = false;
  context_.sockets.Close(fd_);
  fd_ = -1;
}

void DnsServerQuery::StartTcp() {
  tcp_.used = true;
  tcp_.started = context_.loop.clock().Monotonic();
  stream_ = std::make_unique<TcpStream>(context_.loop, context_.sockets, start_, *this);
  stream_->Connect(server_, options_.tcp ? options_.source_port : uint16_t{0});
}

void DnsServerQuery::OnStreamConnected() {
  id_ = NewId();
  const absl::StatusOr<std::string> query = EncodeDnsQuery(question_, id_, edns_);
  if (query.ok()) stream_->Send(WithLength(*query));
}

void DnsServerQuery::OnStreamData(absl::string_view data) {
  absl::StrAppend(&tcp_input_, data.substr(0, kMaxTcpInput - tcp_input_.size()));
  if (tcp_input_.size() < 2) return;
  const size_t length =
      (static_cast<uint8_t>(tcp_input_[0]) << 8) | static_cast<uint8_t>(tcp_input_[1]);
  if (tcp_input_.size() < 2 + length) return;
  DnsReply reply = DecodeDnsReply(absl::string_view(tcp_input_).substr(2, length), question_, id_);
  if (reply.kind == DnsReply::Kind::kNotOurs) {
    // Nobody else can write into this connection: it is the server's nonsense.
    reply.kind = DnsReply::Kind::kMalformed;
    reply.answer.set_outcome(v1::BAD_ANSWER);
    reply.answer.set_answered(true);
  }
  tcp_.answer = reply.answer;
  const v1::Outcome outcome = reply.answer.outcome();
  reply_ = std::move(reply);
  End(tcp_, outcome);
}

void DnsServerQuery::OnStreamEnded(v1::Outcome outcome) {
  if (stream_->icmp_error()) *tcp_.answer.mutable_icmp_error() = *stream_->icmp_error();
  End(tcp_, outcome);
}

void DnsServerQuery::End(Transport& transport, v1::Outcome outcome) {
  if (ended_) return;
  ended_ = true;
  transport.ended = context_.loop.clock().Monotonic();
  transport.answer.set_outcome(outcome);
  CloseUdp();
  owner_.OnQueryEnded(*this);
}

v1::Outcome DnsServerQuery::outcome() const {
  return Snapshot(tcp_.used ? tcp_ : udp_, tcp_.used).outcome();
}

v1::DnsServerAnswer DnsServerQuery::Snapshot(const Transport& transport, bool tcp) const {
  v1::DnsServerAnswer answer = transport.answer;
  answer.set_server(server_.ToString());
  answer.set_tcp(tcp);
  const MonotonicTime end = transport.ended.value_or(context_.loop.clock().Monotonic());
  *answer.mutable_duration() = ToProto(end - transport.started);
  if (answer.outcome() != v1::OUTCOME_UNSPECIFIED) return answer;
  answer.set_outcome(tcp && stream_->connected() ? v1::HUNG : v1::SILENT);
  if (tcp && !stream_->connected() && stream_->icmp_error()) {
    answer.set_outcome(v1::ICMP_ERROR);
    *answer.mutable_icmp_error() = *stream_->icmp_error();
  }
  return answer;
}

std::vector<v1::DnsServerAnswer> DnsServerQuery::Answers() const {
  std::vector<v1::DnsServerAnswer> answers;
  if (udp_.used) answers.push_back(Snapshot(udp_, false));
  if (tcp_.used) answers.push_back(Snapshot(tcp_, true));
  return answers;
}

std::vector<v1::Exchange> DnsServerQuery::Exchanges() const {
  std::vector<v1::Exchange> exchanges;
  if (udp_.used) exchanges.push_back(udp_.exchange);
  if (tcp_.used) {
    exchanges.push_back(stream_->exchange());
    exchanges.back().set_sequence(options_.sequence);
  }
  return exchanges;
}

std::optional<v1::LocalError> DnsServerQuery::local_error() const {
  if (stream_) return stream_->local_error();
  if (!udp_.exchange.has_local_error()) return std::nullopt;
  return udp_.exchange.local_error();
}

}  // namespace probemesh::node
