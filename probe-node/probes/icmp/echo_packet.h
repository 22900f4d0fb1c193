// ICMP echo messages as ping sockets see them: the kernel writes identifier and checksum.
#ifndef PROBEMESH_PROBE_NODE_PROBES_ICMP_ECHO_PACKET_H_
#define PROBEMESH_PROBE_NODE_PROBES_ICMP_ECHO_PACKET_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "common/net/ip_address.h"

namespace probemesh::node {

// RFC 792, RFC 4443 4.1.
std::string EchoRequest(IpAddress::Family family, uint16_t sequence, absl::string_view payload);

struct EchoMessage {
  uint16_t sequence = 0;
  absl::string_view payload;  // within the parsed octets
};

// nullopt unless `octets` are an echo reply.
std::optional<EchoMessage> ParseEchoReply(IpAddress::Family family, absl::string_view octets);

// nullopt unless `octets` begin with the header of an echo request, as quoted by an ICMP error. The
// payload may be cut.
std::optional<EchoMessage> ParseQuotedEcho(IpAddress::Family family, absl::string_view octets);

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_ICMP_ECHO_PACKET_H_
