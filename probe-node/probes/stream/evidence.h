// What the kernel and the network said, turned into the protocol's evidence messages.
#ifndef PROBEMESH_PROBE_NODE_PROBES_STREAM_EVIDENCE_H_
#define PROBEMESH_PROBE_NODE_PROBES_STREAM_EVIDENCE_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/net/ip_address.h"
#include "common/net/socket_ops.h"
#include "probemesh/v1/observation.pb.h"

namespace probemesh::node {

// Text from the network made fit for a protobuf string: printable ASCII is kept, every other octet
// becomes \xNN, and the result is cut at `limit` octets.
std::string PrintableText(absl::string_view text, size_t limit);

// Did an ICMP error, of either family, put this entry into the queue?
bool IsIcmpError(const QueuedError& error);

// RFC 792 (3/3), RFC 4443 3.1 (1/4).
bool IsPortUnreachable(const QueuedError& error);

// Only for entries whose origin is kIcmp or kIcmpV6.
v1::IcmpError StreamIcmpError(const QueuedError& error);

v1::LocalError StreamLocalError(absl::string_view call, int error, bool synchronous,
                                bool from_error_queue);

// `ip_protocol` is the IANA number. An absent `local` leaves the source empty.
v1::Flow StreamFlow(const std::optional<Endpoint>& local, const Endpoint& remote,
                    uint32_t ip_protocol);

// Everything in the error queue of `fd`: the first ICMP error and the first local error are kept.
// Reads at most 64 entries, so that a flood of errors cannot hold the loop.
struct ErrorQueueContent {
  std::optional<QueuedError> icmp;
  std::optional<QueuedError> local;
};
ErrorQueueContent DrainErrorQueue(SocketOps& sockets, int fd);

// Now on the monotonic clock, moved back to `kernel_time` if the kernel stamped the packet: takes
// the loop's own lag out of the measurement. Corrections beyond 10 s are not believed.
MonotonicTime ArrivalTime(const Clock& clock, const std::optional<absl::Time>& kernel_time);

// Notes an ICMP error as what came back for a packet. Offsets are relative to `start`.
void FillIcmpReply(const QueuedError& error, const Clock& clock, MonotonicTime start,
                   v1::Exchange* exchange);

// Notes a datagram as the positive answer to a packet.
void FillDatagramReply(const ReceivedDatagram& datagram, const Clock& clock, MonotonicTime start,
                       v1::Exchange* exchange);

// What stands in place of a reply to a packet that never left.
v1::Exchange LocalReply(const v1::LocalError& error);

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_STREAM_EVIDENCE_H_
