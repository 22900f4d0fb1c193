// The whole of an HTTP check: connect, TLS, request, response, and redirects hop by hop.
#ifndef PROBEMESH_PROBE_NODE_PROBES_HTTP_HTTP_PROBE_H_
#define PROBEMESH_PROBE_NODE_PROBES_HTTP_HTTP_PROBE_H_

#include <memory>

#include "absl/status/statusor.h"
#include "probe-node/engine/probe.h"

namespace probemesh::node {

// The first hop connects to `address` and the URL's port (or `port` if that is not 0). A redirect
// to the same host stays at that address; another host is resolved by the node's resolver; both are
// asked of the target policy. One Exchange (TCP handshake) and one HttpHop for each request.
// Stages of each hop: CONNECT, TLS_HANDSHAKE (https), REQUEST (sent, waiting for the first octet),
// RESPONSE (first to last octet).
// ANSWERED: status below 500, also of a redirect that may not be followed. BAD_ANSWER: status 5xx,
// a bad certificate (unless tls_verify_off), no HTTP, limits exceeded, more redirects than allowed
// (when any are), or a response that began and did not end by the deadline. HUNG: no octet of the
// handshake's end or the response by the deadline. RESET, CLOSED, REFUSED, ICMP_ERROR, SILENT,
// LOCAL_ERROR as for TCP and TLS.
// INVALID_ARGUMENT names the field at fault.
absl::StatusOr<std::unique_ptr<Probe>> MakeHttpProbe(const v1::ProbeSpec& spec,
                                                     ProbeContext& context);

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_HTTP_HTTP_PROBE_H_
