#include "probe-node/probes/dns/dns_wire.h"

// Before ldns, which otherwise defines bool, true and false as macros.
#include <stdbool.h>

#include <ldns/ldns.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/net/ip_address.h"
#include "probe-node/probes/stream/evidence.h"

namespace probemesh::node {
namespace {

constexpr size_t kHeaderSize = 12;
constexpr size_t kMaxMessage = 65535;
constexpr size_t kMaxRecords = 64;
constexpr size_t kMaxRecordData = 1024;
constexpr size_t kMaxNameText = 1024;
constexpr int kMaxChain = 16;
constexpr uint16_t kEdnsPayload = 1232;
constexpr uint16_t kOptionExtendedError = 15;

struct LdnsFree {
  void operator()(ldns_pkt* packet) const { ldns_pkt_free(packet); }
  void operator()(ldns_rr* record) const { ldns_rr_free(record); }
  void operator()(ldns_rdf* field) const { ldns_rdf_deep_free(field); }
  void operator()(char* text) const { std::free(text); }
  void operator()(uint8_t* octets) const { std::free(octets); }
};
template <typename T>
using Owned = std::unique_ptr<T, LdnsFree>;

uint16_t ReadU16(absl::string_view wire, size_t at) {
  return static_cast<uint16_t>((static_cast<uint8_t>(wire[at]) << 8) |
                               static_cast<uint8_t>(wire[at + 1]));
}

Owned<ldns_rdf> ToDname(const std::string& name) {
  return Owned<ldns_rdf>(ldns_dname_new_frm_str(name.c_str()));
}

std::string TypeName(ldns_rr_type type) {
  const Owned<char> text(ldns_rr_type2str(type));
  return text ? text.get() : "";
}

bool CannotBeAsked(ldns_rr_type type) {
  switch (static_cast<int>(type)) {
    case 0:
    case LDNS_RR_TYPE_OPT:
    case LDNS_RR_TYPE_TKEY:
    case LDNS_RR_TYPE_TSIG:
    case LDNS_RR_TYPE_IXFR:
    case LDNS_RR_TYPE_AXFR:
      return true;
    default:
      return false;
  }
}

std::string RcodeName(uint32_t rcode) {
  if (rcode == 16) return "BADVERS";
  if (rcode == 23) return "BADCOOKIE";
  if (rcode > 15) return absl::StrCat("RCODE", rcode);
  const Owned<char> text(ldns_pkt_rcode2str(static_cast<ldns_pkt_rcode>(rcode)));
  return text ? text.get() : absl::StrCat("RCODE", rcode);
}

void SetRcode(v1::DnsServerAnswer& answer, uint32_t rcode) {
  answer.set_rcode(rcode);
  answer.set_rcode_name(RcodeName(rcode));
}

// "name<TAB>ttl<TAB>class<TAB>type<TAB>data<LF>": the text form of one record, as data.
v1::DnsRecord ToRecord(const ldns_rr* record) {
  v1::DnsRecord out;
  out.set_ttl(ldns_rr_ttl(record));
  out.set_type(TypeName(ldns_rr_get_type(record)));
  const Owned<char> owner(ldns_rdf2str(ldns_rr_owner(record)));
  if (owner) out.set_name(PrintableText(owner.get(), kMaxNameText));
  const Owned<char> text(ldns_rr2str(record));
  if (!text) return out;
  const std::vector<absl::string_view> fields =
      absl::StrSplit(absl::string_view(text.get()), absl::MaxSplits('\t', 4));
  if (fields.size() == 5) {
    out.set_data(PrintableText(absl::StripSuffix(fields[4], "\n"), kMaxRecordData));
  }
  return out;
}

template <typename Records>
void CopyRecords(const ldns_rr_list* from, Records* to) {
  const size_t count = std::min(ldns_rr_list_rr_count(from), kMaxRecords);
  for (size_t i = 0; i < count; ++i) *to->Add() = ToRecord(ldns_rr_list_rr(from, i));
}

// RFC 8914 2: option 15 is a 2-octet info code and optional text.
void ReadExtendedError(const ldns_pkt* packet, v1::DnsServerAnswer& answer) {
  const ldns_rdf* options = ldns_pkt_edns_data(packet);
  if (options == nullptr) return;
  absl::string_view rest(reinterpret_cast<const char*>(ldns_rdf_data(options)),
                         ldns_rdf_size(options));
  while (rest.size() >= 4) {
    const uint16_t code = ReadU16(rest, 0);
    const size_t length = ReadU16(rest, 2);
    if (rest.size() - 4 < length) return;
    if (code == kOptionExtendedError && length >= 2) {
      answer.set_has_ede(true);
      answer.set_ede_code(ReadU16(rest, 4));
      return;
    }
    rest.remove_prefix(4 + length);
  }
}

bool Matches(const ldns_rr* record, const ldns_rdf* owner, ldns_rr_type type) {
  return (type == LDNS_RR_TYPE_ANY || ldns_rr_get_type(record) == type) &&
         ldns_rr_owner(record) != nullptr && ldns_dname_compare(ldns_rr_owner(record), owner) == 0;
}

const ldns_rr* FindRecord(const ldns_rr_list* records, const ldns_rdf* owner, ldns_rr_type type) {
  for (size_t i = 0; i < ldns_rr_list_rr_count(records); ++i) {
    const ldns_rr* record = ldns_rr_list_rr(records, i);
    if (Matches(record, owner, type)) return record;
  }
  return nullptr;
}

// The name at the end of the CNAME chain that starts at `name`, if it has a record of `type`.
const ldns_rdf* EndOfChain(const ldns_rr_list* records, const ldns_rdf* name, ldns_rr_type type) {
  for (int step = 0; step < kMaxChain; ++step) {
    if (FindRecord(records, name, type) != nullptr) return name;
    const ldns_rr* alias = FindRecord(records, name, LDNS_RR_TYPE_CNAME);
    if (alias == nullptr || ldns_rr_rd_count(alias) != 1) return nullptr;
    name = ldns_rr_rdf(alias, 0);
  }
  return nullptr;
}

void CollectAddresses(const ldns_rr_list* records, const ldns_rdf* owner, ldns_rr_type type,
                      std::vector<std::string>& addresses) {
  if (type != LDNS_RR_TYPE_A && type != LDNS_RR_TYPE_AAAA) return;
  for (size_t i = 0; i < ldns_rr_list_rr_count(records); ++i) {
    const ldns_rr* record = ldns_rr_list_rr(records, i);
    if (!Matches(record, owner, type) || ldns_rr_rd_count(record) != 1) continue;
    const Owned<char> text(ldns_rdf2str(ldns_rr_rdf(record, 0)));
    const absl::StatusOr<IpAddress> address = IpAddress::Parse(text ? text.get() : "");
    if (address.ok() && addresses.size() < kMaxRecords) addresses.push_back(address->ToString());
  }
}

// Does the question section hold what was asked? A server that could not read the query may leave
// it out of its error (RFC 1035 4.1.1).
bool QuestionMatches(absl::string_view wire, const ldns_rdf* name, ldns_rr_type type) {
  const uint16_t count = ReadU16(wire, 4);
  const bool is_error = (static_cast<uint8_t>(wire[3]) & 0x0f) != 0;
  if (count == 0) return is_error;
  if (count != 1) return false;
  ldns_rr* raw = nullptr;
  size_t position = kHeaderSize;
  const ldns_status status = ldns_wire2rr(&raw, reinterpret_cast<const uint8_t*>(wire.data()),
                                          wire.size(), &position, LDNS_SECTION_QUESTION);
  if (status != LDNS_STATUS_OK) return false;
  const Owned<ldns_rr> asked(raw);
  return ldns_rr_get_class(raw) == LDNS_RR_CLASS_IN && ldns_rr_get_type(raw) == type &&
         ldns_dname_compare(ldns_rr_owner(raw), name) == 0;
}

void ReadFlags(absl::string_view wire, v1::DnsServerAnswer& answer) {
  const auto high = static_cast<uint8_t>(wire[2]);
  const auto low = static_cast<uint8_t>(wire[3]);
  answer.set_answered(true);
  answer.set_outcome(v1::ANSWERED);
  answer.set_authoritative((high & 0x04) != 0);
  answer.set_truncated((high & 0x02) != 0);
  answer.set_recursion_available((low & 0x80) != 0);
  answer.set_authenticated((low & 0x20) != 0);
  SetRcode(answer, low & 0x0f);
}

void ReadPacket(const ldns_pkt* packet, const ldns_rdf* name, ldns_rr_type type, DnsReply& reply) {
  reply.has_edns = ldns_pkt_edns(packet);
  const uint32_t high = reply.has_edns ? ldns_pkt_edns_extended_rcode(packet) : 0;
  if (high != 0) SetRcode(reply.answer, (high << 4) | reply.answer.rcode());
  ReadExtendedError(packet, reply.answer);
  const ldns_rr_list* answers = ldns_pkt_answer(packet);
  CopyRecords(answers, reply.answer.mutable_answers());
  CopyRecords(ldns_pkt_authority(packet), reply.answer.mutable_authority());
  if (reply.answer.rcode() != kDnsNoError) return;
  const ldns_rdf* end = EndOfChain(answers, name, type);
  reply.positive = end != nullptr;
  if (end != nullptr) CollectAddresses(answers, end, type, reply.addresses);
}

}  // namespace

absl::StatusOr<DnsQuestion> MakeDnsQuestion(const v1::DnsProbe& spec) {
  DnsQuestion question;
  question.name = spec.name();
  question.recursion_desired = !spec.no_recursion();
  question.checking_disabled = spec.checking_disabled();
  const ldns_rr_type type =
      spec.type().empty() ? LDNS_RR_TYPE_A : ldns_get_rr_type_by_name(spec.type().c_str());
  if (CannotBeAsked(type) || static_cast<uint32_t>(type) > 65535) {
    return absl::InvalidArgumentError("dns.type: unknown or not askable");
  }
  question.type = static_cast<uint16_t>(type);
  const absl::StatusOr<std::string> query = EncodeDnsQuery(question, 0, /*edns=*/true);
  if (!query.ok()) return query.status();
  return question;
}

absl::StatusOr<std::string> EncodeDnsQuery(const DnsQuestion& question, uint16_t id, bool edns) {
  const absl::Status bad_name = absl::InvalidArgumentError("dns.name: not a domain name");
  const std::string printable = PrintableText(question.name, kMaxNameText);
  if (question.name.empty() || printable != question.name) return bad_name;
  if (question.name.find(' ') != std::string::npos) return bad_name;
  Owned<ldns_rdf> name = ToDname(question.name);
  if (!name) return bad_name;
  uint16_t flags = LDNS_AD;
  if (question.recursion_desired) flags |= LDNS_RD;
  if (question.checking_disabled) flags |= LDNS_CD;
  const Owned<ldns_pkt> packet(ldns_pkt_query_new(
      name.release(), static_cast<ldns_rr_type>(question.type), LDNS_RR_CLASS_IN, flags));
  if (!packet) return bad_name;
  ldns_pkt_set_id(packet.get(), id);
  if (edns) ldns_pkt_set_edns_udp_size(packet.get(), kEdnsPayload);
  uint8_t* raw = nullptr;
  size_t size = 0;
  const ldns_status status = ldns_pkt2wire(&raw, packet.get(), &size);
  const Owned<uint8_t> octets(raw);
  if (status != LDNS_STATUS_OK) return bad_name;
  return std::string(reinterpret_cast<const char*>(raw), size);
}

DnsReply DecodeDnsReply(absl::string_view wire, const DnsQuestion& question, uint16_t id) {
  DnsReply reply;
  if (wire.size() < kHeaderSize || wire.size() > kMaxMessage || ReadU16(wire, 0) != id) {
    return reply;
  }
  const bool is_response = (static_cast<uint8_t>(wire[2]) & 0x80) != 0;
  const Owned<ldns_rdf> name = ToDname(question.name);
  const auto type = static_cast<ldns_rr_type>(question.type);
  if (!is_response || !name || !QuestionMatches(wire, name.get(), type)) return reply;
  reply.kind = DnsReply::Kind::kAnswer;
  ReadFlags(wire, reply.answer);
  ldns_pkt* raw = nullptr;
  const ldns_status status =
      ldns_wire2pkt(&raw, reinterpret_cast<const uint8_t*>(wire.data()), wire.size());
  if (status == LDNS_STATUS_OK) {
    const Owned<ldns_pkt> packet(raw);
    ReadPacket(raw, name.get(), type, reply);
  } else if (!reply.answer.truncated()) {
    reply.kind = DnsReply::Kind::kMalformed;
    reply.answer.set_outcome(v1::BAD_ANSWER);
  }
  return reply;
}

}  // namespace probemesh::node
