// DNS messages as octets. The only file of the project that knows ldns; every response is hostile.
#ifndef PROBEMESH_PROBE_NODE_PROBES_DNS_DNS_WIRE_H_
#define PROBEMESH_PROBE_NODE_PROBES_DNS_DNS_WIRE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "probemesh/v1/observation.pb.h"
#include "probemesh/v1/probe.pb.h"

namespace probemesh::node {

inline constexpr uint16_t kDnsTypeA = 1;
inline constexpr uint16_t kDnsTypeAaaa = 28;
inline constexpr uint32_t kDnsNoError = 0;
inline constexpr uint32_t kDnsFormErr = 1;
inline constexpr uint32_t kDnsNxDomain = 3;

struct DnsQuestion {
  std::string name;  // presentation format; always taken as absolute
  uint16_t type = kDnsTypeA;
  bool recursion_desired = true;
  bool checking_disabled = false;
};

// The question of a probe, or INVALID_ARGUMENT naming "dns.name" or "dns.type". Zone transfers and
// pseudo types (OPT, TSIG, TKEY) cannot be asked; a type may be written as in RFC 3597 ("TYPE65").
absl::StatusOr<DnsQuestion> MakeDnsQuestion(const v1::DnsProbe& spec);

// The query as one message. With `edns`, announces 1232 octets (the 2020 DNS flag day value) and so
// invites extended errors (RFC 8914). AD=1 asks for the AD bit without DNSSEC records (RFC
// 6840 5.7). INVALID_ARGUMENT if the name is no domain name.
absl::StatusOr<std::string> EncodeDnsQuery(const DnsQuestion& question, uint16_t id, bool edns);

struct DnsReply {
  enum class Kind : uint8_t {
    kNotOurs,    // other id, other question, or a query: as if it had not come
    kMalformed,  // our id and question, then nonsense
    kAnswer,
  };
  Kind kind = Kind::kNotOurs;
  // What the message says; server, tcp and duration are not set. Outcome is BAD_ANSWER if
  // malformed, else ANSWERED. At most 64 records of each section, 1024 octets of data each.
  v1::DnsServerAnswer answer;
  bool positive = false;  // NOERROR and a record of the asked type, if need be behind CNAMEs
  bool has_edns = false;
  std::vector<std::string> addresses;  // A/AAAA data at the end of the chain, at most 64
};

// Never fails: what cannot be read is kNotOurs or kMalformed. A message with TC=1 that ends in the
// middle of a record is an answer.
DnsReply DecodeDnsReply(absl::string_view wire, const DnsQuestion& question, uint16_t id);

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_DNS_DNS_WIRE_H_
