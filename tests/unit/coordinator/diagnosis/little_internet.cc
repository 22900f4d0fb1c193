#include "tests/unit/coordinator/diagnosis/little_internet.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace probemesh::coordinator {

using testing::BundleBuilder;
using testing::Icmp;
using testing::VantageBuilder;

LittleInternet::LittleInternet(uint64_t seed) : random_(seed) {
  transits_ = 1 + Below(3);
  providers_ = 1 + Below(3);
  baseline_ = Chance(40);
  echo_works_ = Chance(75);
  const size_t count = 2 + Below(7);
  for (size_t i = 0; i < count; ++i) AddWay(i);
  for (const Way& way : ways_) {
    for (const std::string& router : way.routers) {
      if (Chance(6)) mute_.insert(router);
    }
  }
}

// Access router, perhaps a carrier, a transit, perhaps a second one, a provider, the edge as that
// provider sees it.
void LittleInternet::AddWay(size_t number) {
  Way way;
  way.name = absl::StrCat("v", number);
  way.group = number > 0 && Chance(20) ? ways_.back().group : way.name;
  way.routers.push_back(absl::StrCat("10.1.", number, ".1"));
  if (Chance(60)) way.routers.push_back(absl::StrCat("10.2.", number % 3, ".1"));
  const size_t transit = Below(transits_);
  way.routers.push_back(absl::StrCat("10.3.", transit, ".1"));
  if (Chance(40)) way.routers.push_back(absl::StrCat("10.4.", transit, ".1"));
  const size_t provider = (transit + Below(2)) % providers_;
  way.routers.push_back(absl::StrCat("10.5.", provider, ".", 1 + transit));
  way.routers.push_back(absl::StrCat("10.6.", provider, ".1"));
  ways_.push_back(way);
}

void LittleInternet::ChooseFault(FaultKind kind) {
  faulty_.clear();
  felt_.clear();
  places_.clear();
  const Way& victim = ways_[Below(ways_.size())];
  group_ = victim.group;
  const size_t last = victim.routers.size() - 1;
  // Anywhere from the transit to the provider: what is nearer is the vantage's own trouble.
  faulty_ = {victim.routers[2 + Below(last - 2)]};
  const bool all = kind == FaultKind::kAllProvidersHole || kind == FaultKind::kAllProvidersNoRoute;
  if (all) {
    faulty_.clear();
    for (const Way& way : ways_) faulty_.insert(way.routers[way.routers.size() - 2]);
  }
}

// A router that drops silently is itself silent; one that says why answers as well.
LittleInternet::Fate LittleInternet::Stopped(const Way& way, const std::string& router,
                                             FaultKind kind) {
  Fate fate;
  const auto at = std::find(way.routers.begin(), way.routers.end(), router);
  fate.answering = static_cast<size_t>(at - way.routers.begin());
  if (fate.answering > 0) places_.insert(way.routers[fate.answering - 1]);
  places_.insert(router);
  fate.kind = Fate::Kind::kSilent;
  uint32_t code = 0;
  if (kind == FaultKind::kProhibited) code = 13;
  if (kind == FaultKind::kUnreachableRoute) code = 1;
  const bool says = kind == FaultKind::kNoRoute || kind == FaultKind::kProhibited ||
                    kind == FaultKind::kUnreachableRoute || kind == FaultKind::kAllProvidersNoRoute;
  if (says) {
    fate.kind = Fate::Kind::kError;
    fate.icmp = Icmp{3, code, router};
  }
  return fate;
}

