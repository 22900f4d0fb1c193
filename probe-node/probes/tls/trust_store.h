// Whom a probe trusts: the system's anchors, the node owner's, and those of the command.
#ifndef PROBEMESH_PROBE_NODE_PROBES_TLS_TRUST_STORE_H_
#define PROBEMESH_PROBE_NODE_PROBES_TLS_TRUST_STORE_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "probe-node/probes/tls/openssl_ptr.h"

namespace probemesh::node {

// The certificates of a PEM text, at most 512; an empty text has none. INVALID_ARGUMENT if anything
// in it is no certificate.
absl::StatusOr<std::vector<OpensslPtr<X509>>> ParseCertificates(absl::string_view pem);

// The system's anchors (OpenSSL's default bundle and hashed directory, or SSL_CERT_FILE and
// SSL_CERT_DIR) and those of the PEM texts `anchors` besides. One thread only.
//
// The bundle is parsed at the first call and again after it changed (17 ms and 1.5 MB for Debian's
// 144 anchors); every store shares it (0.3 ms and 7 KB each). X509_STORE_set_default_paths would
// parse the bundle for every probe.
absl::StatusOr<OpensslPtr<X509_STORE>> MakeTrustStore(
    const std::vector<absl::string_view>& anchors);

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_TLS_TRUST_STORE_H_
