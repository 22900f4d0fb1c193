#include "tests/lab/netns.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <set>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace probemesh::lab {
namespace {

constexpr char kNamespaceFolder[] = "/run/netns/";

struct SocketAddress {
  sockaddr_storage storage = {};
  socklen_t length = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

SocketAddress MakeAddress(const std::string& text, const Trial& trial) {
  SocketAddress address;
  if (trial.family == Family::kV4) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(static_cast<uint16_t>(trial.port));
    inet_pton(AF_INET, text.c_str(), &v4->sin_addr);
    address.length = sizeof(*v4);
  } else {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(static_cast<uint16_t>(trial.port));
    inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr);
    address.length = sizeof(*v6);
  }
  return address;
}

int OpenSocket(const Trial& trial) {
  const bool v4 = trial.family == Family::kV4;
  int type = SOCK_DGRAM;
  int protocol = 0;
  if (trial.kind == TrialKind::kTcp) type = SOCK_STREAM;
  if (trial.kind == TrialKind::kEcho) protocol = v4 ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6};
  const int fd = socket(v4 ? AF_INET : AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
  if (fd >= 0 && trial.ttl > 0) {
    if (v4) setsockopt(fd, IPPROTO_IP, IP_TTL, &trial.ttl, sizeof(trial.ttl));
    if (!v4) setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &trial.ttl, sizeof(trial.ttl));
  }
  return fd;
}

void SendDatagram(int fd, const SocketAddress& address, const Trial& trial) {
  char payload[16] = "lab trial";
  if (trial.kind == TrialKind::kEcho) {
    memset(payload, 0, 8);
    payload[0] = trial.family == Family::kV4 ? static_cast<char>(ICMP_ECHO)
                                             : static_cast<char>(ICMP6_ECHO_REQUEST);
  }
  sendto(fd, payload, sizeof(payload), 0, address.get(), address.length);
}

int ConnectOn(int fd, const SocketAddress& address, absl::Duration limit) {
  if (connect(fd, address.get(), address.length) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  pollfd wait = {fd, POLLOUT, 0};
  if (poll(&wait, 1, static_cast<int>(absl::ToInt64Milliseconds(limit))) <= 0) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof(error);
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

std::set<ino_t> Inodes(const std::vector<std::string>& names) {
  std::set<ino_t> inodes;
  for (const std::string& name : names) {
    struct stat info = {};
    if (stat((kNamespaceFolder + name).c_str(), &info) == 0) inodes.insert(info.st_ino);
  }
  return inodes;
}

absl::Status WriteSysctl(const std::string& key, const std::string& value) {
  const std::string path = "/proc/sys/" + key;
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return absl::InternalError(absl::StrCat(path, ": ", strerror(errno)));
  const ssize_t size = write(fd, value.data(), value.size());
  const int error = errno;
  close(fd);
  if (size < 0) return absl::InternalError(absl::StrCat(path, ": ", strerror(error)));
  return absl::OkStatus();
}

}  // namespace

Command InNamespace(const std::string& name, const Command& command) {
  Command whole = {"ip", "netns", "exec", name};
  whole.insert(whole.end(), command.begin(), command.end());
  return whole;
}

absl::Status WithNamespace(const std::string& name, const std::function<absl::Status()>& work) {
  absl::Status status;
  std::thread thread([&] {
    const int fd = open((kNamespaceFolder + name).c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
      status = absl::NotFoundError("no network namespace called " + name);
      return;
    }
    const int entered = setns(fd, CLONE_NEWNET);
    close(fd);
    status = entered == 0 ? work()
                          : absl::PermissionDeniedError(
                                absl::StrCat("cannot enter ", name, ": ", strerror(errno)));
  });
  thread.join();
  return status;
}

absl::Status WriteSysctls(const std::string& name,
                          const std::vector<std::pair<std::string, std::string>>& values) {
  return WithNamespace(name, [&] {
    for (const auto& [key, value] : values) {
      absl::Status status = WriteSysctl(key, value);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  });
}

std::vector<pid_t> ProcessesIn(const std::vector<std::string>& names) {
  const std::set<ino_t> inodes = Inodes(names);
  std::vector<pid_t> found;
  DIR* proc = opendir("/proc");
  if (proc == nullptr || inodes.empty()) {
    if (proc != nullptr) closedir(proc);
    return found;
  }
  while (const dirent* entry = readdir(proc)) {
    const pid_t pid = atoi(entry->d_name);
    struct stat info = {};
    if (pid <= 0 || stat(absl::StrCat("/proc/", pid, "/ns/net").c_str(), &info) != 0) continue;
    if (inodes.count(info.st_ino) > 0 && pid != getpid()) found.push_back(pid);
  }
  closedir(proc);
  return found;
}

bool KillProcessesIn(const std::vector<std::string>& names, absl::Duration limit) {
  return WaitUntil(limit, [&] {
    const std::vector<pid_t> pids = ProcessesIn(names);
    for (const pid_t pid : pids) kill(pid, SIGKILL);
    return pids.empty();
  });
}

std::vector<std::string> NamespacesWithPrefix(const std::string& prefix) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(kNamespaceFolder, error)) {
    const std::string name = entry.path().filename().string();
    if (absl::StartsWith(name, prefix)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::Status SendTrial(const std::string& name, const std::string& address, const Trial& trial) {
  return WithNamespace(name, [&]() -> absl::Status {
    const int fd = OpenSocket(trial);
    if (fd < 0) return absl::InternalError(absl::StrCat("socket: ", strerror(errno)));
    const SocketAddress to = MakeAddress(address, trial);
    if (trial.kind == TrialKind::kTcp) {
      ConnectOn(fd, to, absl::ZeroDuration());
    } else {
      SendDatagram(fd, to, trial);
    }
    close(fd);
    return absl::OkStatus();
  });
}

int TryConnect(const std::string& name, const std::string& address, const Trial& trial,
               absl::Duration limit) {
  int error = ENOENT;
  const absl::Status status = WithNamespace(name, [&]() -> absl::Status {
    const int fd = OpenSocket(trial);
    if (fd < 0) return absl::InternalError("socket");
    error = ConnectOn(fd, MakeAddress(address, trial), limit);
    close(fd);
    return absl::OkStatus();
  });
  return status.ok() ? error : ENOENT;
}

}  // namespace probemesh::lab
