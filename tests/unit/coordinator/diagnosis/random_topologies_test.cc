// The gate that matters most: what is not the target's fault is never called that, on any topology.
#include <map>

#include "tests/unit/coordinator/diagnosis/diagnosis_matchers.h"
#include "tests/unit/coordinator/diagnosis/little_internet.h"

namespace probemesh::coordinator {
namespace {

constexpr uint64_t kSeeds = 300;

struct Expectation {
  FaultKind kind;
  const char* name;
  std::set<J::Verdict> right;  // names the fault
  // Besides INCONCLUSIVE: honest where the evidence is poor (one network alone, a host that shows
  // no life, routers that kept silent).
  std::set<J::Verdict> acceptable;
  int least_right_percent;
};

std::ostream& operator<<(std::ostream& out, const Expectation& expectation) {
  return out << expectation.name;
}

class RandomTopologies : public ::testing::TestWithParam<Expectation> {};

bool IsTheTargets(FaultKind kind) {
  return kind == FaultKind::kRefused || kind == FaultKind::kHung || kind == FaultKind::kHostGone;
}

TEST_P(RandomTopologies, NeverBlameTheWrongParty) {
  const Expectation& expected = GetParam();
  int felt = 0;
  int right = 0;
  std::string wrong;
  int wrong_count = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    LittleInternet internet(seed);
    const BundleBuilder builder = internet.Observe(expected.kind);
    if (expected.kind != FaultKind::kNone && !internet.felt()) continue;
    ++felt;
    const J judgement = JudgementOf(builder);
    if (!IsTheTargets(expected.kind)) {
      EXPECT_NE(judgement.fault_domain(), J::TARGET) << seed << "\n" << judgement.DebugString();
    }
    if (expected.right.count(judgement.verdict()) > 0) {
      ++right;
    } else if (judgement.verdict() != J::INCONCLUSIVE &&
               expected.acceptable.count(judgement.verdict()) == 0) {
      ++wrong_count;
      wrong += "with seed " + std::to_string(seed) + "\n" + judgement.DebugString();
    }
  }
  ASSERT_GT(felt, 100);
  RecordProperty("right_percent", 100 * right / felt);
  EXPECT_LE(100 * wrong_count, felt) << wrong;  // one in a hundred
  EXPECT_GE(100 * right / felt, expected.least_right_percent) << right << " of " << felt;
}

std::string NameOf(const ::testing::TestParamInfo<Expectation>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(
    Faults, RandomTopologies,
    ::testing::Values(
        Expectation{FaultKind::kNone, "None", {J::HEALTHY}, {}, 100},
        Expectation{FaultKind::kRefused, "Refused", {J::SERVICE_DOWN}, {}, 99},
        Expectation{FaultKind::kHung, "Hung", {J::SERVICE_DOWN}, {}, 99},
        Expectation{FaultKind::kHostGone, "HostGone", {J::HOST_DOWN}, {J::TARGET_SILENT}, 95},
        Expectation{FaultKind::kHostSilent, "HostSilent", {J::TARGET_SILENT}, {}, 50},
        Expectation{
            FaultKind::kPortFiltered, "PortFiltered", {J::FILTERED}, {J::TARGET_SILENT}, 90},
        Expectation{FaultKind::kHole,
                    "Hole",
                    {J::PATH_FAILURE, J::PREFIX_UNREACHABLE},
                    {J::FILTERED, J::TARGET_SILENT},
                    55},
        Expectation{
            FaultKind::kNoRoute, "NoRoute", {J::PATH_FAILURE, J::PREFIX_UNREACHABLE}, {}, 95},
        Expectation{FaultKind::kProhibited, "Prohibited", {J::FILTERED}, {J::PATH_FAILURE}, 85},
        Expectation{FaultKind::kUnreachableRoute,
                    "UnreachableRoute",
                    {J::PATH_FAILURE, J::PREFIX_UNREACHABLE},
                    {},
                    95},
        Expectation{FaultKind::kAllProvidersHole,
                    "AllProvidersHole",
                    {J::PATH_FAILURE, J::PREFIX_UNREACHABLE},
                    {J::TARGET_SILENT},
                    35},
        Expectation{FaultKind::kAllProvidersNoRoute,
                    "AllProvidersNoRoute",
                    {J::PATH_FAILURE, J::PREFIX_UNREACHABLE},
                    {},
                    92},
        Expectation{FaultKind::kSourceFiltered,
                    "SourceFiltered",
                    {J::FILTERED},
                    {J::PATH_FAILURE, J::TARGET_SILENT},
                    55},
        Expectation{FaultKind::kReturnLost,
                    "ReturnLost",
                    {J::PATH_FAILURE},
                    {J::FILTERED, J::TARGET_SILENT},
                    70}),
    NameOf);

}  // namespace
}  // namespace probemesh::coordinator
