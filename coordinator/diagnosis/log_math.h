// Log-probabilities as integers, so that every compiler and CPU computes the same judgement.
#ifndef PROBEMESH_COORDINATOR_DIAGNOSIS_LOG_MATH_H_
#define PROBEMESH_COORDINATOR_DIAGNOSIS_LOG_MATH_H_

#include <cstdint>
#include <vector>

namespace probemesh::coordinator {

// Thousandths of a natural logarithm.
using Millinats = int64_t;

// exp(-distance / 1000) as a fraction of 2^32; 1.0 for distance <= 0, 0 beyond 22 nats.
uint64_t ExpOfMinus(Millinats distance);

// Shares of one million, proportional to exp(score / (1000 * temperature)). They add up to at most
// one million (rounded down). Empty for an empty input.
std::vector<int64_t> Softmax(const std::vector<Millinats>& scores, int64_t temperature);

// -1000 ln(count), rounded, for 1 <= count; saturates at 1024.
Millinats MinusLogOf(int64_t count);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_DIAGNOSIS_LOG_MATH_H_
