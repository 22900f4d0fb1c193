// A request for a raw probe run, checked.
#ifndef PROBEMESH_COORDINATOR_RUNS_PROBE_REQUEST_H_
#define PROBEMESH_COORDINATOR_RUNS_PROBE_REQUEST_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "coordinator/planner/selector.h"
#include "probemesh/v1/probe_service.pb.h"
#include "probemesh/v1/target.pb.h"

namespace probemesh::coordinator {

struct ProbeRequest {
  std::string from;
  Selector selector;
  size_t limit = 0;
  std::string host;      // name or address, normalised; empty for the system's resolvers
  bool is_name = false;  // to be resolved at each vantage
  v1::ProbeSpec spec;    // timeout and role set; address set unless is_name
  v1::AddressFamily family = v1::ADDRESS_FAMILY_UNSPECIFIED;
  v1::AddressFamily vantage_family = v1::ADDRESS_FAMILY_UNSPECIFIED;  // what vantages must have
};

// INVALID_ARGUMENT that says which field is wrong and what would be right. What a node thinks of
// the probe's own fields is its business.
absl::StatusOr<ProbeRequest> CheckProbeRequest(const v1::CreateProbeRunRequest& request);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_RUNS_PROBE_REQUEST_H_
