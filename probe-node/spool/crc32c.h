// CRC-32C (Castagnoli), the checksum of the spool's records.
#ifndef PROBEMESH_PROBE_NODE_SPOOL_CRC32C_H_
#define PROBEMESH_PROBE_NODE_SPOOL_CRC32C_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace probemesh::node {

// Polynomial 0x1EDC6F41, reflected, initial value and final XOR all ones (RFC 3720 12.1):
// Crc32c("123456789") is 0xe3069283.
uint32_t Crc32c(absl::string_view data);

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_SPOOL_CRC32C_H_
