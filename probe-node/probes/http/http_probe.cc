#include "probe-node/probes/http/http_probe.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "probe-node/probes/http/host_resolver.h"
#include "probe-node/probes/http/http_spec.h"
#include "probe-node/probes/http/http_transfer.h"
#include "probe-node/probes/stream/evidence.h"
#include "probe-node/probes/stream/observation_draft.h"
#include "probe-node/probes/stream/tcp_stream.h"

namespace probemesh::node {
namespace {

constexpr size_t kMaxText = 1024;
constexpr size_t kMaxUrlText = 8192;

class HttpProbeRun final : public Probe, public TcpStream::Listener, public HttpTransfer::Owner {
 public:
  HttpProbeRun(HttpSpec spec, ProbeContext& context)
      : spec_(std::move(spec)),
        context_(context),
        draft_(context.loop.clock()),
        url_(spec_.url),
        peer_(spec_.peer),
        method_(spec_.method) {}

  ~HttpProbeRun() override { CancelTimers(); }

  void Start(ProbeDone done) override {
    done_ = std::move(done);
    draft_.Begin();
    const absl::Status allowed = context_.target_check(peer_.address, peer_.port);
    if (!allowed.ok()) {
      step_timer_ = context_.loop.ScheduleAfter(absl::ZeroDuration(),
                                                [this, allowed] { Emit(draft_.Denied(allowed)); });
      return;
    }
    deadline_timer_ = context_.loop.ScheduleAfter(spec_.timeout, [this] { OnDeadline(); });
    Connect(spec_.source_port);
  }

 private:
  void Connect(uint16_t source_port) {
    ForgetLastResponse();
    v1::HttpHop* hop = Evidence().add_hops();
    hop->set_url(PrintableText(url_.text, kMaxUrlText));
    hop->set_address(peer_.ToString());
    hop_start_ = draft_.Elapsed();
    stream_ = std::make_unique<TcpStream>(context_.loop, context_.sockets, draft_.start(), *this);
    stream_->Connect(peer_, source_port);
  }

  // The evidence speaks of the last hop; of the others the list of hops tells enough.
  void ForgetLastResponse() {
    v1::HttpEvidence fresh;
    fresh.mutable_hops()->Swap(Evidence().mutable_hops());
    Evidence() = std::move(fresh);
  }

  void OnStreamConnected() override {
    KeepExchange();
    transfer_start_ = draft_.Elapsed();
    HttpRequest request;
    request.url = url_;
    request.method = method_;
    request.headers = HeaderLines(spec_, url_);
    request.peer = peer_;
    request.max_body_bytes = spec_.max_body_bytes;
    request.verify_off = spec_.verify_off;
    request.anchors = {context_.extra_ca_pem, spec_.ca_pem};
    const int fd = stream_->Release();
    stream_.reset();
    transfer_ = std::make_unique<HttpTransfer>(context_, std::move(request), fd, *this);
    const absl::Status started = transfer_->Start();
    if (!started.ok()) Finish(v1::LOCAL_ERROR, v1::REQUEST, started.ToString());
  }

  void OnStreamData(absl::string_view /*data*/) override {}

  void OnStreamEnded(v1::Outcome outcome) override {
    KeepExchange();
    if (stream_->local_error())
      *draft_.observation().mutable_local_error() = *stream_->local_error();
    Finish(outcome, v1::CONNECT, "");
  }

  void KeepExchange() {
    *draft_.observation().add_exchanges() = stream_->exchange();
    draft_.EndStage(v1::CONNECT, hop_start_);
  }

  void OnTransferEnded() override {
    const HttpResponse response = transfer_->Response();
    TakeResponse(response);
    if (response.outcome != v1::ANSWERED) {
      return Finish(response.outcome, response.failed_stage, response.error);
    }
    Redirect(response);
  }

  void OnDeadline() {
    deadline_timer_ = 0;
    if (resolver_) return Finish(v1::SILENT, v1::RESOLVE, "redirect's host not resolved in time");
    if (stream_) {
      stream_->Abort();
      KeepExchange();
      return Finish(stream_->icmp_error() ? v1::ICMP_ERROR : v1::SILENT, v1::CONNECT, "");
    }
    const HttpResponse response = transfer_->Response();
    TakeResponse(response);
    Finish(response.outcome, response.failed_stage, response.error);
  }

  void TakeResponse(const HttpResponse& response) {
    AddTransferStages(response);
    v1::HttpEvidence& evidence = Evidence();
    const ResponseHead& head = response.head;
    evidence.set_status(head.status());
    evidence.set_version(PrintableText(head.version(), kMaxText));
    evidence.set_content_type(PrintableText(head.content_type(), kMaxText));
    evidence.set_server(PrintableText(head.server(), kMaxText));
    evidence.set_body_bytes(response.body_bytes);
    evidence.set_body_sha256(head.complete() ? response.body_sha256 : "");
    evidence.set_body_truncated(response.body_truncated);
    if (response.tls) *evidence.mutable_tls() = *response.tls;
    evidence.set_tls_verified(response.tls && response.tls->verified() &&
                              response.tls->name_matches());
    evidence.set_error(response.error);
    v1::HttpHop* hop = evidence.mutable_hops(evidence.hops_size() - 1);
    hop->set_status(head.status());
    hop->set_location(PrintableText(head.location(), kMaxUrlText));
  }

