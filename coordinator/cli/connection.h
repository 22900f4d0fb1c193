// The way to the coordinator: one channel, and errors that tell a person what to do.
#ifndef PROBEMESH_COORDINATOR_CLI_CONNECTION_H_
#define PROBEMESH_COORDINATOR_CLI_CONNECTION_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "grpcpp/grpcpp.h"

namespace probemesh::cli {

// How long a call that answers at once may take.
inline constexpr absl::Duration kCallTimeout = absl::Seconds(10);
// How long to wait for TCP and TLS.
inline constexpr absl::Duration kConnectTimeout = absl::Seconds(5);

// Where the context file is: what was asked for, else ~/.config/probemesh/context.
// FAILED_PRECONDITION when there is no home to look in.
absl::StatusOr<std::string> ContextPath(const std::string& asked);

class Connection {
 public:
  // Reads the context and prepares the channel; sends nothing yet. `clock` must live longer.
  static absl::StatusOr<Connection> Open(const std::string& context, const Clock& clock);

  // Waits until the coordinator is there, at most kConnectTimeout. `give_up` is asked every 100 ms.
  // CANCELLED when it says so; UNAVAILABLE naming the endpoint and what to check.
  absl::Status AwaitReady(const std::function<bool()>& give_up);

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

  // One unary call: Call(&Service::Stub::Method, stub, request).
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                Stub& stub, const Request& request,
                                absl::Duration timeout = kCallTimeout) const {
    grpc::ClientContext context;
    SetDeadline(context, timeout);
    Response response;
    const grpc::Status status = (stub.*method)(&context, request, &response);
    if (!status.ok()) return ToError(status);
    return response;
  }

  void SetDeadline(grpc::ClientContext& context, absl::Duration timeout) const;

  // What the coordinator (or gRPC) said, made fit for one line on stderr.
  absl::Status ToError(const grpc::Status& status) const;

 private:
  Connection(std::string endpoint, std::string context_path, std::shared_ptr<grpc::Channel> channel,
             const Clock& clock)
      : endpoint_(std::move(endpoint)),
        context_path_(std::move(context_path)),
        channel_(std::move(channel)),
        clock_(&clock) {}

  absl::Status Unreachable(absl::string_view reason) const;

  std::string endpoint_;
  std::string context_path_;
  std::shared_ptr<grpc::Channel> channel_;
  const Clock* clock_;
};

}  // namespace probemesh::cli

#endif  // PROBEMESH_COORDINATOR_CLI_CONNECTION_H_
