#include "coordinator/grpc_listeners.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/rpc/channel_options.h"
#include "coordinator/api/diagnosis_api.h"
#include "coordinator/api/enrollment_api.h"
#include "coordinator/api/fleet_api.h"
#include "coordinator/api/probe_api.h"
#include "coordinator/session/session_service.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/impl/server_builder_option.h"

namespace probemesh::coordinator {
namespace {

absl::Status CannotListen(const Endpoint& endpoint, absl::string_view why) {
  return absl::UnavailableError(absl::StrCat("cannot listen on ", endpoint.ToString(), ": ", why));
}

// gRPC says why a port cannot be had only in its log, so the kernel is asked before.
absl::Status CheckBindable(const Endpoint& endpoint) {
  sockaddr_storage address{};
  const socklen_t length = endpoint.ToSockaddr(&address);
  const int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return CannotListen(endpoint, std::strerror(errno));
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const bool bound =
      bind(fd, reinterpret_cast<const sockaddr*>(&address), length) == 0 && listen(fd, 1) == 0;
  const int error = errno;
  close(fd);
  return bound ? absl::OkStatus() : CannotListen(endpoint, std::strerror(error));
}

absl::StatusOr<std::unique_ptr<grpc::Server>> Build(grpc::ServerBuilder& builder,
                                                    const Endpoint& endpoint,
                                                    std::shared_ptr<grpc::ServerCredentials> tls,
                                                    uint16_t* bound_port) {
  PM_RETURN_IF_ERROR(CheckBindable(endpoint));
  int port = 0;
  builder.AddListeningPort(endpoint.ToString(), std::move(tls), &port);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port <= 0) return CannotListen(endpoint, "gRPC refused it, see its log");
  *bound_port = static_cast<uint16_t>(port);
  return server;
}

// Reflection plugs itself into every server of the process.
class WithoutPlugins final : public grpc::ServerBuilderOption {
 public:
  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    plugins->clear();
  }
};

}  // namespace

struct GrpcListeners::Services {
  explicit Services(const ApiContext& api)
      : session(api.gate, api.clock), diagnosis(api), probe(api), fleet(api), enrollment(api) {}

  SessionService session;
  DiagnosisApi diagnosis;
  ProbeApi probe;
  FleetApi fleet;
  EnrollmentApi enrollment;
};

GrpcListeners::GrpcListeners() = default;

absl::StatusOr<std::unique_ptr<GrpcListeners>> GrpcListeners::Start(const ListenerOptions& options,
                                                                    const ApiContext& api) {
  std::unique_ptr<GrpcListeners> listeners(new GrpcListeners());
  listeners->services_ = std::make_unique<Services>(api);
  PM_RETURN_IF_ERROR(listeners->StartEnrollment(options));
  PM_RETURN_IF_ERROR(listeners->StartMesh(options));
  return listeners;
}

// Strangers get neither reflection nor health, which gRPC too switches for the whole process.
absl::Status GrpcListeners::StartEnrollment(const ListenerOptions& options) {
  grpc::EnableDefaultHealthCheckService(false);
  grpc::ServerBuilder builder;
  ConfigureServer(builder);
  builder.SetMaxReceiveMessageSize(kMaxEnrollmentMessageBytes);
  builder.SetOption(std::make_unique<WithoutPlugins>());
  builder.RegisterService(&services_->enrollment);
  PM_ASSIGN_OR_RETURN(enrollment_, Build(builder, options.enroll_listen,
                                         TlsServerCredentials(options.identity), &enroll_port_));
  return absl::OkStatus();
}

absl::Status GrpcListeners::StartMesh(const ListenerOptions& options) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  ConfigureServer(builder);
  builder.RegisterService(&services_->session);
  builder.RegisterService(&services_->diagnosis);
  builder.RegisterService(&services_->probe);
  builder.RegisterService(&services_->fleet);
  PM_ASSIGN_OR_RETURN(mesh_,
                      Build(builder, options.listen,
                            MutualTlsServerCredentials(options.identity, options.ca_pem), &port_));
  return absl::OkStatus();
}

GrpcListeners::~GrpcListeners() { Shutdown(absl::ZeroDuration()); }

void GrpcListeners::Shutdown(absl::Duration grace) {
  const auto deadline = absl::ToChronoTime(SystemClock().Wall() + grace);
  if (enrollment_ != nullptr) enrollment_->Shutdown(deadline);
  if (mesh_ != nullptr) mesh_->Shutdown(deadline);
  enrollment_.reset();
  mesh_.reset();
}

}  // namespace probemesh::coordinator
