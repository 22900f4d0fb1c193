#include "probe-node/probes/dns/resolv_conf.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace probemesh::node {
namespace {

constexpr size_t kMaxServers = 3;  // MAXNS of <resolv.h>
constexpr size_t kMaxSearch = 6;   // MAXDNSRCH before glibc 2.26; more only multiplies the waiting
constexpr size_t kMaxAddresses = 64;
constexpr uint16_t kDnsPort = 53;

std::vector<absl::string_view> Words(absl::string_view line) {
  line = line.substr(0, line.find_first_of("#;"));
  return absl::StrSplit(line, absl::ByAnyChar(" \t\r\v\f"), absl::SkipEmpty());
}

absl::string_view WithoutDot(absl::string_view name) { return absl::StripSuffix(name, "."); }

void ReadNumber(absl::string_view word, absl::string_view key, int low, int high, int& value) {
  int number = 0;
  if (absl::ConsumePrefix(&word, key) && absl::SimpleAtoi(word, &number)) {
    value = std::clamp(number, low, high);
  }
}

void ReadOptions(const std::vector<absl::string_view>& words, ResolvConf& conf) {
  for (size_t i = 1; i < words.size(); ++i) {
    ReadNumber(words[i], "ndots:", 0, 15, conf.ndots);
    ReadNumber(words[i], "timeout:", 1, 30, conf.timeout_seconds);
    ReadNumber(words[i], "attempts:", 1, 5, conf.attempts);
    if (words[i] == "use-vc") conf.use_vc = true;
  }
}

void ReadServer(absl::string_view text, ResolvConf& conf) {
  const absl::StatusOr<IpAddress> address = IpAddress::Parse(text);
  if (address.ok() && conf.servers.size() < kMaxServers) {
    conf.servers.push_back(Endpoint{*address, kDnsPort});
  }
}

void ReadSearch(const std::vector<absl::string_view>& words, size_t limit, ResolvConf& conf) {
  conf.search.clear();
  for (size_t i = 1; i < words.size() && conf.search.size() < limit; ++i) {
    const absl::string_view domain = WithoutDot(words[i]);
    if (!domain.empty()) conf.search.emplace_back(domain);
  }
}

void ReadLine(const std::vector<absl::string_view>& words, ResolvConf& conf) {
  if (words.size() < 2) return;
  if (words[0] == "nameserver") ReadServer(words[1], conf);
  if (words[0] == "search") ReadSearch(words, kMaxSearch, conf);
  if (words[0] == "domain") ReadSearch(words, 1, conf);
  if (words[0] == "options") ReadOptions(words, conf);
}

bool NamesHost(const std::vector<absl::string_view>& words, absl::string_view name) {
  return std::any_of(words.begin() + 1, words.end(), [name](absl::string_view word) {
    return absl::EqualsIgnoreCase(WithoutDot(word), name);
  });
}

}  // namespace

ResolvConf ParseResolvConf(absl::string_view text) {
  ResolvConf conf;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) ReadLine(Words(line), conf);
  if (conf.servers.empty()) {
    conf.servers.push_back(Endpoint{IpAddress::V4({127, 0, 0, 1}), kDnsPort});
  }
  return conf;
}

std::vector<IpAddress> FindInHosts(absl::string_view text, absl::string_view name,
                                   IpAddress::Family family) {
  std::vector<IpAddress> found;
  name = WithoutDot(name);
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::vector<absl::string_view> words = Words(line);
    if (words.size() < 2 || !NamesHost(words, name)) continue;
    const absl::StatusOr<IpAddress> address = IpAddress::Parse(words[0]);
    if (!address.ok() || address->family() != family || found.size() >= kMaxAddresses) continue;
    if (std::find(found.begin(), found.end(), *address) == found.end()) found.push_back(*address);
  }
  return found;
}

CandidateNames ListCandidateNames(const ResolvConf& conf, absl::string_view name) {
  CandidateNames list;
  const bool absolute = absl::EndsWith(name, ".");
  const bool first = absolute || std::count(name.begin(), name.end(), '.') >= conf.ndots;
  if (!absolute) {
    for (const std::string& domain : conf.search) {
      list.names.push_back(absl::StrCat(name, ".", domain));
    }
  }
  list.as_given = first ? 0 : list.names.size();
  list.names.emplace(list.names.begin() + static_cast<std::ptrdiff_t>(list.as_given), name);
  return list;
}

}  // namespace probemesh::node
