#include <openssl/evp.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "coordinator/diagnosis/canonical_encoding.h"
#include "coordinator/diagnosis/diagnose.h"

namespace probemesh::coordinator {

std::string EvidenceDigest(const v1::EvidenceBundle& bundle) {
  const std::string bytes = CanonicalBytes(
      bundle,
      {v1::EvidenceBundle::kVantagesFieldNumber, v1::EvidenceBundle::kObservationsFieldNumber,
       v1::EvidenceBundle::kControlsFieldNumber, v1::EvidenceBundle::kBaselineFieldNumber});
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr) != 1) return "";
  return absl::StrCat("sha256:", absl::BytesToHexString(absl::string_view(
                                     reinterpret_cast<const char*>(digest), size)));
}

}  // namespace probemesh::coordinator
