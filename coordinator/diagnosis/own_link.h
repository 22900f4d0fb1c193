// ICMP errors that a vantage's own kernel made. They never crossed a link: Linux answers packets
// whose next hop it cannot resolve with a host unreachable from its own address (ipv4_link_failure,
// ndisc_error_report), and so does a firewall that rejects what its own machine sends.
#ifndef PROBEMESH_COORDINATOR_DIAGNOSIS_OWN_LINK_H_
#define PROBEMESH_COORDINATOR_DIAGNOSIS_OWN_LINK_H_

#include "coordinator/diagnosis/evidence_view.h"

namespace probemesh::coordinator {

// Such an error is this vantage's own trouble (`own_trouble`) and evidence of nothing else, with
// one exception: where the target is on the vantage's own network and its controls answer, the
// vantage is itself the last hop, and looked for the host in vain.
void SettleOwnLink(VantageEvidence* vantage);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_DIAGNOSIS_OWN_LINK_H_
