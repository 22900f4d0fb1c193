// gRPC's own messages in our log.
#ifndef PROBEMESH_COMMON_RPC_GRPC_LOG_H_
#define PROBEMESH_COMMON_RPC_GRPC_LOG_H_

namespace probemesh {

// Errors of gRPC, such as refused TLS handshakes, become warnings of event "grpc": they tell of one
// connection, never of the whole process. At most ten a second are logged, and those left out are
// counted in the next. Call once, before any gRPC object exists.
void LogGrpcMessages();

}  // namespace probemesh

#endif  // PROBEMESH_COMMON_RPC_GRPC_LOG_H_
