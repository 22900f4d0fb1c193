// X.509 certificates as evidence.
#ifndef PROBEMESH_PROBE_NODE_PROBES_TLS_CERTIFICATE_H_
#define PROBEMESH_PROBE_NODE_PROBES_TLS_CERTIFICATE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "probe-node/probes/tls/openssl_ptr.h"
#include "probemesh/v1/observation.pb.h"

namespace probemesh::node {

// At most 100 names (DNS names and addresses of the subject alternative name) of 253 octets;
// subject and issuer as in RFC 2253, at most 512 octets. All text is printable ASCII.
v1::Certificate DescribeCertificate(X509* certificate);

// RFC 6125: `name` is a host name or an address literal; a wildcard stands for a whole label. The
// subject's common name counts only if the certificate has no DNS names, as curl does it too.
bool CertificateMatches(X509* certificate, absl::string_view name);

bool IsExpired(const X509* certificate, absl::Time now);
bool IsNotYetValid(const X509* certificate, absl::Time now);

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_TLS_CERTIFICATE_H_
