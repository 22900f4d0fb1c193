#include "coordinator/diagnosis/log_math.h"

#include <algorithm>

namespace probemesh::coordinator {
namespace {

constexpr int kTableSize = 22'181;  // exp(-22.18) is below 2^-32
constexpr uint64_t kOne = uint64_t{1} << 32;
constexpr uint64_t kExpOfMinusOneMillinat = 2145337239;  // exp(-0.001) * 2^31, rounded up
constexpr int64_t kMillion = 1'000'000;
constexpr Millinats kLn2 = 693;

std::vector<uint64_t> MakeTable() {
  std::vector<uint64_t> table(kTableSize);
  uint64_t value = kOne;
  for (uint64_t& entry : table) {
    entry = value;
    value = (value * kExpOfMinusOneMillinat + (uint64_t{1} << 30)) >> 31;
  }
  return table;
}

}  // namespace

uint64_t ExpOfMinus(Millinats distance) {
  static const std::vector<uint64_t> table = MakeTable();
  if (distance <= 0) return kOne;
  return distance >= kTableSize ? 0 : table[static_cast<size_t>(distance)];
}

std::vector<int64_t> Softmax(const std::vector<Millinats>& scores, int64_t temperature) {
  if (scores.empty()) return {};
  const Millinats best = *std::max_element(scores.begin(), scores.end());
  std::vector<uint64_t> parts;
  uint64_t sum = 0;
  for (const Millinats score : scores) {
    parts.push_back(ExpOfMinus((best - score) / temperature));
    sum += parts.back();
  }
  std::vector<int64_t> shares;
  for (const uint64_t part : parts) {
    // part <= 2^32 and kMillion < 2^20: no overflow.
    shares.push_back(static_cast<int64_t>(part * static_cast<uint64_t>(kMillion) / sum));
  }
  return shares;
}

Millinats MinusLogOf(int64_t count) {
  count = std::clamp<int64_t>(count, 1, 1024);
  // ln(n) = k ln 2 + ln(m) with 1 <= m < 2, and ln(m) by its chord pair; within 0.03 nats.
  Millinats sum = 0;
  int64_t scale = 1;
  while (scale * 2 <= count) {
    scale *= 2;
    sum += kLn2;
  }
  const int64_t fraction = (count - scale) * 1000 / scale;
  sum += fraction <= 500 ? fraction * 811 / 1000 : 405 + (fraction - 500) * 576 / 1000;
  return -sum;
}

}  // namespace probemesh::coordinator
