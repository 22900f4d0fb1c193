// One byte string for one message, on any machine and with any version of protobuf: fields by
// number, map entries sorted, unknown fields left out. For digests and for telling equal from
// different; not meant to be read back.
#ifndef PROBEMESH_COORDINATOR_DIAGNOSIS_CANONICAL_ENCODING_H_
#define PROBEMESH_COORDINATOR_DIAGNOSIS_CANONICAL_ENCODING_H_

#include <set>
#include <string>

#include "google/protobuf/message.h"

namespace probemesh::coordinator {

// `unordered`: numbers of repeated fields of `message` itself whose order and repetitions carry no
// meaning; they are sorted and equal elements are merged.
std::string CanonicalBytes(const google::protobuf::Message& message,
                           const std::set<int>& unordered = {});

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_DIAGNOSIS_CANONICAL_ENCODING_H_
