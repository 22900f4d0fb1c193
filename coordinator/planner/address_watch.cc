#include "coordinator/planner/address_watch.h"

namespace probemesh::coordinator {

void AddressWatch::Record(Answer answer, absl::Duration now) {
  switch (answer) {
    case Answer::kMet:
      ++met;
      return;
    case Answer::kConnected:
      ++connected;
      return;
    case Answer::kBroken:
      ++broken;
      return;
    case Answer::kHung:
      ++hung;
      return;
    case Answer::kSilent:
      ++silent;
      return;
    case Answer::kNotLooked:
      ++not_looked;
      return;
    case Answer::kRefused:
      ++refused;
      break;
    case Answer::kRejected:
      ++rejected;
      break;
  }
  if (!first_negative) first_negative = now;
}

Standing AddressWatch::StandingAt(absl::Duration now, absl::Duration patience) const {
  if (host_only && met > 0) return Standing::kOk;
  if (open > 0) {
    return Denied() && now >= *first_negative + patience ? Standing::kNegative : Standing::kOpen;
  }
  if (met > 0) {
    return refused + rejected + silent + broken + hung == 0 ? Standing::kOk : Standing::kNegative;
  }
  if (broken + hung + refused + rejected > 0) return Standing::kNegative;
  return silent > 0 ? Standing::kSilent : Standing::kUnable;
}

}  // namespace probemesh::coordinator
