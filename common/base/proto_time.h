// Between absl and protobuf time.
#ifndef PROBEMESH_COMMON_BASE_PROTO_TIME_H_
#define PROBEMESH_COMMON_BASE_PROTO_TIME_H_

#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace probemesh {

// Saturates at what protobuf allows (about 10,000 years), so hostile values are safe to convert.
google::protobuf::Duration ToProto(absl::Duration duration);
google::protobuf::Timestamp ToProto(absl::Time time);
absl::Duration FromProto(const google::protobuf::Duration& duration);
absl::Time FromProto(const google::protobuf::Timestamp& timestamp);

}  // namespace probemesh

#endif  // PROBEMESH_COMMON_BASE_PROTO_TIME_H_
