// A target as one vantage sees it: turns each probe into the observation that a node would report,
// and says how long that takes.
#ifndef PROBEMESH_TESTS_SUPPORT_FAKE_TARGET_H_
#define PROBEMESH_TESTS_SUPPORT_FAKE_TARGET_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "probemesh/v1/observation.pb.h"

namespace probemesh {

struct FakeReply {
  v1::Observation observation;  // without command id, node and times
  absl::Duration after;
};

struct FakeTarget {
  enum class Service {
    kAnswers,
    kSilent,       // port dropped, host alive
    kRefuses,      // TCP reset
    kProhibited,   // ICMP 3/13 from the last router, one round trip later
    kHangs,        // connects, then nothing
    kUnavailable,  // HTTP 503
    kHostGone,     // ICMP 3/1 from the last router after 3.05 s, for everything
    kHostSilent,   // nothing at all from the host
    kDenied,       // the node's owner does not allow it
  };
  enum class Name { kResolves, kNxdomain, kSilent };

  Service service = Service::kAnswers;
  Name name = Name::kResolves;
  std::string v4 = "192.0.2.10";
  std::string v6;  // empty: no AAAA record
  // Between the vantage and the target.
  std::vector<std::string> routers = {"198.51.100.1", "198.51.100.2", "198.51.100.3"};
  // Packets to the target vanish behind this many routers.
  std::optional<size_t> cut;
  bool echo = true;
  bool udp = true;
  bool controls = true;
  absl::Duration rtt = absl::Milliseconds(20);

  FakeReply Answer(const v1::ProbeSpec& spec) const;

 private:
  FakeReply AnswerName(const v1::ProbeSpec& spec) const;
  FakeReply AnswerWalk(const v1::ProbeSpec& spec) const;
  FakeReply AnswerService(const v1::ProbeSpec& spec) const;
  FakeReply AnswerBeside(const v1::ProbeSpec& spec) const;
  FakeReply Positive(const v1::ProbeSpec& spec) const;
  FakeReply Error(uint32_t code, absl::Duration after) const;
  bool HostAnswers() const;
};

}  // namespace probemesh

#endif  // PROBEMESH_TESTS_SUPPORT_FAKE_TARGET_H_
