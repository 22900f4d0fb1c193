#include "common/rpc/channel_options.h"

#include "absl/strings/str_cat.h"
#include "common/net/ip_address.h"
#include "grpcpp/resource_quota.h"

namespace probemesh {
namespace {

constexpr int kMaxMetadataBytes = 16 << 10;
constexpr int kMaxStreamsOfConnection = 100;
constexpr int kMaxPingStrikes = 2;
constexpr size_t kServerBufferBytes = size_t{256} << 20;
constexpr absl::Duration kHandshakeTimeout = absl::Seconds(10);
// Despite its name, gRPC's MIN_RECONNECT_BACKOFF is how long one attempt at TCP, TLS and the HTTP/2
// preface may take at least: too little, and a distant coordinator is never reached.
constexpr absl::Duration kConnectTimeout = absl::Seconds(10);
constexpr absl::Duration kInitialReconnectBackoff = absl::Milliseconds(100);
constexpr absl::Duration kMaxReconnectBackoff = absl::Seconds(1);

int Millis(absl::Duration duration) {
  return static_cast<int>(absl::ToInt64Milliseconds(duration));
}

}  // namespace

grpc::ChannelArguments ClientChannelArguments() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxReplyBytes);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, Millis(kClientKeepalive));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Millis(kKeepaliveTimeout));
  // The default of 2 would silently stop the pings of a stream that carries no data.
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, Millis(kInitialReconnectBackoff));
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, Millis(kConnectTimeout));
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, Millis(kMaxReconnectBackoff));
  return arguments;
}

void ConfigureServer(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  builder.SetResourceQuota(grpc::ResourceQuota("server").Resize(kServerBufferBytes));
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreamsOfConnection);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, Millis(kHandshakeTimeout));
  // Windows stay at 64 KiB: what a client may have on its way is bounded.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, Millis(kClientKeepalive));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Millis(kKeepaliveTimeout));
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             Millis(kServerMinPingInterval));
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, kMaxPingStrikes);
}

std::string GrpcTarget(const std::string& host_port) {
  const absl::StatusOr<Endpoint> literal = Endpoint::Parse(host_port);
  if (!literal.ok()) return absl::StrCat("dns:///", host_port);
  return absl::StrCat(literal->address.is_v4() ? "ipv4:" : "ipv6:", literal->ToString());
}

}  // namespace probemesh
