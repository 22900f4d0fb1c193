// The mark in a walk's packets by which a quotation of one is recognised.
#ifndef PROBEMESH_PROBE_NODE_PROBES_TRACE_WALK_TAG_H_
#define PROBEMESH_PROBE_NODE_PROBES_TRACE_WALK_TAG_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace probemesh::node {

// 16 octets: a nonce, and the packet's number with its complement, which keeps the checksum of all
// packets of a walk the same. Some balancers take the checksum for a part of the flow (Augustin et
// al., "Avoiding traceroute anomalies with Paris traceroute", 2006).
class WalkTag {
 public:
  static constexpr size_t kNonceSize = sizeof(uint64_t);

  explicit WalkTag(uint64_t nonce);

  // Number and complement both in the payload.
  std::string Payload(uint16_t number) const;
  std::optional<uint16_t> Parse(absl::string_view payload) const;

  // The number itself is in the header in front of this payload.
  std::string PayloadBehindNumber(uint16_t number) const;
  // A quotation may be cut: what there is of the nonce must be right.
  bool MatchesQuoted(absl::string_view payload) const;

 private:
  std::string nonce_;
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_TRACE_WALK_TAG_H_
