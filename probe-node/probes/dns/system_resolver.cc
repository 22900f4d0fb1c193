#include "probe-node/probes/dns/system_resolver.h"

#include <algorithm>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "probe-node/probes/dns/dns_wire.h"
#include "probe-node/probes/dns/resolv_conf.h"

namespace probemesh::node {
namespace {

constexpr size_t kMaxResolvConf = 64 * 1024;
constexpr size_t kMaxHosts = 1024 * 1024;

std::string ReadHead(const std::string& path, size_t limit) {
  std::ifstream file(path, std::ios::binary);
  std::string content;
  char buffer[4096];
  while (file && content.size() < limit) {
    file.read(buffer, sizeof(buffer));
    content.append(buffer, static_cast<size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  }
  return content;
}

// A search domain may make a name too long, or be no domain name itself.
bool CanBeAsked(absl::string_view name, const std::string& domain) {
  DnsQuestion question;
  question.name = absl::StrCat(name, ".", domain);
  return EncodeDnsQuery(question, 0, /*edns=*/true).ok();
}

}  // namespace

DnsPlan SystemDnsPlan(const ProbeContext& context, absl::string_view name) {
  ResolvConf conf = ParseResolvConf(ReadHead(context.resolv_conf, kMaxResolvConf));
  conf.search.erase(
      std::remove_if(conf.search.begin(), conf.search.end(),
                     [name](const std::string& domain) { return !CanBeAsked(name, domain); }),
      conf.search.end());
  DnsPlan plan;
  plan.servers = conf.servers;
  const CandidateNames candidates = ListCandidateNames(conf, name);
  plan.names = candidates.names;
  plan.as_given = candidates.as_given;
  plan.tcp = conf.use_vc;
  plan.rounds = conf.attempts;
  plan.interval = conf.servers.size() > 1 ? absl::Milliseconds(500) : absl::Seconds(1);
  plan.interval = std::min(plan.interval, absl::Seconds(conf.timeout_seconds));
  return plan;
}

std::vector<IpAddress> LookUpHostsFile(const ProbeContext& context, absl::string_view name,
                                       IpAddress::Family family) {
  return FindInHosts(ReadHead(context.hosts_file, kMaxHosts), name, family);
}

}  // namespace probemesh::node
