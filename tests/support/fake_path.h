// A path of routers with a target at its end, as the network behind FakeSocketOps.
#ifndef PROBEMESH_TESTS_SUPPORT_FAKE_PATH_H_
#define PROBEMESH_TESTS_SUPPORT_FAKE_PATH_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/support/fake_socket_ops.h"

namespace probemesh {

// An ICMP error in the error queue, with the errno that Linux gives it.
QueuedError IcmpErrorFrom(const std::string& offender, uint8_t type, uint8_t code,
                          const std::string& quoted_payload = "");
// Types and codes of both families by what they mean.
QueuedError TtlExceededFrom(const std::string& offender, const std::string& quoted_payload = "");
QueuedError PortUnreachableFrom(const std::string& offender,
                                const std::string& quoted_payload = "");
QueuedError HostUnreachableFrom(const std::string& offender,
                                const std::string& quoted_payload = "");

// What a ping socket receives in answer to an echo request that it sent.
ReceivedDatagram EchoReplyTo(const FakeSocketOps::Packet& request);

// Install with Attach. Change its members before packets are sent.
struct FakePath {
  enum class Target { kAnswers, kRefuses, kSilent, kProhibits };

  std::vector<std::string> routers = {"198.51.100.1", "198.51.100.2", "198.51.100.3"};
  Target target = Target::kAnswers;
  absl::Duration hop_delay = absl::Milliseconds(2);  // there and back again, for each hop
  std::set<int> mute;                                // distances whose router never answers
  std::map<int, int> lost_packets;                   // distance -> so many first packets are lost
  std::optional<int> cut;                            // packets vanish behind this many routers
  std::optional<int> no_route;                       // the router at this distance knows no route
  std::optional<int> quote_at_most;                  // octets of UDP payload that routers quote

  void Attach(FakeSocketOps* sockets);
  void OnPacket(const FakeSocketOps::Packet& packet);

 private:
  void AnswerAt(const FakeSocketOps::Packet& packet, int distance);
  void AnswerAsTarget(const FakeSocketOps::Packet& packet, absl::Duration delay);
  std::string Quoted(const FakeSocketOps::Packet& packet) const;

  FakeSocketOps* sockets_ = nullptr;
};

}  // namespace probemesh

#endif  // PROBEMESH_TESTS_SUPPORT_FAKE_PATH_H_
