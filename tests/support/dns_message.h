// DNS responses as octets, built by hand so that tests do not trust the library they test.
#ifndef PROBEMESH_TESTS_SUPPORT_DNS_MESSAGE_H_
#define PROBEMESH_TESTS_SUPPORT_DNS_MESSAGE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace probemesh {

// "www.example.com" in wire form, without compression.
std::string DnsName(absl::string_view name);
std::string DnsU16(uint16_t value);

struct DnsTestRecord {
  std::string owner = std::string("\xc0\x0c", 2);  // the question's name
  uint16_t type = 1;
  uint32_t ttl = 300;
  std::string data = std::string("\xc0\x00\x02\x07", 4);  // 192.0.2.7
};

struct DnsTestResponse {
  uint16_t rcode = 0;
  bool authoritative = false;
  bool truncated = false;
  bool recursion_available = true;
  bool authenticated = false;
  std::vector<DnsTestRecord> answers = {};
  std::vector<DnsTestRecord> authority = {};
  bool edns = true;
  std::optional<uint16_t> extended_error = std::nullopt;  // RFC 8914, needs edns
};

// The response to `query`, whose header and question are copied.
std::string AnswerDnsQuery(absl::string_view query, const DnsTestResponse& response);
// The name that `query` asks for, in presentation format without the last dot.
std::string DnsQueryName(absl::string_view query);
// The type that `query` asks for.
uint16_t DnsQueryType(absl::string_view query);

}  // namespace probemesh

#endif  // PROBEMESH_TESTS_SUPPORT_DNS_MESSAGE_H_
