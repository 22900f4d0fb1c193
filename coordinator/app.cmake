# The composition root: the only place that knows every part of the coordinator.
probemesh_library(coordinator_listeners
  SOURCES grpc_listeners.cc
  HEADERS grpc_listeners.h
  DEPS probemesh::api probemesh::net probemesh::rpc probemesh::session
  PRIVATE_DEPS gRPC::grpc++_reflection)

probemesh_library(coordinator_app
  SOURCES data_directory.cc
  HEADERS data_directory.h
  DEPS absl::statusor absl::strings)
