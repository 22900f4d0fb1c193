// HTTP for machines that watch the coordinator: a thin front over civetweb.
#ifndef PROBEMESH_COORDINATOR_API_HTTP_SERVER_H_
#define PROBEMESH_COORDINATOR_API_HTTP_SERVER_H_

#include <functional>
#include <list>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/net/ip_address.h"

struct mg_connection;
struct mg_context;

namespace probemesh::coordinator {

struct HttpReply {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

// Serves GET and HEAD of fixed paths; everything else is 404 or 405.
class HttpServer {
 public:
  // Called on one of the server's few threads; may block for a short while.
  using Handler = std::function<HttpReply()>;

  // UNAVAILABLE, with one line that names the address, when it cannot be bound; INVALID_ARGUMENT
  // for IPv6, which Debian's civetweb was built without. Port 0 picks one.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const Endpoint& listen);
  // Waits until running handlers return.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Paths may be added while the server runs. `path` is matched as a whole.
  void Handle(const std::string& path, Handler handler);

  uint16_t port() const { return listen_.port; }

 private:
  struct Route {
    std::string path;
    Handler handler;
  };

  class StartLog;

  HttpServer();
  static int Dispatch(mg_connection* connection, void* route);

  const std::unique_ptr<StartLog> start_log_;
  mg_context* context_ = nullptr;
  Endpoint listen_;
  std::list<Route> routes_;  // their addresses are civetweb's
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_API_HTTP_SERVER_H_
