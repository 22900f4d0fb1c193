#include "coordinator/diagnosis/walk.h"

#include <algorithm>
#include <map>

#include "coordinator/diagnosis/icmp_meaning.h"

namespace probemesh::coordinator {
namespace {

constexpr uint32_t kMaxTtl = 64;
constexpr int kMaxHops = 128;
constexpr int kMaxExchangesPerHop = 16;

// Ordered so that a better-informed answer wins when several packets went to one distance.
bool Informs(Hop::Kind candidate, Hop::Kind current) {
  return static_cast<int>(candidate) > static_cast<int>(current);
}

Hop ReadIcmp(const v1::IcmpError& error, const std::string& destination) {
  Hop hop;
  hop.address = CanonicalAddress(error.offender());
  const IcmpMeaning meaning = MeaningOf(error);
  if (hop.address.empty() || meaning == IcmpMeaning::kOther) return Hop();
  hop.kind = Hop::Kind::kRefuser;
  if (meaning == IcmpMeaning::kTimeExceeded) hop.kind = Hop::Kind::kRouter;
  if (meaning == IcmpMeaning::kPortUnreachable && hop.address == destination) {
    hop.kind = Hop::Kind::kTarget;
  }
  return hop;
}

Hop ReadExchange(const v1::Exchange& exchange, const std::string& destination) {
  Hop hop;
  switch (exchange.reply()) {
    case v1::POSITIVE:
    case v1::RST:
    case v1::LATE:
      hop.kind = Hop::Kind::kTarget;
      hop.address = destination;
      return hop;
    case v1::ICMP:
      return ReadIcmp(exchange.icmp_error(), destination);
    case v1::NO_REPLY:
      hop.kind = Hop::Kind::kSilent;
      return hop;
    default:
      hop.kind = Hop::Kind::kUnknown;
      return hop;
  }
}

Hop ReadHop(const v1::TraceHop& trace, const std::string& destination, bool* reset) {
  Hop best;
  // No exchange at all is no evidence of silence.
  best.kind = trace.exchanges_size() == 0 ? Hop::Kind::kUnknown : Hop::Kind::kSilent;
  for (int i = 0; i < std::min(trace.exchanges_size(), kMaxExchangesPerHop); ++i) {
    const Hop hop = ReadExchange(trace.exchanges(i), destination);
    if (hop.kind == Hop::Kind::kTarget && trace.exchanges(i).reply() == v1::RST) *reset = true;
    if (Informs(hop.kind, best.kind)) best = hop;
  }
  best.ttl = trace.ttl();
  return best;
}

void FindEnd(Walk* walk) {
  for (const Hop& hop : walk->hops) {
    if (hop.kind == Hop::Kind::kTarget && !walk->reached) {
      walk->reached = true;
      walk->reached_ttl = hop.ttl;
    }
    if (hop.kind == Hop::Kind::kRefuser) walk->refused = true;
    if (hop.kind == Hop::Kind::kRouter) {
      walk->last_responder = hop.address;
      walk->last_ttl = hop.ttl;
    }
  }
  for (const Hop& hop : walk->hops) {
    if (hop.ttl > walk->last_ttl && hop.kind == Hop::Kind::kSilent) walk->tail_known = true;
  }
}

// An address at two distances with another one between them. A repeat at neighbouring distances
// alone can be a balancer or a router that forwards expired packets, so it proves nothing.
void FindLoop(Walk* walk) {
  std::map<std::string, size_t> first;
  std::vector<std::string> met;
  for (const Hop& hop : walk->hops) {
    if (hop.kind != Hop::Kind::kRouter) continue;
    const auto [it, is_new] = first.emplace(hop.address, met.size());
    if (!is_new) {
      const auto begin = met.begin() + static_cast<ptrdiff_t>(it->second);
      const bool other_between =
          std::any_of(begin, met.end(), [&](const std::string& a) { return a != hop.address; });
      if (other_between) {
        walk->loop.assign(begin, met.end());
        break;
      }
    }
    met.push_back(hop.address);
  }
  std::vector<std::string> unique;
  for (const std::string& address : walk->loop) {
    if (std::find(unique.begin(), unique.end(), address) == unique.end()) unique.push_back(address);
  }
  walk->loop = unique;
}

}  // namespace

Walk NormaliseWalk(const v1::Observation& observation) {
  Walk walk;
  walk.node = observation.node();
  walk.command_id = observation.command_id();
  walk.destination = CanonicalAddress(observation.spec().address());
  walk.protocol = observation.spec().trace().protocol();
  std::map<uint32_t, Hop> by_ttl;
  const v1::TraceEvidence& trace = observation.trace();
  for (int i = 0; i < std::min(trace.hops_size(), kMaxHops); ++i) {
    if (trace.hops(i).ttl() == 0 || trace.hops(i).ttl() > kMaxTtl) continue;
    const Hop hop = ReadHop(trace.hops(i), walk.destination, &walk.reached_by_reset);
    const auto [it, is_new] = by_ttl.emplace(hop.ttl, hop);
    if (!is_new && Informs(hop.kind, it->second.kind)) it->second = hop;
  }
  for (const auto& [ttl, hop] : by_ttl) walk.hops.push_back(hop);
  FindEnd(&walk);
  FindLoop(&walk);
  return walk;
}

}  // namespace probemesh::coordinator
