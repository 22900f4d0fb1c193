// From a spec to a probe: the one place that knows all kinds.
#ifndef PROBEMESH_PROBE_NODE_PROBES_MAKE_PROBE_H_
#define PROBEMESH_PROBE_NODE_PROBES_MAKE_PROBE_H_

#include <memory>

#include "absl/status/statusor.h"
#include "probe-node/engine/probe.h"

namespace probemesh::node {

// A ProbeFactory (engine/probe_engine.h): the probe for `spec.kind`, or INVALID_ARGUMENT (bad spec,
// with the field named), UNIMPLEMENTED (unknown kind), FAILED_PRECONDITION (this node lacks the
// capability).
absl::StatusOr<std::unique_ptr<Probe>> MakeProbe(const v1::ProbeSpec& spec, ProbeContext& context);

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_MAKE_PROBE_H_
