#include "coordinator/coordinator_app.h"

#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "common/rpc/grpc_log.h"
#include "coordinator/advertised_hosts.h"
#include "coordinator/core/make_core.h"
#include "coordinator/pki/admin_context.h"
#include "coordinator/store/sqlite_store.h"

namespace probemesh::coordinator {
namespace {

// How long calls under way may take to end by themselves once the core is done.
constexpr absl::Duration kServingGrace = absl::Milliseconds(500);

}  // namespace

CoordinatorApp::CoordinatorApp(const CoordinatorOptions& options)
    : options_(options), hosts_(AdvertisedHosts(options)) {}

absl::StatusOr<std::unique_ptr<CoordinatorApp>> CoordinatorApp::Start(
    const CoordinatorOptions& options) {
  LogGrpcMessages();
  std::unique_ptr<CoordinatorApp> app(new CoordinatorApp(options));
  PM_RETURN_IF_ERROR(app->OpenState());
  PM_RETURN_IF_ERROR(app->Listen());
  PM_RETURN_IF_ERROR(app->BuildCore());
  PM_RETURN_IF_ERROR(
      EnsureAdminContext(*app->authority_, app->directory_->File("admin.context"),
                         LocalEndpoint(options.listen, app->listeners_->port()).ToString(),
                         app->loop_.clock().Wall()));
  return app;
}

absl::Status CoordinatorApp::OpenState() {
  PM_ASSIGN_OR_RETURN(directory_, DataDirectory::Open(options_.data_dir));
  PM_ASSIGN_OR_RETURN(authority_,
                      CertificateAuthority::Open(directory_->path(), loop_.clock(), random_));
  return absl::OkStatus();
}

// HTTP first: once the gRPC ports are open, calls come in and want to be answered.
absl::Status CoordinatorApp::Listen() {
  PM_ASSIGN_OR_RETURN(http_, HttpServer::Start(options_.http_listen));
  monitoring_ =
      std::make_unique<Monitoring>(loop_, core_counters_, api_counters_, options_.version);
  monitoring_->AddTo(*http_);
  ListenerOptions listeners;
  listeners.listen = options_.listen;
  listeners.enroll_listen = options_.enroll_listen;
  listeners.ca_pem = authority_->ca_pem();
  std::vector<std::string> names = hosts_;
  names.insert(names.end(), {"localhost", "127.0.0.1", "::1"});
  PM_ASSIGN_OR_RETURN(const IssuedIdentity identity, authority_->IssueCoordinator(names));
  listeners.identity = {identity.key_pem, identity.chain_pem};
  PM_ASSIGN_OR_RETURN(listeners_,
                      GrpcListeners::Start(listeners, {gate_, loop_.clock(), api_counters_}));
  return absl::OkStatus();
}

absl::Status CoordinatorApp::BuildCore() {
  PM_ASSIGN_OR_RETURN(std::unique_ptr<SqliteStore> store,
                      SqliteStore::Open({directory_->File("probemesh.db")}));
  CoreOptions core;
  PM_ASSIGN_OR_RETURN(core.initial, LoadInitialState(*store));
  store_ = std::make_unique<StoreThread>(std::move(store), loop_);
  core.loop = &loop_;
  core.random = &random_;
  core.store = store_.get();
  core.signer = authority_.get();
  core.counters = &core_counters_;
  core.version = options_.version;
  core.controls = options_.controls;
  core.coordinators = Advertised(listeners_->port());
  core.enrollment_endpoint = Advertised(listeners_->enroll_port()).front();
  core.ca_spki_sha256 = authority_->spki_sha256();
  core_ = MakeCore(std::move(core));
  gate_.Open(*core_);
  return absl::OkStatus();
}

std::vector<std::string> CoordinatorApp::Advertised(uint16_t port) const {
  std::vector<std::string> endpoints;
  for (const std::string& host : hosts_) endpoints.push_back(HostPort{host, port}.ToString());
  return endpoints;
}

void CoordinatorApp::Run(StopSignals& signals) {
  const absl::Status watched =
      loop_.WatchFd(signals.fd(), kReadable, [this, &signals](uint32_t) { OnSignal(signals); });
  if (!watched.ok()) LogError("signals_not_watched", {{"reason", watched.ToString()}});
  monitoring_->SetReady(true);
  LogInfo(
      "coordinator_started",
      {{"version", options_.version},
       {"data_dir", directory_->path()},
       {"listen", Endpoint{options_.listen.address, listeners_->port()}.ToString()},
       {"enroll", Endpoint{options_.enroll_listen.address, listeners_->enroll_port()}.ToString()},
       {"http", Endpoint{options_.http_listen.address, http_->port()}.ToString()},
       {"advertise", absl::StrJoin(hosts_, ",")}});
  loop_.Run();
  stopper_.join();
  LogInfo("coordinator_stopped");
}

void CoordinatorApp::OnSignal(StopSignals& signals) {
  if (!signals.Take()) return;
  if (draining_) {
    LogWarning("stopped_at_once", {{"reason", "a second stop signal"}});
    _exit(1);
  }
  draining_ = true;
  Drain();
}

void CoordinatorApp::Drain() {
  LogInfo("draining");
  monitoring_->SetReady(false);
  core_->Shutdown([this] { StopServing(kServingGrace); });
}

// On a thread of its own, because calls end through the loop.
void CoordinatorApp::StopServing(absl::Duration grace) {
  stopper_ = std::thread([this, grace] {
    if (listeners_ != nullptr) listeners_->Shutdown(grace);
    loop_.Stop();
  });
}

CoordinatorApp::~CoordinatorApp() {
  gate_.Close();
  http_.reset();
  if (!draining_) {
    // Never ran: what came in meanwhile is turned away.
    StopServing(absl::ZeroDuration());
    loop_.Run();
    stopper_.join();
  }
}

}  // namespace probemesh::coordinator
