#include "common/base/proto_time.h"

#include <algorithm>

namespace probemesh {
namespace {

// google/protobuf/duration.proto and timestamp.proto state these limits.
constexpr absl::Duration kMaxDuration = absl::Seconds(315'576'000'000);
constexpr int64_t kMinTimestampSeconds = -62'135'596'800;
constexpr int64_t kMaxTimestampSeconds = 253'402'300'799;

}  // namespace

google::protobuf::Duration ToProto(absl::Duration duration) {
  duration = std::clamp(duration, -kMaxDuration, kMaxDuration);
  google::protobuf::Duration proto;
  const int64_t seconds = absl::IDivDuration(duration, absl::Seconds(1), &duration);
  proto.set_seconds(seconds);
  proto.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(duration)));
  return proto;
}

google::protobuf::Timestamp ToProto(absl::Time time) {
  const int64_t seconds =
      std::clamp(absl::ToUnixSeconds(time), kMinTimestampSeconds, kMaxTimestampSeconds);
  google::protobuf::Timestamp proto;
  proto.set_seconds(seconds);
  const absl::Duration rest = time - absl::FromUnixSeconds(seconds);
  proto.set_nanos(
      static_cast<int32_t>(std::clamp<int64_t>(absl::ToInt64Nanoseconds(rest), 0, 999'999'999)));
  return proto;
}

absl::Duration FromProto(const google::protobuf::Duration& duration) {
  return std::clamp(absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos()),
                    -kMaxDuration, kMaxDuration);
}

absl::Time FromProto(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(
             std::clamp(timestamp.seconds(), kMinTimestampSeconds, kMaxTimestampSeconds)) +
         absl::Nanoseconds(timestamp.nanos());
}

}  // namespace probemesh