LittleInternet::Fate LittleInternet::FateOf(const Way& way, FaultKind kind) {
  Fate fate;
  fate.answering = way.routers.size();
  switch (kind) {
    case FaultKind::kNone:
      return fate;
    case FaultKind::kRefused:
      fate.kind = Fate::Kind::kRefused;
      return fate;
    case FaultKind::kHung:
      fate.kind = Fate::Kind::kHung;
      return fate;
    case FaultKind::kHostSilent:
      fate.kind = Fate::Kind::kSilent;
      return fate;
    case FaultKind::kPortFiltered:
      fate.kind = Fate::Kind::kPortSilent;
      return fate;
    case FaultKind::kHostGone:
      fate.kind = Fate::Kind::kError;
      fate.icmp = Icmp{3, 1, way.routers.back(), absl::Milliseconds(3055)};
      return fate;
    case FaultKind::kSourceFiltered:
      if (way.group == group_) fate.kind = Fate::Kind::kSilent;
      return fate;
    case FaultKind::kReturnLost:
      if (way.group != group_) return fate;
      for (const std::string& router : faulty_) {
        if (std::count(way.routers.begin(), way.routers.end(), router) > 0) {
          return Stopped(way, router, kind);
        }
      }
      return fate;
    default:
      for (const std::string& router : faulty_) {
        if (std::count(way.routers.begin(), way.routers.end(), router) > 0) {
          return Stopped(way, router, kind);
        }
      }
      return fate;
  }
}

std::vector<std::string> LittleInternet::WalkOf(const Way& way, size_t answering, bool reaches) {
  std::vector<std::string> walk;
  for (size_t i = 0; i < way.routers.size(); ++i) {
    const bool answers = i < answering && mute_.count(way.routers[i]) == 0 && !Chance(3);
    walk.push_back(answers ? way.routers[i] : "*");
  }
  walk.push_back(reaches ? "T" : "*");
  if (!reaches) walk.resize(12, "*");
  return walk;
}

void LittleInternet::TellSilence(const Way& way, const Fate& fate, VantageBuilder* vantage) {
  if (fate.kind == Fate::Kind::kError) {
    // The router's budget lasts for one or two errors, sometimes for none.
    const int errors = static_cast<int>(Below(3));
    vantage->ConnectSilent(4 - errors);
    if (errors > 0) vantage->ConnectIcmp(fate.icmp, errors);
    if (Chance(50)) vantage->EchoIcmp(fate.icmp);
    if (Chance(50)) vantage->EchoSilent();
  } else {
    vantage->ConnectSilent(4).EchoSilent().UdpSilent();
  }
  vantage->Walk(WalkOf(way, fate.answering, false));
  if (Chance(50)) vantage->Walk(WalkOf(way, fate.answering, false), v1::TraceProbe::ICMP);
}

void LittleInternet::Tell(const Way& way, const Fate& fate, BundleBuilder* builder) {
  VantageBuilder vantage = builder->Vantage(way.name, way.group);
  vantage.Fit();
  if (fate.kind != Fate::Kind::kPass) felt_.insert(way.name);
  switch (fate.kind) {
    case Fate::Kind::kPass:
      vantage.Connects().HttpOk();
      break;
    case Fate::Kind::kRefused:
      vantage.ConnectRefused(3);
      break;
    case Fate::Kind::kHung:
      vantage.Connects().HttpEnds(v1::HUNG, v1::TLS_HANDSHAKE);
      break;
    case Fate::Kind::kPortSilent:
      vantage.ConnectSilent(4).Walk(WalkOf(way, fate.answering, false));
      break;
    case Fate::Kind::kSilent:
    case Fate::Kind::kError:
      return TellSilence(way, fate, &vantage);
  }
  const auto reply_ttl = static_cast<uint32_t>(64 - way.routers.size());
  if (echo_works_) vantage.EchoOk(reply_ttl);
  if (!echo_works_) vantage.EchoSilent();
  if (Chance(70)) vantage.UdpClosedPort();
}

BundleBuilder LittleInternet::Observe(FaultKind kind) {
  ChooseFault(kind);
  BundleBuilder builder;
  size_t passing_walks = 0;
  std::vector<std::pair<const Way*, Fate>> fates;
  for (const Way& way : ways_) {
    if (baseline_) builder.Baseline(WalkOf(way, way.routers.size(), true));
    fates.emplace_back(&way, FateOf(way, kind));
    Tell(way, fates.back().second, &builder);
  }
  if (!felt()) return builder;
  for (const auto& [way, fate] : fates) {
    const bool walks = fate.kind == Fate::Kind::kPass && passing_walks < 2;
    if (!walks) continue;
    ++passing_walks;
    builder.Vantage(way->name).Walk(WalkOf(*way, fate.answering, true));
  }
  return builder;
}

}  // namespace probemesh::coordinator
