// Whatever nodes answer, in whatever order: the plan ends in time, stays small, and is the same for
// the same evidence.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/proto_time.h"
#include "common/base/random.h"
#include "tests/unit/coordinator/planner/planner_sim.h"

namespace probemesh::coordinator {
namespace {

constexpr int kSeeds = 300;

std::string RandomAddress(Random& random) {
  switch (UniformBelow(random, 4)) {
    case 0:
      return absl::StrCat("192.0.2.", UniformBelow(random, 256));
    case 1:
      return absl::StrCat("2001:db8::", UniformBelow(random, 9000));
    case 2:
      return "224.0.0.1";
    default:
      return std::string(UniformBelow(random, 40), 'x');
  }
}

v1::Observation RandomObservation(Random& random) {
  v1::Observation observation;
  observation.set_outcome(static_cast<v1::Outcome>(UniformBelow(random, 14)));
  observation.set_failed_stage(static_cast<v1::Stage>(UniformBelow(random, 7)));
  for (uint64_t i = UniformBelow(random, 5); i > 0; --i) {
    v1::Exchange& exchange = *observation.add_exchanges();
    exchange.set_reply(static_cast<v1::ReplyKind>(UniformBelow(random, 9)));
    exchange.set_reply_ttl(static_cast<uint32_t>(UniformBelow(random, 300)));
    exchange.set_ttl_sent(static_cast<uint32_t>(UniformBelow(random, 70)));
    exchange.mutable_icmp_error()->set_type(static_cast<uint32_t>(UniformBelow(random, 13)));
    exchange.mutable_icmp_error()->set_offender(RandomAddress(random));
  }
  for (uint64_t i = UniformBelow(random, 6); i > 0; --i) {
    observation.mutable_dns()->add_addresses(RandomAddress(random));
  }
  if (UniformBelow(random, 2) == 0) return observation;
  observation.mutable_trace()->set_reached(UniformBelow(random, 2) == 0);
  for (uint64_t i = UniformBelow(random, 40); i > 0; --i) {
    v1::TraceHop& hop = *observation.mutable_trace()->add_hops();
    hop.set_ttl(static_cast<uint32_t>(UniformBelow(random, 80)));
    hop.set_address(RandomAddress(random));
  }
  return observation;
}

struct Outcome {
  absl::Duration end;
  std::string orders;
  int count = 0;
  int extra_packets = 0;  // retries, walks and contrasts, at most
};

Outcome Play(const PlanInput& input, uint64_t seed) {
  SeededRandom random(seed);
  Planner planner(input);
  std::multimap<absl::Duration, uint64_t> due;
  Outcome outcome;
  absl::Duration now;
  for (int turn = 0; turn < 5000; ++turn) {
    const PlanStep step = planner.Advance(now);
    outcome.end = now;
    if (step.finished) return outcome;
    for (const ProbeOrder& order : step.orders) {
      ++outcome.count;
      absl::StrAppend(&outcome.orders, order.vantage, " ", order.spec.ShortDebugString(), "\n");
      const bool first = order.spec.attempt() == 0 && !order.spec.has_trace();
      if (!first && !order.spec.has_dns() && order.spec.role() != v1::NEIGHBOR) {
        outcome.extra_packets += PacketsAtTarget(order.spec);
      }
      if (UniformBelow(random, 20) == 0) {
        planner.OnNoResult(order.id);
      } else if (UniformBelow(random, 20) != 0) {
        due.emplace(now + absl::Milliseconds(UniformBelow(random, 4000)), order.id);
      }
    }
    if (UniformBelow(random, 200) == 0) planner.OnVantageLost(UniformBelow(random, 9));
    now = due.empty() ? step.next : std::min(step.next, due.begin()->first);
    while (!due.empty() && due.begin()->first <= now) {
      planner.OnObservation(due.begin()->second, RandomObservation(random), now);
      due.erase(due.begin());
    }
  }
  ADD_FAILURE() << "no end with seed " << seed;
  return outcome;
}

TEST(PlannerPropertyTest, AnyEvidenceEndsInTimeWithinTheBudget) {
  for (const char* target : {"https://www.example.com/", "192.0.2.10:22", "192.0.2.10"}) {
    PlanInput input = PlannerSim(target, std::vector<FakeTarget>(5)).input();
    input.neighbors = {HostPort{"192.0.2.11", 80}};
    for (PlanVantage& vantage : input.vantages) vantage.capabilities.set_ipv6(true);
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
      const Outcome outcome = Play(input, seed);
      EXPECT_LE(outcome.end, kDefaultDeadline + kDeadlineGrace) << target << " " << seed;
      EXPECT_LE(outcome.count, 5 * 60) << target << " " << seed;
      EXPECT_LE(outcome.extra_packets, 200) << target << " " << seed;
    }
  }
}

TEST(PlannerPropertyTest, TheSameEvidenceMakesTheSamePlan) {
  const PlanInput input =
      PlannerSim("https://www.example.com/", std::vector<FakeTarget>(4)).input();
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Outcome first = Play(input, seed);
    const Outcome second = Play(input, seed);
    EXPECT_EQ(first.orders, second.orders);
    EXPECT_EQ(first.end, second.end);
  }
}

}  // namespace
}  // namespace probemesh::coordinator
