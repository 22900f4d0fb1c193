#include "probe-node/probes/stream/evidence.h"

#include <cstring>

#include "absl/strings/str_format.h"
#include "common/base/proto_time.h"

namespace probemesh::node {
namespace {

constexpr int kMaxQueueEntries = 64;

}  // namespace

bool IsIcmpError(const QueuedError& error) {
  return error.origin == QueuedError::Origin::kIcmp || error.origin == QueuedError::Origin::kIcmpV6;
}

std::string PrintableText(absl::string_view text, size_t limit) {
  std::string out;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet >= 0x20 && octet < 0x7f) {
      out.push_back(c);
    } else {
      absl::StrAppendFormat(&out, "\\x%02x", octet);
    }
    if (out.size() >= limit) break;
  }
  if (out.size() > limit) out.resize(limit);
  return out;
}

bool IsPortUnreachable(const QueuedError& error) {
  if (error.origin == QueuedError::Origin::kIcmpV6) return error.type == 1 && error.code == 4;
  return error.origin == QueuedError::Origin::kIcmp && error.type == 3 && error.code == 3;
}

v1::IcmpError StreamIcmpError(const QueuedError& error) {
  v1::IcmpError icmp;
  icmp.set_type(error.type);
  icmp.set_code(error.code);
  if (error.offender) icmp.set_offender(error.offender->ToString());
  icmp.set_info(error.info);
  icmp.set_family(error.origin == QueuedError::Origin::kIcmpV6 ? v1::IPV6 : v1::IPV4);
  icmp.set_quoted_length(static_cast<uint32_t>(error.quoted_payload.size()));
  return icmp;
}

v1::LocalError StreamLocalError(absl::string_view call, int error, bool synchronous,
                                bool from_error_queue) {
  v1::LocalError local;
  local.set_call(std::string(call));
  local.set_errno_value(error);
  const char* name = strerrorname_np(error);
  local.set_errno_name(name != nullptr ? name : "UNKNOWN");
  local.set_synchronous(synchronous);
  local.set_from_error_queue(from_error_queue);
  return local;
}

v1::Flow StreamFlow(const std::optional<Endpoint>& local, const Endpoint& remote,
                    uint32_t ip_protocol) {
  v1::Flow flow;
  if (local) {
    flow.set_source_address(local->address.ToString());
    flow.set_source_port(local->port);
  }
  flow.set_destination_address(remote.address.ToString());
  flow.set_destination_port(remote.port);
  flow.set_ip_protocol(ip_protocol);
  return flow;
}

ErrorQueueContent DrainErrorQueue(SocketOps& sockets, int fd) {
  ErrorQueueContent content;
  for (int i = 0; i < kMaxQueueEntries; ++i) {
    QueuedError error;
    if (!sockets.ReceiveError(fd, &error).ok()) break;
    if (IsIcmpError(error) && !content.icmp) content.icmp = error;
    if (error.origin == QueuedError::Origin::kLocal && !content.local) content.local = error;
  }
  return content;
}

MonotonicTime ArrivalTime(const Clock& clock, const std::optional<absl::Time>& kernel_time) {
  const MonotonicTime now = clock.Monotonic();
  if (!kernel_time) return now;
  const absl::Duration age = clock.Wall() - *kernel_time;
  if (age < absl::ZeroDuration() || age > absl::Seconds(10)) return now;
  return now - age;
}

void FillIcmpReply(const QueuedError& error, const Clock& clock, MonotonicTime start,
                   v1::Exchange* exchange) {
  exchange->set_reply(v1::ICMP);
  *exchange->mutable_icmp_error() = StreamIcmpError(error);
  *exchange->mutable_receive_offset() = ToProto(ArrivalTime(clock, error.kernel_time) - start);
  if (error.ttl) exchange->set_reply_ttl(static_cast<uint32_t>(*error.ttl));
}

void FillDatagramReply(const ReceivedDatagram& datagram, const Clock& clock, MonotonicTime start,
                       v1::Exchange* exchange) {
  exchange->set_reply(v1::POSITIVE);
  *exchange->mutable_receive_offset() = ToProto(ArrivalTime(clock, datagram.kernel_time) - start);
  if (datagram.ttl) exchange->set_reply_ttl(static_cast<uint32_t>(*datagram.ttl));
}

v1::Exchange LocalReply(const v1::LocalError& error) {
  v1::Exchange exchange;
  exchange.set_reply(v1::LOCAL);
  *exchange.mutable_local_error() = error;
  return exchange;
}

}  // namespace probemesh::node
