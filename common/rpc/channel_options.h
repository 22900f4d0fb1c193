// Keepalive, limits and backoff of every channel and server, kept consistent in one place: a client
// that pings more often than the server allows is killed with "too many pings".
#ifndef PROBEMESH_COMMON_RPC_CHANNEL_OPTIONS_H_
#define PROBEMESH_COMMON_RPC_CHANNEL_OPTIONS_H_

#include <string>

#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"

namespace probemesh {

// What a server accepts.
inline constexpr int kMaxMessageBytes = 4 << 20;
// What a client accepts: evidence bundles of large diagnoses come in one message.
inline constexpr int kMaxReplyBytes = 64 << 20;

inline constexpr absl::Duration kClientKeepalive = absl::Seconds(20);
// Pings that come quicker than this are counted as strikes against the client.
inline constexpr absl::Duration kServerMinPingInterval = absl::Seconds(10);
inline constexpr absl::Duration kKeepaliveTimeout = absl::Seconds(10);

// For node sessions and the CLI: no proxies, own subchannel pool, low reconnect backoff (the
// session has its own), pings even on a quiet stream.
grpc::ChannelArguments ClientChannelArguments();

// Limits and keepalive of a server; call before adding ports. The application heartbeat is the
// authority on liveness, keepalive only the early warning. A port that is taken is an error, not
// shared (gRPC's default is SO_REUSEPORT).
void ConfigureServer(grpc::ServerBuilder& builder);

// "dns:///host:port" or "ipv4:..."/"ipv6:..." as gRPC wants it, from "host:port" or "[v6]:port".
std::string GrpcTarget(const std::string& host_port);

}  // namespace probemesh

#endif  // PROBEMESH_COMMON_RPC_CHANNEL_OPTIONS_H_
