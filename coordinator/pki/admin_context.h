// The file that lets the administrator of this machine use the mesh at once.
#ifndef PROBEMESH_COORDINATOR_PKI_ADMIN_CONTEXT_H_
#define PROBEMESH_COORDINATOR_PKI_ADMIN_CONTEXT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "coordinator/pki/certificate_authority.h"

namespace probemesh::coordinator {

// Makes sure that `path` holds a context for `endpoint` with credentials of operator "admin" that
// are good for half of their life at least. Keeps what is still good, so copies stay usable.
absl::Status EnsureAdminContext(CertificateAuthority& authority, const std::string& path,
                                const std::string& endpoint, absl::Time now);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_PKI_ADMIN_CONTEXT_H_
