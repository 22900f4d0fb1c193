#include "probe-node/probes/http/host_resolver.h"

#include <utility>

#include "probe-node/probes/dns/dns_wire.h"
#include "probe-node/probes/dns/system_resolver.h"

namespace probemesh::node {

HostResolver::HostResolver(ProbeContext& context, std::string host, IpAddress::Family preferred,
                           MonotonicTime deadline, Done done)
    : context_(context),
      host_(std::move(host)),
      family_(preferred),
      deadline_(deadline),
      done_(std::move(done)) {}

HostResolver::~HostResolver() {
  if (timer_ != 0) context_.loop.CancelTimer(timer_);
}

void HostResolver::Start() {
  const absl::StatusOr<IpAddress> literal = IpAddress::Parse(host_);
  if (literal.ok()) return EndLater(Result{*literal, v1::ANSWERED, ""});
  const auto other =
      family_ == IpAddress::Family::kV4 ? IpAddress::Family::kV6 : IpAddress::Family::kV4;
  for (const auto family : {family_, other}) {
    const std::vector<IpAddress> found = LookUpHostsFile(context_, host_, family);
    if (!found.empty()) return EndLater(Result{found.front(), v1::ANSWERED, ""});
  }
  Ask();
}

void HostResolver::Ask() {
  v1::DnsProbe spec;
  spec.set_name(host_);
  spec.set_type(family_ == IpAddress::Family::kV4 ? "A" : "AAAA");
  const absl::StatusOr<DnsQuestion> question = MakeDnsQuestion(spec);
  if (!question.ok()) {
    return EndLater(
        Result{std::nullopt, v1::BAD_ANSWER, "the redirect's host is not a domain name"});
  }
  const MonotonicTime now = context_.loop.clock().Monotonic();
  lookup_ = std::make_unique<DnsLookup>(
      context_, SystemDnsPlan(context_, host_), *question, now, deadline_,
      [this](DnsLookupResult result) { OnAnswer(std::move(result)); });
  lookup_->Start();
}

void HostResolver::OnAnswer(DnsLookupResult result) {
  if (result.evidence.addresses_size() > 0) {
    const auto address = IpAddress::Parse(result.evidence.addresses(0));
    if (address.ok()) return End(Result{*address, v1::ANSWERED, ""});
  }
  if (last_ || result.outcome == v1::SILENT) {
    return End(Result{std::nullopt, result.outcome, result.detail});
  }
  last_ = true;
  const bool was_v4 = family_ == IpAddress::Family::kV4;
  family_ = was_v4 ? IpAddress::Family::kV6 : IpAddress::Family::kV4;
  Ask();
}

void HostResolver::EndLater(Result result) {
  timer_ = context_.loop.ScheduleAfter(absl::ZeroDuration(), [this, result] {
    timer_ = 0;
    End(result);
  });
}

void HostResolver::End(Result result) {
  const Done done = std::move(done_);
  done(std::move(result));
}

}  // namespace probemesh::node
