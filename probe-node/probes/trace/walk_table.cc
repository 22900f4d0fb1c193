#include "probe-node/probes/trace/walk_table.h"

#include <algorithm>
#include <set>
#include <string>

#include "common/base/proto_time.h"
#include "probe-node/engine/icmp_governor.h"

namespace probemesh::node {
namespace {

// RFC 792 (11/0), RFC 4443 3.3 (3/0).
bool IsTtlExceeded(const v1::IcmpError& error) {
  return error.type() == (error.family() == v1::IPV6 ? 3 : 11) && error.code() == 0;
}

// RFC 792 type 3 but for "fragmentation needed", RFC 4443 type 1.
bool IsUnreachable(const v1::IcmpError& error) {
  if (error.family() == v1::IPV6) return error.type() == 1;
  return error.type() == 3 && error.code() != 4;
}

// Notes the lowest TTL, and how long its answer took.
void NoteLowest(int ttl, absl::Duration rtt, std::optional<int>* lowest, absl::Duration* its_rtt) {
  if (*lowest && **lowest <= ttl) return;
  *lowest = ttl;
  *its_rtt = rtt;
}

}  // namespace

size_t WalkTable::Add(int ttl) {
  packets_.emplace_back();
  packets_.back().ttl = ttl;
  packets_.back().exchange.set_ttl_sent(static_cast<uint32_t>(ttl));
  packets_.back().exchange.set_sequence(static_cast<uint32_t>(packets_.size() - 1));
  return packets_.size() - 1;
}

void WalkTable::MarkSent(size_t packet, MonotonicTime now, uint32_t spend) {
  Packet& sent = packets_[packet];
  sent.sent = true;
  sent.sent_at = now;
  sent.exchange.set_icmp_spend(spend);
  *sent.exchange.mutable_send_offset() = ToProto(now - start_);
}

void WalkTable::SetFlow(size_t packet, const v1::Flow& flow) {
  *packets_[packet].exchange.mutable_flow() = flow;
}

void WalkTable::SetAnswer(size_t packet, const v1::Exchange& answer) {
  Packet& answered = packets_[packet];
  answered.answered = true;
  answered.exchange.MergeFrom(answer);
  const absl::Duration rtt = start_ + FromProto(answer.receive_offset()) - answered.sent_at;
  if (FromTarget(answer)) return NoteLowest(answered.ttl, rtt, &reached_, &reached_rtt_);
  if (answer.reply() == v1::ICMP && IsUnreachable(answer.icmp_error())) {
    NoteLowest(answered.ttl, rtt, &unreachable_, &unreachable_rtt_);
  }
}

// A TTL that expired "at the target" expired in a router that speaks with its address, in front of
// it: no answer of the target.
bool WalkTable::FromTarget(const v1::Exchange& answer) const {
  if (answer.reply() == v1::POSITIVE || answer.reply() == v1::RST) return true;
  return answer.reply() == v1::ICMP && !IsTtlExceeded(answer.icmp_error()) &&
         answer.icmp_error().offender() == target_.ToString();
}

bool WalkTable::AnyLeft() const {
  return std::any_of(packets_.begin(), packets_.end(), [](const Packet& packet) {
    return packet.sent && packet.exchange.reply() != v1::LOCAL;
  });
}

bool WalkTable::AllSent(int ttl) const {
  return std::all_of(packets_.begin(), packets_.end(),
                     [ttl](const Packet& packet) { return packet.ttl != ttl || packet.sent; });
}

bool WalkTable::Answered(int ttl) const {
  return std::any_of(packets_.begin(), packets_.end(), [ttl](const Packet& packet) {
    return packet.ttl == ttl && packet.answered && packet.exchange.reply() != v1::LOCAL;
  });
}

bool WalkTable::AllAnswered() const {
  return !packets_.empty() && std::all_of(packets_.begin(), packets_.end(),
                                          [](const Packet& packet) { return packet.answered; });
}

MonotonicTime WalkTable::LastSent(int ttl) const {
  MonotonicTime last = start_;
  for (const Packet& packet : packets_) {
    if (packet.ttl == ttl && packet.sent) last = std::max(last, packet.sent_at);
  }
  return last;
}

std::optional<int> WalkTable::barrier() const {
  if (reached_ && unreachable_) return std::min(*reached_, *unreachable_);
  return end();
}

v1::Outcome WalkTable::OutcomeNow() const {
  if (reached_) return v1::ANSWERED;
  if (unreachable_) return v1::ICMP_ERROR;
  if (AnyLeft()) return v1::SILENT;
  return FirstLocalError() ? v1::LOCAL_ERROR : v1::NOT_RUN;
}

std::optional<v1::LocalError> WalkTable::FirstLocalError() const {
  for (const Packet& packet : packets_) {
    if (packet.exchange.has_local_error()) return packet.exchange.local_error();
  }
  return std::nullopt;
}

v1::ReplyKind WalkTable::KindOfSilence(const Packet& packet, MonotonicTime now) const {
  const bool known = packet.sent && !unattributed_ && now - packet.sent_at >= kMinListen &&
                     packet.exchange.icmp_spend() < IcmpGovernor::kExhausted;
  return known ? v1::NO_REPLY : v1::NO_REPLY_UNKNOWN;
}

// Beyond the end only what answered is kept: the rest was not waited for.
std::map<int, v1::TraceHop> WalkTable::Hops(MonotonicTime now) const {
  std::map<int, v1::TraceHop> hops;
  for (const Packet& packet : packets_) {
    if (end() && packet.ttl > *end() && !packet.answered) continue;
    v1::TraceHop& hop = hops[packet.ttl];
    hop.set_ttl(static_cast<uint32_t>(packet.ttl));
    v1::Exchange* exchange = hop.add_exchanges();
    *exchange = packet.exchange;
    if (!packet.answered) exchange->set_reply(KindOfSilence(packet, now));
    if (!hop.address().empty()) continue;
    if (exchange->has_icmp_error()) hop.set_address(exchange->icmp_error().offender());
    if (packet.answered && FromTarget(*exchange)) hop.set_address(target_.ToString());
  }
  return hops;
}

void WalkTable::Fill(MonotonicTime now, v1::TraceEvidence* evidence) const {
  for (const auto& [ttl, hop] : Hops(now)) {
    if (!hop.address().empty() && (!end() || ttl <= *end())) {
      evidence->set_last_responder(hop.address());
    }
    *evidence->add_hops() = hop;
  }
  evidence->set_reached(reached_.has_value());
  if (!reached_) FillLoop(evidence);
}

// The same router at neighbouring distances is no loop: it forwarded a packet whose TTL had ended,
// or a balancer led two packets by ways of different length. In a loop of two it is two apart.
void WalkTable::FillLoop(v1::TraceEvidence* evidence) const {
  std::map<std::string, int> first_seen;
  std::set<std::string> repeated;
  std::vector<const Packet*> by_ttl;
  for (const Packet& packet : packets_) {
    if (packet.answered && IsTtlExceeded(packet.exchange.icmp_error())) by_ttl.push_back(&packet);
  }
  std::stable_sort(by_ttl.begin(), by_ttl.end(),
                   [](const Packet* a, const Packet* b) { return a->ttl < b->ttl; });
  for (const Packet* packet : by_ttl) {
    const std::string& router = packet->exchange.icmp_error().offender();
    const auto [seen, is_new] = first_seen.emplace(router, packet->ttl);
    if (!is_new && packet->ttl >= seen->second + 2) repeated.insert(router);
  }
  evidence->set_loop(!repeated.empty());
  for (const std::string& router : repeated) evidence->add_loop_addresses(router);
}

}  // namespace probemesh::node