  void AddTransferStages(const HttpResponse& response) {
    const absl::Duration end = draft_.Elapsed();
    absl::Duration at = transfer_start_;
    if (url_.https) {
      const absl::Duration done = response.tls_done ? transfer_start_ + *response.tls_done : end;
      draft_.AddStage(v1::TLS_HANDSHAKE, at, done - at);
      if (!response.tls_done) return;
      at = done;
    }
    const absl::Duration first =
        response.first_byte ? std::max(at, transfer_start_ + *response.first_byte) : end;
    draft_.AddStage(v1::REQUEST, at, first - at);
    if (response.first_byte) draft_.AddStage(v1::RESPONSE, first, end - first);
  }

  void Redirect(const HttpResponse& response) {
    const uint32_t status = response.head.status();
    const bool redirects = status >= 300 && status < 400 && status != 304;
    if (!redirects || response.head.location().empty() || spec_.max_redirects == 0) {
      return Finish(v1::ANSWERED, v1::STAGE_UNSPECIFIED, response.error);
    }
    if (static_cast<uint32_t>(Evidence().hops_size()) > spec_.max_redirects) {
      return Finish(v1::BAD_ANSWER, v1::RESPONSE, "more redirects than allowed");
    }
    const absl::StatusOr<HttpUrl> next = ResolveLocation(url_, response.head.location());
    if (!next.ok()) {
      return Finish(v1::BAD_ANSWER, v1::RESPONSE,
                    absl::StrCat("redirect: ", PrintableText(next.status().message(), kMaxText)));
    }
    Follow(*next, RedirectedMethod(method_, status));
  }

  void Follow(const HttpUrl& next, const std::string& method) {
    const bool same_host = absl::EqualsIgnoreCase(next.host, url_.host);
    // A port given beside the address stands for the port of the URL it came with.
    const bool same_place = same_host && next.port == url_.port;
    if (!same_place) peer_.port = next.port;
    url_ = next;
    method_ = method;
    transfer_.reset();
    if (same_host) return ConnectIfAllowed();
    resolve_start_ = draft_.Elapsed();
    resolver_ = std::make_unique<HostResolver>(
        context_, url_.host, peer_.address.family(), draft_.start() + spec_.timeout,
        [this](HostResolver::Result result) { OnResolved(std::move(result)); });
    resolver_->Start();
  }

  void OnResolved(HostResolver::Result result) {
    draft_.EndStage(v1::RESOLVE, resolve_start_);
    resolver_.reset();
    if (!result.address) return Finish(result.outcome, v1::RESOLVE, result.detail);
    peer_.address = *result.address;
    ConnectIfAllowed();
  }

  // The answer stands even where this node may not follow it.
  void ConnectIfAllowed() {
    const absl::Status allowed = context_.target_check(peer_.address, peer_.port);
    if (allowed.ok()) return Connect(0);
    const std::string why = absl::StrCat("redirect to ", PrintableText(url_.text, kMaxText),
                                         " not followed: ", allowed.message());
    Evidence().set_error(why);
    Finish(v1::ANSWERED, v1::STAGE_UNSPECIFIED, why);
  }

  v1::HttpEvidence& Evidence() { return *draft_.observation().mutable_http(); }

  void Finish(v1::Outcome outcome, v1::Stage stage, const std::string& detail) {
    Emit(draft_.Finish(outcome, stage, detail));
  }

  void Emit(v1::Observation observation) {
    CancelTimers();
    stream_.reset();
    transfer_.reset();
    resolver_.reset();
    const ProbeDone done = std::move(done_);
    done(std::move(observation));
  }

  void CancelTimers() {
    if (deadline_timer_ != 0) context_.loop.CancelTimer(deadline_timer_);
    if (step_timer_ != 0) context_.loop.CancelTimer(step_timer_);
    deadline_timer_ = step_timer_ = 0;
  }

  const HttpSpec spec_;
  ProbeContext& context_;
  ObservationDraft draft_;
  ProbeDone done_;
  HttpUrl url_;
  Endpoint peer_;
  std::string method_;
  TimerId deadline_timer_ = 0;
  TimerId step_timer_ = 0;
  absl::Duration hop_start_;
  absl::Duration transfer_start_;
  absl::Duration resolve_start_;
  std::unique_ptr<TcpStream> stream_;
  std::unique_ptr<HttpTransfer> transfer_;
  std::unique_ptr<HostResolver> resolver_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeHttpProbe(const v1::ProbeSpec& spec,
                                                     ProbeContext& context) {
  PM_ASSIGN_OR_RETURN(HttpSpec checked, CheckHttpSpec(spec));
  return std::make_unique<HttpProbeRun>(std::move(checked), context);
}

}  // namespace probemesh::node
