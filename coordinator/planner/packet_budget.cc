#include "coordinator/planner/packet_budget.h"

#include <algorithm>

#include "absl/time/time.h"
#include "common/base/proto_time.h"

namespace probemesh::coordinator {
namespace {

constexpr int kPerVantage = 50;
constexpr int kMeshWide = 200;
constexpr size_t kVantagesOfMeshWide = 7;
constexpr int kFirstTries = 16;
// Paths over the internet are longer than this; packets with less never get near the target.
constexpr int kNearestTarget = 4;
constexpr int64_t kMostSyns = 6;

// Linux repeats a SYN after 1, 2, 3... s (since 6.x; after 1, 3, 7 s before).
int Syns(const v1::ProbeSpec& spec) {
  const int64_t seconds = absl::ToInt64Seconds(FromProto(spec.timeout()));
  return static_cast<int>(std::clamp<int64_t>(1 + seconds, 1, kMostSyns));
}

int WalkPackets(const v1::ProbeSpec& spec) {
  const v1::TraceProbe& trace = spec.trace();
  const int first = std::max<int>(static_cast<int>(trace.first_ttl()), kNearestTarget);
  const int distances = std::max(0, static_cast<int>(trace.last_ttl()) - first + 1);
  const int tries = trace.protocol() == v1::TraceProbe::TCP ? Syns(spec)
                    : trace.has_reprobe_after()             ? 2
                                                            : 1;
  return tries * distances;
}

}  // namespace

int PacketsAtTarget(const v1::ProbeSpec& spec) {
  switch (spec.kind_case()) {
    case v1::ProbeSpec::kTcp:
    case v1::ProbeSpec::kTls:
    case v1::ProbeSpec::kHttp:
      return Syns(spec);
    case v1::ProbeSpec::kIcmp:
      return std::max(1, static_cast<int>(spec.icmp().count()));
    case v1::ProbeSpec::kUdp:
      return 1;
    case v1::ProbeSpec::kTrace:
      return WalkPackets(spec);
    default:
      return 0;
  }
}

PacketBudget::PacketBudget(size_t vantages) {
  const size_t shared = std::min(vantages, kVantagesOfMeshWide);
  const size_t further = vantages - shared;
  left_ = std::min(kMeshWide, kPerVantage * static_cast<int>(shared)) +
          kFirstTries * static_cast<int>(further);
}

bool PacketBudget::Take(int packets, int reserve) {
  if (left_ - packets < reserve) return false;
  left_ -= packets;
  return true;
}

}  // namespace probemesh::coordinator
