#include "coordinator/diagnosis/unreachable_timing.h"

#include <algorithm>
#include <set>
#include <string>

namespace probemesh::coordinator {
namespace {

// The kernel repeats a SYN after about a second, and again (RFC 6298 2.1): a later error to TCP may
// be the prompt answer to a repetition.
constexpr int64_t kFirstRepeatMillis = 900;
// What a router's slow path may add to the round trip of its other answers, and what it does not.
constexpr int64_t kPromptMillis = 100;
constexpr int64_t kHesitantMillis = 500;

enum class Pace { kPrompt, kUnclear, kWaited, kWaitedUnlessRepeated };

// Somebody else's packet may have begun the wait, so it can end any time after ours. No round trip
// is known: only the extremes tell.
Pace PaceWithoutRoundTrip(const ErrorSeen& seen) {
  if (seen.own_delay_ms < kLongestRoundTripMillis) {
    return seen.delay_ms < kLateMillis ? Pace::kPrompt : Pace::kUnclear;
  }
  return seen.delay_ms >= kLateMillis ? Pace::kWaited : Pace::kUnclear;
}

Pace PaceOf(const ErrorSeen& seen, const std::optional<int64_t>& round_trip_ms) {
  if (seen.tcp && seen.own_delay_ms >= kFirstRepeatMillis) {
    return seen.own_delay_ms >= kLateMillis ? Pace::kWaitedUnlessRepeated : Pace::kUnclear;
  }
  if (seen.own_delay_ms >= kLateMillis) return Pace::kWaited;
  if (!round_trip_ms) return PaceWithoutRoundTrip(seen);
  const int64_t slowest = 3 * *round_trip_ms;
  if (seen.own_delay_ms >= slowest + kHesitantMillis) return Pace::kWaited;
  const bool prompt = seen.own_delay_ms <= slowest + kPromptMillis && seen.delay_ms < kLateMillis;
  return prompt ? Pace::kPrompt : Pace::kUnclear;
}

bool IsUnreachable(const ErrorSeen& seen) {
  return seen.kind == ErrorKind::kQuickUnreachable || seen.kind == ErrorKind::kLateUnreachable;
}

}  // namespace

std::optional<int64_t> MedianRoundTrip(std::vector<int64_t> round_trips_ms) {
  if (round_trips_ms.empty()) return std::nullopt;
  const auto middle = round_trips_ms.begin() + static_cast<int64_t>(round_trips_ms.size() / 2);
  std::nth_element(round_trips_ms.begin(), middle, round_trips_ms.end());
  return *middle;
}

// An offender that was seen to wait for an address does not also have a configured reject: its
// quick errors answer packets that joined the wait late.
void SettleUnreachables(const std::vector<TimedErrors>& vantages) {
  std::set<std::string> waited;
  std::set<std::string> perhaps_waited;
  std::set<std::string> prompt;
  std::set<std::string> at_once;
  for (const TimedErrors& vantage : vantages) {
    for (const ErrorSeen& seen : *vantage.errors) {
      if (!IsUnreachable(seen)) continue;
      const Pace pace = PaceOf(seen, vantage.round_trip_ms);
      if (pace == Pace::kWaited) waited.insert(seen.offender);
      if (pace == Pace::kWaitedUnlessRepeated) perhaps_waited.insert(seen.offender);
      if (pace != Pace::kPrompt) continue;
      prompt.insert(seen.offender);
      if (vantage.round_trip_ms || seen.own_delay_ms <= kPromptMillis)
        at_once.insert(seen.offender);
    }
  }
  for (const std::string& offender : perhaps_waited) {
    if (at_once.count(offender) == 0) waited.insert(offender);
  }
  for (const TimedErrors& vantage : vantages) {
    std::vector<ErrorSeen>& errors = *vantage.errors;
    const auto proves_nothing = [&](const ErrorSeen& seen) {
      return IsUnreachable(seen) && waited.count(seen.offender) + prompt.count(seen.offender) == 0;
    };
    errors.erase(std::remove_if(errors.begin(), errors.end(), proves_nothing), errors.end());
    for (ErrorSeen& seen : errors) {
      if (!IsUnreachable(seen)) continue;
      seen.kind = waited.count(seen.offender) > 0 ? ErrorKind::kLateUnreachable
                                                  : ErrorKind::kQuickUnreachable;
    }
  }
}

}  // namespace probemesh::coordinator
