#include "probe-node/probes/tls/tls_probe.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "probe-node/probes/stream/observation_draft.h"
#include "probe-node/probes/stream/tcp_stream.h"
#include "probe-node/probes/tls/tls_session.h"
#include "probe-node/probes/tls/trust_store.h"

namespace probemesh::node {
namespace {

constexpr uint16_t kHttpsPort = 443;
constexpr int kMaxAlpn = 16;
constexpr size_t kMaxServerName = 253;
constexpr size_t kMaxHandshakeInput = 256 * 1024;
constexpr absl::Duration kObjectionTime = absl::Milliseconds(300);

struct TlsProbeInput {
  Endpoint target;
  uint16_t source_port = 0;
  absl::Duration timeout;
  v1::TlsProbe tls;
};

class TlsProbeRun final : public Probe, public TcpStream::Listener {
 public:
  TlsProbeRun(TlsProbeInput input, ProbeContext& context)
      : input_(std::move(input)), context_(context), draft_(context.loop.clock()) {}

  ~TlsProbeRun() override { CancelTimers(); }

  void Start(ProbeDone done) override {
    done_ = std::move(done);
    draft_.Begin();
    const absl::Status allowed = context_.target_check(input_.target.address, input_.target.port);
    if (!allowed.ok()) {
      timer_ = context_.loop.ScheduleAfter(absl::ZeroDuration(),
                                           [this, allowed] { Emit(draft_.Denied(allowed)); });
      return;
    }
    timer_ = context_.loop.ScheduleAfter(input_.timeout, [this] { OnDeadline(); });
    stream_ = std::make_unique<TcpStream>(context_.loop, context_.sockets, draft_.start(), *this);
    stream_->Connect(input_.target, input_.source_port);
  }

 private:
  void OnStreamConnected() override {
    draft_.EndStage(v1::CONNECT, absl::ZeroDuration());
    handshake_start_ = draft_.Elapsed();
    auto session = TlsSession::Create(context_.loop.clock(), Options());
    if (!session.ok()) {
      return Finish(v1::LOCAL_ERROR, v1::TLS_HANDSHAKE, session.status().ToString());
    }
    session_ = *std::move(session);
    Advance("");
  }

  void OnStreamData(absl::string_view data) override {
    received_ += data.size();
    if (received_ > kMaxHandshakeInput) {
      return Finish(v1::BAD_ANSWER, v1::TLS_HANDSHAKE, "endless handshake");
    }
    Advance(data);
  }

  void OnStreamEnded(v1::Outcome outcome) override {
    stream_ended_ = true;
    if (!stream_->connected()) {
      draft_.EndStage(v1::CONNECT, absl::ZeroDuration());
      return Finish(outcome, v1::CONNECT, "");
    }
    if (session_->state() == TlsSession::State::kEstablished) return FinishEstablished();
    const bool alerted = session_->witness().evidence().has_alert();
    Finish(alerted ? v1::BAD_ANSWER : outcome, v1::TLS_HANDSHAKE, "");
  }

  TlsOptions Options() const {
    TlsOptions options;
    options.server_name = input_.tls.server_name();
    options.address = input_.target.address.ToString();
    options.alpn.assign(input_.tls.alpn().begin(), input_.tls.alpn().end());
    options.anchors = {context_.extra_ca_pem, input_.tls.ca_pem()};
    return options;
  }

  void Advance(absl::string_view data) {
    const bool was_established = session_->state() == TlsSession::State::kEstablished;
    const TlsSession::State state = session_->Advance(data);
    stream_->Send(session_->TakeOutput());
    if (state == TlsSession::State::kFailed) {
      return Finish(v1::BAD_ANSWER, v1::TLS_HANDSHAKE, session_->failure());
    }
    if (state != TlsSession::State::kEstablished) return;
    if (!session_->may_still_object() || session_->server_spoke()) return FinishEstablished();
    if (was_established) return;
    objection_timer_ = context_.loop.ScheduleAfter(kObjectionTime, [this] {
      objection_timer_ = 0;
      FinishEstablished();
    });
  }

