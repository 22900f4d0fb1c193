#include "coordinator/diagnosis/correlated_weights.h"

namespace probemesh::coordinator {
namespace {

int64_t CorrelationPerMille(const VantageEvidence& a, const VantageEvidence& b) {
  if (a.group != b.group) return 50;
  return !a.site.empty() && a.site == b.site ? 800 : 500;
}

}  // namespace

std::vector<int64_t> CorrelatedWeights(const std::vector<const VantageEvidence*>& vantages) {
  std::vector<int64_t> weights;
  for (const VantageEvidence* vantage : vantages) {
    int64_t sum = 1000;
    for (const VantageEvidence* other : vantages) {
      if (other != vantage) sum += CorrelationPerMille(*vantage, *other);
    }
    weights.push_back(1'000'000 / sum);
  }
  return weights;
}

}  // namespace probemesh::coordinator
