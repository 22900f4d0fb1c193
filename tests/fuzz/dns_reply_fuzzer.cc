// Any octets as the answer of a DNS server. The first octet chooses the question; the header's id
// is made to fit, because nothing else gets past the first check.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/string_view.h"
#include "probe-node/probes/dns/dns_wire.h"

namespace probemesh::node {
namespace {

constexpr uint16_t kId = 0x1234;
constexpr std::array<uint16_t, 8> kTypes = {1, 28, 2, 5, 6, 16, 64, 255};

bool IsPrintable(absl::string_view text) {
  for (const char c : text) {
    if (c < 0x20 || c > 0x7e) return false;
  }
  return true;
}

void Require(bool holds) {
  if (!holds) std::abort();
}

void CheckReply(const DnsReply& reply) {
  Require(reply.addresses.size() <= 64);
  Require(reply.answer.answers_size() <= 64);
  Require(reply.answer.authority_size() <= 64);
  Require(reply.kind != DnsReply::Kind::kNotOurs || !reply.answer.answered());
  for (const auto* records : {&reply.answer.answers(), &reply.answer.authority()}) {
    for (const v1::DnsRecord& record : *records) {
      Require(record.data().size() <= 1024 && IsPrintable(record.data()));
      Require(IsPrintable(record.name()) && IsPrintable(record.type()));
    }
  }
}

void FuzzOne(absl::string_view input) {
  if (input.empty()) return;
  DnsQuestion question;
  question.name = "www.example.com";
  question.type = kTypes[static_cast<uint8_t>(input[0]) % kTypes.size()];
  std::string wire(input.substr(1));
  CheckReply(DecodeDnsReply(wire, question, kId));
  if (wire.size() < 3) return;
  wire[0] = '\x12';
  wire[1] = '\x34';
  wire[2] = static_cast<char>(wire[2] | 0x80);
  CheckReply(DecodeDnsReply(wire, question, kId));
}

}  // namespace
}  // namespace probemesh::node

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  probemesh::node::FuzzOne(absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
