// How nodes come in, and how they renew what they came in with.
#ifndef PROBEMESH_COORDINATOR_CORE_ENROLLMENT_H_
#define PROBEMESH_COORDINATOR_CORE_ENROLLMENT_H_

#include <map>
#include <string>

#include "coordinator/core/core.h"
#include "coordinator/core/core_parts.h"

namespace probemesh::coordinator {

// Core loop only.
class Enrollment {
 public:
  // `parts` must outlive this.
  explicit Enrollment(CoreParts& parts) : parts_(parts) {}

  // Core::Enroll. A token made for one node names it, whatever the node asks for. A name stays with
  // its key; the name of a revoked node may be taken over with a token made for that name.
  void Enroll(const v1::EnrollRequest& request, Reply<v1::EnrollResponse> reply);

  // A new certificate for a node of the mesh, also for a new key. INVALID_ARGUMENT for a bad
  // request, UNAVAILABLE while the store fails: the old certificate stays good in both cases.
  void Renew(const std::string& node, const std::string& csr_der,
             Reply<v1::IssuedCertificate> reply);

 private:
  struct Admission;

  absl::StatusOr<Admission> Admit(const v1::EnrollRequest& request) const;
  absl::Status CheckOwner(const std::string& node, const Admission& admission) const;
  void Commit(Admission admission, Reply<v1::EnrollResponse> reply);
  void PutEnrolled(StoredNode node);
  void Unrenew(const StoredNode& before);
  v1::EnrollResponse ResponseFor(const Admission& admission) const;

  CoreParts& parts_;
  std::map<std::string, std::string> pending_;  // node -> SPKI of the key that is about to own it
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_CORE_ENROLLMENT_H_
