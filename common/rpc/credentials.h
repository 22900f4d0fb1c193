// The only place that builds TLS credentials for gRPC, with the experimental API of gRPC 1.51 kept
// inside.
#ifndef PROBEMESH_COMMON_RPC_CREDENTIALS_H_
#define PROBEMESH_COMMON_RPC_CREDENTIALS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "grpcpp/grpcpp.h"

namespace probemesh {

struct KeyAndChain {
  std::string key_pem;
  std::string certificate_chain_pem;  // leaf first
};

// A client that proves itself with a certificate. The server must present a certificate of `ca_pem`
// whose identity is a coordinator's; the host name is not compared, because coordinators are
// reached by addresses that change.
std::shared_ptr<grpc::ChannelCredentials> MutualTlsClientCredentials(const KeyAndChain& identity,
                                                                     const std::string& ca_pem);

// A client without identity, for enrolment: the server's chain must contain a CA whose SPKI has
// this SHA-256 (raw, 32 octets) and which signed the leaf.
std::shared_ptr<grpc::ChannelCredentials> PinnedClientCredentials(
    const std::string& ca_spki_sha256);

// Requires a client certificate of `ca_pem` before a byte of HTTP/2 is parsed.
std::shared_ptr<grpc::ServerCredentials> MutualTlsServerCredentials(const KeyAndChain& identity,
                                                                    const std::string& ca_pem);

// Server certificate only, for enrolment. `identity`'s chain must include the CA.
std::shared_ptr<grpc::ServerCredentials> TlsServerCredentials(const KeyAndChain& identity);

}  // namespace probemesh

#endif  // PROBEMESH_COMMON_RPC_CREDENTIALS_H_
