// A certificate authority for one lab, and leaves signed by it.
#ifndef PROBEMESH_TESTS_LAB_CERTIFICATES_H_
#define PROBEMESH_TESTS_LAB_CERTIFICATES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace probemesh::lab {

struct LeafSpec {
  std::string file_stem;               // writes <stem>.pem (leaf and CA) and <stem>.key
  std::vector<std::string> dns_names;  // the first is the subject's common name
  std::vector<std::string> addresses;
  bool expired = false;  // its validity ended a day ago
};

// Writes <folder>/ca.pem and every leaf. EC P-256; valid for 30 days.
absl::Status WriteCertificates(const std::string& folder, const std::vector<LeafSpec>& leaves);

}  // namespace probemesh::lab

#endif  // PROBEMESH_TESTS_LAB_CERTIFICATES_H_
