# The composition root: the only place that knows every part of the coordinator.
probemesh_library(coordinator_listeners
  SOURCES grpc_listeners.cc
  HEADERS grpc_listeners.h
  DEPS probemesh::api probemesh::net probemesh::rpc probemesh::session
  PRIVATE_DEPS gRPC::grpc++_reflection)
probemesh_library(coordinator_options
  SOURCES advertised_hosts.cc coordinator_options.cc
  HEADERS advertised_hosts.h coordinator_options.h
  DEPS probemesh::net absl::statusor
  PRIVATE_DEPS probemesh::base probemesh::options absl::strings)
probemesh_library(coordinator_app
  SOURCES coordinator_app.cc data_directory.cc
  HEADERS coordinator_app.h data_directory.h
  DEPS probemesh::coordinator_listeners probemesh::coordinator_options probemesh::coordinator_pki probemesh::core
       probemesh::store
  PRIVATE_DEPS probemesh::log)
probemesh_executable(probemesh-coordinator
  SOURCES main.cc
  DEPS probemesh::coordinator_app probemesh::log absl::synchronization)
