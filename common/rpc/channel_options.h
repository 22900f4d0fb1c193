// Keepalive, limits and backoff of every channel and server, kept consistent in one place: a client
// that pings more often than the server allows is killed with "too many pings".
#ifndef PROBEMESH_COMMON_RPC_CHANNEL_OPTIONS_H_
#define PROBEMESH_COMMON_RPC_CHANNEL_OPTIONS_H_

#include <string>

#include "grpcpp/grpcpp.h"

namespace probemesh {

inline constexpr int kMaxMessageBytes = 4 << 20;

// For node sessions and the CLI: no proxies, own subchannel pool, low reconnect backoff (the
// session has its own), pings even on a quiet stream.
grpc::ChannelArguments ClientChannelArguments();

// Limits and keepalive of a server; call before adding ports. The application heartbeat is the
// authority on liveness, keepalive only the early warning.
void ConfigureServer(grpc::ServerBuilder& builder);

// "dns:///host:port" or "ipv4:..."/"ipv6:..." as gRPC wants it, from "host:port" or "[v6]:port".
std::string GrpcTarget(const std::string& host_port);

}  // namespace probemesh

#endif  // PROBEMESH_COMMON_RPC_CHANNEL_OPTIONS_H_
