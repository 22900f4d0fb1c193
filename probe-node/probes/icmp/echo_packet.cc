#include "probe-node/probes/icmp/echo_packet.h"

namespace probemesh::node {
namespace {

constexpr size_t kHeaderSize = 8;
constexpr size_t kSequenceOffset = 6;
constexpr char kRequestV4 = 8;
constexpr char kReplyV4 = 0;
constexpr char kRequestV6 = static_cast<char>(128);
constexpr char kReplyV6 = static_cast<char>(129);

std::optional<EchoMessage> Parse(char type, absl::string_view octets) {
  if (octets.size() < kHeaderSize || octets[0] != type || octets[1] != 0) return std::nullopt;
  const auto high = static_cast<uint8_t>(octets[kSequenceOffset]);
  const auto low = static_cast<uint8_t>(octets[kSequenceOffset + 1]);
  return EchoMessage{static_cast<uint16_t>(high << 8 | low), octets.substr(kHeaderSize)};
}

}  // namespace

std::string EchoRequest(IpAddress::Family family, uint16_t sequence, absl::string_view payload) {
  std::string packet(kHeaderSize, '\0');
  packet[0] = family == IpAddress::Family::kV4 ? kRequestV4 : kRequestV6;
  packet[kSequenceOffset] = static_cast<char>(sequence >> 8);
  packet[kSequenceOffset + 1] = static_cast<char>(sequence & 0xff);
  packet.append(payload.data(), payload.size());
  return packet;
}

std::optional<EchoMessage> ParseEchoReply(IpAddress::Family family, absl::string_view octets) {
  return Parse(family == IpAddress::Family::kV4 ? kReplyV4 : kReplyV6, octets);
}

std::optional<EchoMessage> ParseQuotedEcho(IpAddress::Family family, absl::string_view octets) {
  return Parse(family == IpAddress::Family::kV4 ? kRequestV4 : kRequestV6, octets);
}

}  // namespace probemesh::node
