#include "coordinator/diagnosis/explanation.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "coordinator/diagnosis/icmp_meaning.h"
#include "coordinator/diagnosis/words.h"

namespace probemesh::coordinator {
namespace {

constexpr size_t kMaxItems = 16;
constexpr size_t kMaxCommands = 32;

// Something that some seats saw alike.
struct Fact {
  std::string rule;
  std::string text;  // what follows "va, vb: "
  SeatSet seats;
  std::vector<std::string> commands;
};

class Facts {
 public:
  explicit Facts(const Scene& scene) : scene_(scene) {}

  void Add(Atom atom, const std::string& rule, const std::string& key, const std::string& text,
           size_t seat, const std::vector<std::string>& commands) {
    Entry& entry = entries_[{atom, rule + " " + key}];
    if (entry.fact.seats.empty()) {
      entry.fact = Fact{rule, text, SeatSet(scene_.size()), {}};
      entry.atom = atom;
    }
    entry.fact.seats[seat] = true;
    entry.fact.commands.insert(entry.fact.commands.end(), commands.begin(), commands.end());
  }

  void Collect() {
    for (size_t i = 0; i < scene_.size(); ++i) {
      const VantageEvidence& seen = scene_.evidence(i);
      CollectService(i, seen);
      CollectSigns(i, seen);
      CollectErrors(i, seen);
      CollectWalks(i, seen);
    }
  }

  // Weight of each fact in millinats: how much better the best explanation takes it than the rival.
  std::vector<v1::EvidenceItem> Weigh(const Explanation* best, const Explanation* rival) const {
    std::vector<v1::EvidenceItem> items;
    for (const auto& [key, entry] : entries_) {
      Millinats weight = 0;
      if (best != nullptr && rival != nullptr) {
        weight = WeightedAtom(scene_, *best, entry.atom, entry.fact.seats) -
                 WeightedAtom(scene_, *rival, entry.atom, entry.fact.seats);
      }
      items.push_back(Item(entry.fact, weight));
    }
    return items;
  }

 private:
  struct Entry {
    Fact fact;
    Atom atom = kConnectAtom;
  };

  v1::EvidenceItem Item(const Fact& fact, Millinats weight) const {
    v1::EvidenceItem item;
    item.set_rule(fact.rule);
    std::vector<std::string> names;
    for (size_t i = 0; i < scene_.size(); ++i) {
      if (!fact.seats[i]) continue;
      item.add_vantages(scene_.evidence(i).node);
      names.push_back(ShortName(scene_.evidence(i).node));
    }
    item.set_text(absl::StrCat(Listed(names), ": ", fact.text));
    item.set_weight(static_cast<double>(weight / 10) / 100);
    std::vector<std::string> commands = fact.commands;
    std::sort(commands.begin(), commands.end());
    commands.erase(std::unique(commands.begin(), commands.end()), commands.end());
    if (commands.size() > kMaxCommands) commands.resize(kMaxCommands);
    for (const std::string& command : commands) item.add_command_ids(command);
    return item;
  }

  void CollectService(size_t seat, const VantageEvidence& seen) {
    const Tally& connect = seen.connect;
    if (seen.service_ok) {
      Add(kServiceAtom, "service_answers", "", "the service answered as it should", seat,
          seen.service_commands);
    } else if (connect.reset > 0) {
      Add(kConnectAtom, "connection_refused", "", "connections are refused (TCP reset)", seat,
          connect.commands);
    } else if (connect.answered > 0) {
      const ServiceResult worst = seen.WorstService();
      Add(kServiceAtom, "service_fails", Misdeed(worst),
          absl::StrCat("the service ", Misdeed(worst)), seat, seen.service_commands);
    }
    if (connect.positive() || connect.total() == 0) return;
    if (connect.silent > 0) {
      Add(kConnectAtom, "connect_silent", "", "no answer to any attempt to connect", seat,
          connect.commands);
    }
  }

  void CollectSigns(size_t seat, const VantageEvidence& seen) {
    const bool echo_answers = seen.echo.positive();
    if (echo_answers || seen.alive.positive()) {
      Add(kHostAtom, "host_answers", echo_answers ? "echo" : "other",
          echo_answers ? "the host answers pings" : "the host answers on another port or protocol",
          seat, echo_answers ? seen.echo.commands : seen.alive.commands);
    } else if (seen.echo.silent > 0 && scene_.view->scheme != v1::Target::HOST) {
      Add(kHostAtom, "host_silent", "", "the host does not answer pings", seat, seen.echo.commands);
    }
    if (seen.neighbor.total() == 0) return;
    const bool answers = seen.neighbor.positive();
    Add(kNeighborAtom, answers ? "neighbor_answers" : "neighbor_silent", "",
        answers ? "the target's neighbour answers"
                : "the target's neighbour does not answer either",
        seat, seen.neighbor.commands);
  }

