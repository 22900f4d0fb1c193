// One question to one DNS server: a datagram, and a TCP connection if the answer was cut.
#ifndef PROBEMESH_PROBE_NODE_PROBES_DNS_SERVER_QUERY_H_
#define PROBEMESH_PROBE_NODE_PROBES_DNS_SERVER_QUERY_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "probe-node/engine/probe.h"
#include "probe-node/probes/dns/dns_wire.h"
#include "probe-node/probes/stream/tcp_stream.h"

namespace probemesh::node {

// Loop thread only. Has no deadline of its own: the owner destroys it.
class DnsServerQuery final : public TcpStream::Listener {
 public:
  struct Options {
    bool tcp = false;          // TCP from the start
    uint16_t source_port = 0;  // 0 is any; the kernel then chooses at random
    uint32_t sequence = 0;     // position among the packets of the probe
  };
  class Owner {
   public:
    virtual ~Owner() = default;
    // Once, from the loop, never from inside Start. May destroy the query.
    virtual void OnQueryEnded(DnsServerQuery& query) = 0;
  };

  // `question` must be encodable. `start` is the zero of all offsets.
  DnsServerQuery(ProbeContext& context, const Endpoint& server, const DnsQuestion& question,
                 const Options& options, MonotonicTime start, Owner& owner);
  ~DnsServerQuery() override;

  void Start();

  const Endpoint& server() const { return server_; }
  bool ended() const { return ended_; }
  // Set once a message was understood.
  const std::optional<DnsReply>& reply() const { return reply_; }
  // The outcome of the last transport used. Before the end: SILENT, or over TCP HUNG once
  // connected, or ICMP_ERROR if a router has complained.
  v1::Outcome outcome() const;
  // One for UDP and one for TCP, if used, as of now.
  std::vector<v1::DnsServerAnswer> Answers() const;
  std::vector<v1::Exchange> Exchanges() const;
  std::optional<v1::LocalError> local_error() const;

 private:
  struct Transport {
    bool used = false;
    MonotonicTime started;
    std::optional<MonotonicTime> ended;
    v1::DnsServerAnswer answer;
    v1::Exchange exchange;
  };

  void OnStreamConnected() override;
  void OnStreamData(absl::string_view data) override;
  void OnStreamEnded(v1::Outcome outcome) override;

  void StartUdp();
  bool OpenUdp();
  bool FailUdp(absl::string_view call, int error);
  bool SendQuery();
  void OnUdpReady(uint32_t ready);
  bool TakeUdpErrors();
  bool ReadDatagram();
  void OnUdpReply(DnsReply reply);
  void RecordUdpReply(v1::ReplyKind kind, const std::optional<absl::Time>& kernel_time);
  void CloseUdp();
  void StartTcp();
  void End(Transport& transport, v1::Outcome outcome);
  v1::DnsServerAnswer Snapshot(const Transport& transport, bool tcp) const;
  uint16_t NewId() { return static_cast<uint16_t>(context_.random.Next()); }

  ProbeContext& context_;
  const Endpoint server_;
  const DnsQuestion question_;
  const Options options_;
  const MonotonicTime start_;
  Owner& owner_;
  bool ended_ = false;
  bool edns_ = true;
  uint16_t id_ = 0;
  int fd_ = -1;
  bool watched_ = false;
  TimerId end_timer_ = 0;
  Transport udp_;
  Transport tcp_;
  std::unique_ptr<TcpStream> stream_;
  std::string tcp_input_;
  std::optional<DnsReply> reply_;
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_DNS_SERVER_QUERY_H_