  void FinishEstablished() {
    if (stream_ && !stream_ended_) {
      session_->Shutdown();
      stream_->Send(session_->TakeOutput());
    }
    const TlsWitness& witness = session_->witness();
    const bool good = witness.CertificateIsGood();
    Finish(good ? v1::ANSWERED : v1::BAD_ANSWER, v1::TLS_HANDSHAKE, witness.complaint());
  }

  void OnDeadline() {
    timer_ = 0;
    const bool connected = stream_->connected();
    if (connected && session_->state() == TlsSession::State::kEstablished) {
      return FinishEstablished();
    }
    // What the kernel would go on retransmitting helps nobody.
    stream_->Abort();
    if (!connected) draft_.EndStage(v1::CONNECT, absl::ZeroDuration());
    const v1::Stage stage = connected ? v1::TLS_HANDSHAKE : v1::CONNECT;
    if (!connected) return Finish(stream_->icmp_error() ? v1::ICMP_ERROR : v1::SILENT, stage, "");
    Finish(v1::HUNG, stage,
           received_ == 0 ? "no octet after connecting" : "handshake not finished in time");
  }

  void Finish(v1::Outcome outcome, v1::Stage stage, absl::string_view detail) {
    v1::Observation& observation = draft_.observation();
    *observation.add_exchanges() = stream_->exchange();
    if (outcome == v1::LOCAL_ERROR && stream_->local_error()) {
      *observation.mutable_local_error() = *stream_->local_error();
    }
    if (session_) {
      draft_.EndStage(v1::TLS_HANDSHAKE, handshake_start_);
      *observation.mutable_tls() = session_->witness().evidence();
    }
    Emit(draft_.Finish(outcome, stage, detail));
  }

  void Emit(v1::Observation observation) {
    CancelTimers();
    stream_.reset();
    const ProbeDone done = std::move(done_);
    done(std::move(observation));
  }

  void CancelTimers() {
    if (timer_ != 0) context_.loop.CancelTimer(timer_);
    if (objection_timer_ != 0) context_.loop.CancelTimer(objection_timer_);
    timer_ = objection_timer_ = 0;
  }

  const TlsProbeInput input_;
  ProbeContext& context_;
  ObservationDraft draft_;
  ProbeDone done_;
  TimerId timer_ = 0;
  TimerId objection_timer_ = 0;
  absl::Duration handshake_start_;
  size_t received_ = 0;
  bool stream_ended_ = false;
  std::unique_ptr<TcpStream> stream_;
  std::unique_ptr<TlsSession> session_;
};

absl::Status CheckTls(const v1::TlsProbe& tls) {
  const std::string& name = tls.server_name();
  if (name.size() > kMaxServerName || name.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError("tls.server_name: not a host name");
  }
  if (tls.alpn_size() > kMaxAlpn) {
    return absl::InvalidArgumentError("tls.alpn: more than 16 protocols");
  }
  for (const std::string& protocol : tls.alpn()) {
    if (protocol.empty() || protocol.size() > 255) {
      return absl::InvalidArgumentError("tls.alpn: each must have 1 to 255 octets");
    }
  }
  const auto anchors = ParseCertificates(tls.ca_pem());
  if (!anchors.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("tls.ca_pem: ", anchors.status().message()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeTlsProbe(const v1::ProbeSpec& spec,
                                                    ProbeContext& context) {
  TlsProbeInput input;
  PM_ASSIGN_OR_RETURN(input.target, CheckedEndpoint(spec, kHttpsPort));
  PM_ASSIGN_OR_RETURN(input.source_port, CheckedSourcePort(spec));
  PM_ASSIGN_OR_RETURN(input.timeout, CheckedTimeout(spec));
  PM_RETURN_IF_ERROR(CheckTls(spec.tls()));
  input.tls = spec.tls();
  // The dot of an absolute name is no part of SNI (RFC 6066 3) nor of certificates.
  input.tls.set_server_name(std::string(absl::StripSuffix(spec.tls().server_name(), ".")));
  return std::make_unique<TlsProbeRun>(std::move(input), context);
}

}  // namespace probemesh::node
