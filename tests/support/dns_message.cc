#include "tests/support/dns_message.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace probemesh {
namespace {

constexpr size_t kHeaderSize = 12;

size_t QuestionEnd(absl::string_view query) {
  size_t at = kHeaderSize;
  while (query.at(at) != 0) at += 1u + static_cast<uint8_t>(query.at(at));
  return at + 5;
}

std::string Record(const DnsTestRecord& record) {
  return absl::StrCat(record.owner, DnsU16(record.type), DnsU16(1),
                      DnsU16(static_cast<uint16_t>(record.ttl >> 16)),
                      DnsU16(static_cast<uint16_t>(record.ttl & 0xffff)),
                      DnsU16(static_cast<uint16_t>(record.data.size())), record.data);
}

// RFC 6891 6.1.2, RFC 8914 2.
std::string EdnsRecord(const DnsTestResponse& response) {
  std::string options;
  if (response.extended_error) {
    options = absl::StrCat(DnsU16(15), DnsU16(2), DnsU16(*response.extended_error));
  }
  const auto high_rcode = static_cast<char>(response.rcode >> 4);
  return absl::StrCat(std::string(1, '\0'), DnsU16(41), DnsU16(1232), std::string(1, high_rcode),
                      std::string(3, '\0'), DnsU16(static_cast<uint16_t>(options.size())), options);
}

}  // namespace

std::string DnsU16(uint16_t value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value & 0xff)};
}

std::string DnsName(absl::string_view name) {
  std::string wire;
  for (const absl::string_view label : absl::StrSplit(name, '.', absl::SkipEmpty())) {
    wire.push_back(static_cast<char>(label.size()));
    absl::StrAppend(&wire, label);
  }
  wire.push_back('\0');
  return wire;
}

std::string AnswerDnsQuery(absl::string_view query, const DnsTestResponse& response) {
  uint16_t flags = 0x8000 | (response.rcode & 0x0f);
  if (response.authoritative) flags |= 0x0400;
  if (response.truncated) flags |= 0x0200;
  if (response.recursion_available) flags |= 0x0080;
  if (response.authenticated) flags |= 0x0020;
  std::string wire = absl::StrCat(query.substr(0, 2), DnsU16(flags), DnsU16(1),
                                  DnsU16(static_cast<uint16_t>(response.answers.size())),
                                  DnsU16(static_cast<uint16_t>(response.authority.size())),
                                  DnsU16(response.edns ? 1 : 0),
                                  query.substr(kHeaderSize, QuestionEnd(query) - kHeaderSize));
  for (const DnsTestRecord& record : response.answers) wire += Record(record);
  for (const DnsTestRecord& record : response.authority) wire += Record(record);
  if (response.edns) wire += EdnsRecord(response);
  return wire;
}

std::string DnsQueryName(absl::string_view query) {
  std::string name;
  for (size_t at = kHeaderSize; query.at(at) != 0;) {
    const size_t size = static_cast<uint8_t>(query.at(at));
    absl::StrAppend(&name, name.empty() ? "" : ".", query.substr(at + 1, size));
    at += 1 + size;
  }
  return name;
}

uint16_t DnsQueryType(absl::string_view query) {
  const size_t end = QuestionEnd(query);
  return static_cast<uint16_t>((static_cast<uint8_t>(query.at(end - 4)) << 8) |
                               static_cast<uint8_t>(query.at(end - 3)));
}

}  // namespace probemesh
