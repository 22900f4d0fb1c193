// One question to a list of servers in order, as a stub resolver asks it, with every answer kept.
#ifndef PROBEMESH_PROBE_NODE_PROBES_DNS_DNS_LOOKUP_H_
#define PROBEMESH_PROBE_NODE_PROBES_DNS_DNS_LOOKUP_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "probe-node/engine/probe.h"
#include "probe-node/probes/dns/dns_wire.h"
#include "probe-node/probes/dns/server_query.h"

namespace probemesh::node {

// Whom to ask, for which names, how often. A diagnosis has 3.4 s in all, so the waits are shorter
// than the C library's 5 s: a server that has not answered within `interval` is not given up, the
// next one is asked beside it. After the last server, silent ones are asked again from a new port.
// Where time is short, `interval` shrinks so that every server is asked in time to answer.
struct DnsPlan {
  std::vector<Endpoint> servers;   // at least one
  std::vector<std::string> names;  // at least one; the next is tried when one has no such record
  size_t as_given = 0;             // which of `names` is the one that was asked for
  int rounds = 2;
  absl::Duration interval = absl::Seconds(1);
  bool tcp = false;
  uint16_t source_port = 0;
};

// The evidence is that of one name: the one that has the record, else the one as given if it was
// reached, else the last. Exchanges are those of all names.
struct DnsLookupResult {
  v1::Outcome outcome = v1::SILENT;
  v1::DnsEvidence evidence;
  std::vector<v1::Exchange> exchanges;
  std::optional<v1::LocalError> local_error;  // with outcome LOCAL_ERROR
  std::string detail;
};

// Loop thread only. NOERROR and NXDOMAIN end the lookup; SERVFAIL, REFUSED and errors move on to
// the next server at once. When no server has the record, the next name is tried. Destroying it is
// silent.
class DnsLookup final : public DnsServerQuery::Owner {
 public:
  using Done = std::function<void(DnsLookupResult)>;

  // `question.name` is replaced by the names of the plan. `start` is the zero of all offsets.
  // `done` is called once, from the loop, at `deadline` (a monotonic reading) at the latest.
  DnsLookup(ProbeContext& context, DnsPlan plan, const DnsQuestion& question, MonotonicTime start,
            MonotonicTime deadline, Done done);
  ~DnsLookup() override;

  void Start();

 private:
  void OnQueryEnded(DnsServerQuery& query) override;

  void AskNext();
  bool IsDone(const Endpoint& server) const;
  bool MoreToAsk() const;
  void Ask(const Endpoint& server);
  void ScheduleNext();
  void CancelNext();
  bool AnyPending() const;
  void NextNameOrFinish();
  void KeepExchanges();
  void AddServers(v1::DnsEvidence& evidence) const;
  DnsLookupResult Conclude() const;
  void Finish();

  ProbeContext& context_;
  const DnsPlan plan_;
  DnsQuestion question_;
  const MonotonicTime start_;
  const MonotonicTime deadline_;
  Done done_;
  absl::Duration interval_;
  size_t name_index_ = 0;
  size_t next_try_ = 0;  // counts servers, round after round
  uint32_t sequence_ = 0;
  TimerId next_timer_ = 0;
  TimerId deadline_timer_ = 0;
  std::vector<std::unique_ptr<DnsServerQuery>> queries_;  // of the current name
  std::vector<v1::Exchange> exchanges_;                   // of the names before it
  std::optional<DnsLookupResult> as_given_;               // once that name has been tried
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_DNS_DNS_LOOKUP_H_
