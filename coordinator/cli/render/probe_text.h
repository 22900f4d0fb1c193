// Raw probe results in the shape of the tools people know: ping, traceroute, dig, curl.
#ifndef PROBEMESH_COORDINATOR_CLI_RENDER_PROBE_TEXT_H_
#define PROBEMESH_COORDINATOR_CLI_RENDER_PROBE_TEXT_H_

#include <string>
#include <vector>

#include "coordinator/cli/render/style.h"
#include "probemesh/v1/probe_service.pb.h"

namespace probemesh::cli {

// One result, headed by where it was looked from. `run` is the run as accepted (host and groups).
std::vector<std::string> RenderProbeResult(const v1::ProbeRun& run,
                                           const v1::Observation& observation, const Style& style);

// Whether the observation is what the run was for. Names are looked up first, at each vantage;
// those lookups are evidence too, but not the result.
bool IsResult(const v1::ProbeRun& run, const v1::Observation& observation);

// A vantage that has no result, in one line with the reason; empty for those that have one.
std::string RenderIdleVantage(const v1::ProbeRun& run, const v1::VantageReport& report);

// "3 of 5 vantages got an answer, 1 did not, 1 could not look."
std::string ProbeSummary(const v1::ProbeRun& run);

}  // namespace probemesh::cli

#endif  // PROBEMESH_COORDINATOR_CLI_RENDER_PROBE_TEXT_H_
