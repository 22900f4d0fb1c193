#include "coordinator/api/http_server.h"

#include <civetweb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/log/log.h"
#include "common/sync/mutex.h"

namespace probemesh::coordinator {
namespace {

constexpr char kThreads[] = "2";  // civetweb's default is 50
constexpr char kRequestTimeoutMillis[] = "5000";
constexpr char kMaxRequestOctets[] = "16384";
constexpr int kKnockMillis = 10;

void Write(mg_connection* connection, const HttpReply& reply, bool with_body) {
  const std::string head = absl::StrCat(
      "HTTP/1.1 ", reply.status, " ", mg_get_response_code_text(connection, reply.status),
      "\r\nContent-Type: ", reply.content_type, "\r\nContent-Length: ", reply.body.size(),
      "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: "
      "close\r\n\r\n");
  mg_write(connection, head.data(), head.size());
  if (with_body) mg_write(connection, reply.body.data(), reply.body.size());
}

// Connects and closes; returns at the latest after some milliseconds.
void KnockAt(const Endpoint& endpoint) {
  sockaddr_storage address{};
  const socklen_t length = endpoint.ToSockaddr(&address);
  pollfd door{socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), POLLIN, 0};
  connect(door.fd, reinterpret_cast<const sockaddr*>(&address), length);
  poll(&door, 1, kKnockMillis);
  close(door.fd);
}

}  // namespace

// civetweb's messages. The first one of a failed start says why.
class HttpServer::StartLog {
 public:
  static int Log(const mg_connection* connection, const char* message) {
    auto* log = static_cast<StartLog*>(mg_get_user_data(mg_get_context(connection)));
    LogDebug("http", {{"message", message}});
    MutexLock lock(log->mutex_);
    if (log->first_.empty()) log->first_ = message;
    return 1;
  }

  std::string first() {
    MutexLock lock(mutex_);
    return first_;
  }

 private:
  Mutex mutex_;
  std::string first_ ABSL_GUARDED_BY(mutex_);
};

HttpServer::HttpServer() : start_log_(std::make_unique<StartLog>()) {}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const Endpoint& listen) {
  if (listen.address.is_v6()) {
    return absl::InvalidArgumentError("HTTP is served on IPv4 addresses only");
  }
  std::unique_ptr<HttpServer> server(new HttpServer());
  const std::string address = listen.ToString();
  const char* options[] = {"listening_ports",  address.c_str(),      "num_threads",
                           kThreads,           "request_timeout_ms", kRequestTimeoutMillis,
                           "max_request_size", kMaxRequestOctets,    nullptr};
  mg_callbacks callbacks{};
  callbacks.log_message = &StartLog::Log;
  server->context_ = mg_start(&callbacks, server->start_log_.get(), options);
  if (server->context_ == nullptr) {
    return absl::UnavailableError(
        absl::StrCat("cannot serve HTTP on ", address, ": ", server->start_log_->first()));
  }
  mg_server_port port{};
  if (mg_get_server_ports(server->context_, 1, &port) == 1) {
    server->listen_ = {listen.address, static_cast<uint16_t>(port.port)};
  }
  mg_set_request_handler(server->context_, "**", &HttpServer::Dispatch, nullptr);
  return server;
}

HttpServer::~HttpServer() {
  if (context_ == nullptr) return;
  // civetweb looks at its stop flag every two seconds, or when somebody connects.
  std::atomic<bool> stopped{false};
  std::thread stopper([this, &stopped] {
    mg_stop(context_);
    stopped = true;
  });
  while (!stopped) KnockAt(listen_);
  stopper.join();
}

void HttpServer::Handle(const std::string& path, Handler handler) {
  Route& route = routes_.emplace_back(Route{path, std::move(handler)});
  mg_set_request_handler(context_, route.path.c_str(), &HttpServer::Dispatch, &route);
}

int HttpServer::Dispatch(mg_connection* connection, void* data) {
  const auto* route = static_cast<const Route*>(data);
  const mg_request_info* request = mg_get_request_info(connection);
  const absl::string_view method = request->request_method;
  HttpReply reply;
  if (route == nullptr || request->local_uri != route->path) {
    reply = {404, reply.content_type, "not found\n"};
  } else if (method != "GET" && method != "HEAD") {
    reply = {405, reply.content_type, "only GET and HEAD\n"};
  } else {
    reply = route->handler();
  }
  Write(connection, reply, method != "HEAD");
  return reply.status;
}

}  // namespace probemesh::coordinator
