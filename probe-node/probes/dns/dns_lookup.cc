#include "probe-node/probes/dns/dns_lookup.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace probemesh::node {
namespace {

// Does this answer settle the question, so that a stub resolver would stop asking?
bool Settles(const DnsServerQuery& query) {
  if (!query.ended() || query.outcome() != v1::ANSWERED || !query.reply()) return false;
  const uint32_t rcode = query.reply()->answer.rcode();
  return rcode == kDnsNoError || rcode == kDnsNxDomain;
}

std::string Describe(const DnsServerQuery& query) {
  const std::string server = query.server().ToString();
  if (query.outcome() == v1::SILENT) return absl::StrCat("no answer from ", server);
  if (query.outcome() != v1::ANSWERED || !query.reply()) {
    return absl::StrCat(v1::Outcome_Name(query.outcome()), " from ", server);
  }
  const DnsReply& reply = *query.reply();
  if (reply.answer.rcode() != kDnsNoError) {
    return absl::StrCat(reply.answer.rcode_name(), " from ", server);
  }
  return absl::StrCat(reply.positive ? "answer" : "no record of this type", " from ", server);
}

// Which of several outcomes speaks for the lookup: what came from the network before what did not.
int Rank(v1::Outcome outcome) {
  switch (outcome) {
    case v1::ANSWERED:
    case v1::BAD_ANSWER:
      return 7;
    case v1::ICMP_ERROR:
      return 6;
    case v1::REFUSED:
      return 5;
    case v1::RESET:
    case v1::CLOSED:
      return 4;
    case v1::HUNG:
      return 3;
    case v1::SILENT:
      return 2;
    default:
      return 1;
  }
}

const DnsServerQuery& MostTelling(const std::vector<std::unique_ptr<DnsServerQuery>>& queries) {
  const auto best = std::max_element(queries.begin(), queries.end(), [](auto& a, auto& b) {
    return Rank(a->outcome()) + (Settles(*a) ? 1 : 0) < Rank(b->outcome()) + (Settles(*b) ? 1 : 0);
  });
  return **best;
}

}  // namespace

DnsLookup::DnsLookup(ProbeContext& context, DnsPlan plan, const DnsQuestion& question,
                     MonotonicTime start, MonotonicTime deadline, Done done)
    : context_(context),
      plan_(std::move(plan)),
      question_(question),
      start_(start),
      deadline_(deadline),
      done_(std::move(done)) {}

DnsLookup::~DnsLookup() {
  CancelNext();
  context_.loop.CancelTimer(deadline_timer_);
}

void DnsLookup::Start() {
  const absl::Duration left = deadline_ - context_.loop.clock().Monotonic();
  interval_ = std::min(plan_.interval, left / static_cast<int64_t>(plan_.servers.size() + 1));
  deadline_timer_ = context_.loop.ScheduleAfter(left, [this] {
    deadline_timer_ = 0;
    Finish();
  });
  question_.name = plan_.names.front();
  AskNext();
}

bool DnsLookup::MoreToAsk() const {
  return next_try_ < plan_.servers.size() * static_cast<size_t>(plan_.rounds);
}

// A server that has said anything is not asked again.
bool DnsLookup::IsDone(const Endpoint& server) const {
  return std::any_of(queries_.begin(), queries_.end(), [&server](const auto& query) {
    return query->server() == server && query->ended();
  });
}

void DnsLookup::AskNext() {
  CancelNext();
  while (MoreToAsk()) {
    const Endpoint& server = plan_.servers[next_try_++ % plan_.servers.size()];
    if (!IsDone(server)) return Ask(server);
  }
  if (!AnyPending()) NextNameOrFinish();
}

void DnsLookup::Ask(const Endpoint& server) {
  DnsServerQuery::Options options;
  options.tcp = plan_.tcp;
  options.source_port = plan_.source_port;
  options.sequence = sequence_++;
  queries_.push_back(
      std::make_unique<DnsServerQuery>(context_, server, question_, options, start_, *this));
  ScheduleNext();
  queries_.back()->Start();
}

void DnsLookup::ScheduleNext() {
  if (!MoreToAsk()) return;
  next_timer_ = context_.loop.ScheduleAfter(interval_, [this] {
    next_timer_ = 0;
    AskNext();
  });
}

void DnsLookup::CancelNext() {
  if (next_timer_ != 0) context_.loop.CancelTimer(next_timer_);
  next_timer_ = 0;
}

bool DnsLookup::AnyPending() const {
  return std::any_of(queries_.begin(), queries_.end(),
                     [](const auto& query) { return !query->ended(); });
}

void DnsLookup::OnQueryEnded(DnsServerQuery& query) {
  if (Settles(query)) {
    CancelNext();
    return query.reply()->positive ? Finish() : NextNameOrFinish();
  }
  // An older query may fail while a newer one is still fresh; only the newest moves the plan on.
  if (&query == queries_.back().get() || !AnyPending()) AskNext();
}

void DnsLookup::NextNameOrFinish() {
  const bool answered = MostTelling(queries_).outcome() == v1::ANSWERED;
  if (!answered || name_index_ + 1 >= plan_.names.size()) return Finish();
  if (name_index_ == plan_.as_given) as_given_ = Conclude();
  KeepExchanges();
  queries_.clear();
  question_.name = plan_.names[++name_index_];
  next_try_ = 0;
  AskNext();
}

void DnsLookup::KeepExchanges() {
  for (const auto& query : queries_) {
    for (v1::Exchange& exchange : query->Exchanges()) exchanges_.push_back(std::move(exchange));
  }
}

// For each server the query that ended, else the first one: a retry that is still open says no more
// than the silence before it.
void DnsLookup::AddServers(v1::DnsEvidence& evidence) const {
  std::vector<Endpoint> seen;
  for (const auto& query : queries_) {
    const Endpoint& server = query->server();
    if (std::find(seen.begin(), seen.end(), server) != seen.end()) continue;
    seen.push_back(server);
    const auto ended = std::find_if(queries_.begin(), queries_.end(), [&server](const auto& other) {
      return other->server() == server && other->ended();
    });
    const DnsServerQuery& chosen = ended == queries_.end() ? *query : **ended;
    for (v1::DnsServerAnswer& answer : chosen.Answers()) {
      *evidence.add_servers() = std::move(answer);
    }
  }
}

DnsLookupResult DnsLookup::Conclude() const {
  DnsLookupResult result;
  AddServers(result.evidence);
  const DnsServerQuery& telling = MostTelling(queries_);
  result.outcome = telling.outcome();
  result.detail = absl::StrCat(question_.name, ": ", Describe(telling));
  if (result.outcome == v1::LOCAL_ERROR) result.local_error = telling.local_error();
  if (result.outcome != v1::ANSWERED) return result;
  if (!telling.reply()->positive) result.outcome = v1::BAD_ANSWER;
  std::vector<std::string> addresses = telling.reply()->addresses;
  std::sort(addresses.begin(), addresses.end());
  for (std::string& address : addresses) result.evidence.add_addresses(std::move(address));
  return result;
}

void DnsLookup::Finish() {
  CancelNext();
  context_.loop.CancelTimer(std::exchange(deadline_timer_, TimerId{0}));
  DnsLookupResult result = Conclude();
  if (result.outcome != v1::ANSWERED && as_given_) result = *std::move(as_given_);
  KeepExchanges();
  result.exchanges = std::move(exchanges_);
  queries_.clear();
  const Done done = std::move(done_);
  done(std::move(result));
}

}  // namespace probemesh::node
