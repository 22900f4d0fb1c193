// What an ICMP error means for a diagnosis (RFC 792, RFC 1812 5.2.7.1, RFC 4443 3).
#ifndef PROBEMESH_COORDINATOR_DIAGNOSIS_ICMP_MEANING_H_
#define PROBEMESH_COORDINATOR_DIAGNOSIS_ICMP_MEANING_H_

#include <string>

#include "absl/strings/string_view.h"
#include "probemesh/v1/observation.pb.h"

namespace probemesh::coordinator {

enum class IcmpMeaning {
  kOther,            // redirects, parameter problems, packet too big: no statement on reachability
  kNoRoute,          // 3/0, 3/6, 3/11; v6 1/0
  kHostUnreachable,  // 3/1, 3/7, 3/12; v6 1/3: by its delay a failed ARP or ND, or a configured
                     // route
  kProhibited,       // 3/9, 3/10, 3/13; v6 1/1, 1/5, 1/6, 1/2
  kPortUnreachable,  // 3/3, 3/2; v6 1/4
  kTimeExceeded,     // 11/0; v6 3/0
};

IcmpMeaning MeaningOf(const v1::IcmpError& error);

// "host unreachable (ICMP 3/1)", "no route (ICMPv6 1/0)".
std::string DescribeIcmp(uint32_t type, uint32_t code, bool v6);

// RFC 5952 or dotted text of the address; other text is returned as it is, cut to 64 characters.
std::string CanonicalAddress(absl::string_view text);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_DIAGNOSIS_ICMP_MEANING_H_