  static std::string RuleOf(ErrorKind kind) {
    switch (kind) {
      case ErrorKind::kNoRoute:
        return "no_route";
      case ErrorKind::kLateUnreachable:
        return "late_host_unreachable";
      case ErrorKind::kQuickUnreachable:
        return "immediate_host_unreachable";
      case ErrorKind::kProhibited:
        return "prohibited";
      case ErrorKind::kPortReject:
        return "port_unreachable_to_tcp";
      case ErrorKind::kLoop:
        return "expired_at_full_ttl";
    }
    return "icmp_error";
  }

  // Of several errors of one kind from one router, the one that waited longest speaks.
  void CollectErrors(size_t seat, const VantageEvidence& seen) {
    std::map<std::pair<ErrorKind, std::string>, const ErrorSeen*> longest;
    for (const ErrorSeen& error : seen.errors) {
      const ErrorSeen*& known = longest[{error.kind, error.offender}];
      if (known == nullptr || error.delay_ms > known->delay_ms) known = &error;
    }
    for (const auto& [key, error] : longest) {
      std::string text = error->type == 0
                             ? absl::StrCat("packets come back to ", error->offender)
                             : absl::StrCat(error->offender, " said ",
                                            DescribeIcmp(error->type, error->code, error->v6));
      if (error->kind == ErrorKind::kLateUnreachable) {
        absl::StrAppend(&text, ", ", Delay(error->delay_ms), " after the first packet");
      }
      Add(kErrorAtom, RuleOf(error->kind), error->offender, text, seat, {error->command_id});
    }
  }

  void CollectWalks(size_t seat, const VantageEvidence& seen) {
    const Cut& cut = scene_.paths.cuts[seat];
    if (cut.known && !seen.service_ok) {
      const std::string& stop = cut.walk->last_responder;
      const bool last = scene_.paths.last_hops.count(stop) > 0;
      Add(kStopAtom, "walk_stops", stop,
          absl::StrCat("packets get to ", stop, last ? ", the last hop," : "",
                       " and nothing behind it answers"),
          seat, {cut.walk->command_id});
    }
    for (const Walk& walk : seen.walks) {
      if (walk.loop.size() < 2) continue;
      Add(kStopAtom, "walk_loops", walk.loop.front(),
          absl::StrCat("the path goes in circles: ", Listed(walk.loop)), seat, {walk.command_id});
    }
  }

  const Scene& scene_;
  std::map<std::pair<Atom, std::string>, Entry> entries_;
};

// The best explanation with another verdict; null when there is none.
const Explanation* RivalOf(const Conclusion& conclusion) {
  if (!conclusion.posterior) return nullptr;
  const auto verdict = EntryOf(conclusion.best->primary->cause).verdict;
  for (const Explanation& explanation : conclusion.posterior->ranked) {
    if (EntryOf(explanation.primary->cause).verdict != verdict) return &explanation;
  }
  return nullptr;
}

void AddNames(const EvidenceView& view, const Gate& gate, std::vector<v1::EvidenceItem>* items) {
  std::map<NameResult, v1::EvidenceItem> by_result;
  for (const GatedVantage& vantage : gate.vantages) {
    const VantageEvidence& seen = *vantage.evidence;
    const bool failed = seen.name != NameResult::kNone && seen.name != NameResult::kOk;
    if (!view.named || !failed) continue;
    v1::EvidenceItem& item = by_result[seen.name];
    item.set_rule("name_fails");
    item.add_vantages(seen.node);
    for (const std::string& command : seen.name_commands) item.add_command_ids(command);
  }
  for (auto& [result, item] : by_result) {
    std::vector<std::string> names;
    for (const std::string& node : item.vantages()) names.push_back(ShortName(node));
    item.set_text(absl::StrCat(Listed(names), ": the name ", Fate(result)));
    items->push_back(item);
  }
}

void AddGate(const Gate& gate, std::vector<v1::EvidenceItem>* items) {
  for (const GatedVantage& vantage : gate.vantages) {
    if (vantage.state != v1::VantageReport::DISCARDED) continue;
    v1::EvidenceItem item;
    item.set_rule("vantage_discarded");
    item.add_vantages(vantage.evidence->node);
    item.set_text(absl::StrCat(ShortName(vantage.evidence->node), ": ", vantage.reason));
    items->push_back(item);
  }
  for (const std::string& control : gate.dropped_controls) {
    v1::EvidenceItem item;
    item.set_rule("control_dropped");
    item.set_text(
        absl::StrCat("control ", control, " fails from several networks and proves nothing"));
    items->push_back(item);
  }
}

}  // namespace

std::vector<v1::EvidenceItem> ExplainEvidence(const Conclusion& conclusion,
                                              const EvidenceView& view, const Gate& gate) {
  Facts facts(conclusion.scene);
  facts.Collect();
  std::vector<v1::EvidenceItem> items = facts.Weigh(conclusion.best, RivalOf(conclusion));
  std::stable_sort(items.begin(), items.end(), [](const auto& a, const auto& b) {
    return a.weight() * a.weight() > b.weight() * b.weight();
  });
  if (items.size() > kMaxItems) items.resize(kMaxItems);
  AddNames(view, gate, &items);
  AddGate(gate, &items);
  return items;
}

}  // namespace probemesh::coordinator
