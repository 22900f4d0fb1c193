// The probed network through Linux's own sockets: no capability, no raw socket, no helper process.
#ifndef PROBEMESH_COMMON_NET_LINUX_SOCKET_OPS_H_
#define PROBEMESH_COMMON_NET_LINUX_SOCKET_OPS_H_

#include <vector>

#include "common/net/socket_ops.h"

namespace probemesh {

class LinuxSocketOps final : public SocketOps {
 public:
  LinuxSocketOps();

  // EACCES for kPing when the process's group is outside net.ipv4.ping_group_range.
  SysResult Open(SocketKind kind, IpAddress::Family family) override;
  SysResult Bind(int fd, const Endpoint& local) override;
  SysResult Connect(int fd, const Endpoint& remote) override;
  SysResult SetTtl(int fd, IpAddress::Family family, int ttl) override;
  SysResult SetDontFragment(int fd, IpAddress::Family family, bool on) override;
  SysResult SetErrorQueue(int fd, IpAddress::Family family, bool on) override;
  SysResult Send(int fd, absl::string_view payload) override;
  SysResult SendTo(int fd, absl::string_view payload, const Endpoint& to) override;
  SysResult Receive(int fd, ReceivedDatagram* datagram) override;
  SysResult ReceiveError(int fd, QueuedError* error) override;
  SysResult PendingError(int fd) override;
  std::optional<Endpoint> LocalEndpoint(int fd) override;
  void Close(int fd) override;
  void Abort(int fd) override;

 private:
  std::vector<char> buffer_;  // shared by all receives: one loop thread, one datagram at a time
};

}  // namespace probemesh

#endif  // PROBEMESH_COMMON_NET_LINUX_SOCKET_OPS_H_
