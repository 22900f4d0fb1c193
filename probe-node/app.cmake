# The program, in two parts so that tests can link the first.
probemesh_library(node_options
  SOURCES node_options.cc
  HEADERS node_options.h
  DEPS probemesh::net probemesh::pki absl::statusor
  PRIVATE_DEPS probemesh::base probemesh::options absl::strings)
probemesh_executable(probemesh-node
  SOURCES main.cc node_app.cc node_app.h
  DEPS probemesh::node_agent probemesh::node_enrollment probemesh::node_identity probemesh::node_options
       probemesh::node_session_grpc probemesh::log probemesh::probes probemesh::rpc absl::synchronization)
