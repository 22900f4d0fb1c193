// Evidence in the words people know from ping, traceroute and dig.
#ifndef PROBEMESH_COORDINATOR_CLI_RENDER_OBSERVATION_TEXT_H_
#define PROBEMESH_COORDINATOR_CLI_RENDER_OBSERVATION_TEXT_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "probemesh/v1/observation.pb.h"

namespace probemesh::cli {

// "8.123" for 8.123456 ms.
std::string MillisecondsText(absl::Duration duration, int digits = 3);

// Node and other resource names without their collection: "fra-1" of "nodes/fra-1".
absl::string_view ShortName(absl::string_view resource_name);

// traceroute's annotation: "!H", "!N", "!P", "!X", "!F", ...; "!<13>" for codes without a letter;
// empty for time exceeded and port unreachable, which traceroute does not mark.
std::string IcmpMark(const v1::IcmpError& error);

// "administratively prohibited (ICMP 3/13)". RFC 792, RFC 1812 5.2.7.1, RFC 4443 3.
std::string IcmpWords(const v1::IcmpError& error);

// From sending to the first positive answer (or reset, or ICMP error), if there was one.
std::optional<absl::Duration> RoundTrip(const v1::Exchange& exchange);

// The ICMP error that ended the probe; nullptr if none is recorded.
const v1::IcmpError* FirstIcmpError(const v1::Observation& observation);

// The address that the probe went to, as far as known.
std::string ProbedAddress(const v1::Observation& observation);

// A few characters for a table cell: "8.1 ms", "refused", "silent", "!X 10.0.0.1", "503".
std::string OutcomeCell(const v1::Observation& observation);

// What happened, in words, for everything that is not an answer: "connection refused (RST)".
std::string OutcomeWords(const v1::Observation& observation);

}  // namespace probemesh::cli

#endif  // PROBEMESH_COORDINATOR_CLI_RENDER_OBSERVATION_TEXT_H_
