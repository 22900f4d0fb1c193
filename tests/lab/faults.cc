#include "tests/lab/faults.h"

#include <algorithm>
#include <cerrno>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"
#include "tests/lab/namespace_lab.h"
#include "tests/lab/process.h"
#include "tests/lab/services.h"

namespace probemesh::lab {
namespace {

constexpr absl::Duration kProofLimit = absl::Seconds(4);
constexpr char kDeadResolver[] = "10.70.0.99";

std::string TargetAddress(Family family) { return LabTopology().Get("t").Address(family); }

absl::Status NotProven(absl::string_view what) {
  return absl::InternalError(
      absl::StrCat("the fault was injected but did not take effect: ", what));
}

// ---- firewall

std::string TableName(const Fault& fault) { return "fault_" + fault.name; }

std::string Ruleset(const std::string& table, const FirewallFault& fault) {
  std::string text = absl::StrCat("table inet ", table, " {\n chain c {\n  type filter hook ",
                                  fault.hook, " priority 0; policy accept;\n");
  for (const FirewallRule& rule : fault.rules) {
    absl::StrAppend(&text, "  ", rule.match, " counter ", rule.verdict, "\n");
  }
  absl::StrAppend(&text, " }\n}\n");
  return absl::StrReplaceAll(
      text, {{"@T4@", TargetAddress(Family::kV4)}, {"@T6@", TargetAddress(Family::kV6)}});
}

// Packets counted by each rule, in order.
std::vector<int> Counters(const std::string& name_space, const std::string& table) {
  std::vector<int> counters;
  const absl::StatusOr<CommandResult> list =
      RunCommand(InNamespace(name_space, {"nft", "list", "table", "inet", table}));
  if (!list.ok()) return counters;
  const std::vector<std::string> pieces = absl::StrSplit(list->out, "counter packets ");
  for (size_t i = 1; i < pieces.size(); ++i) {
    int packets = 0;
    if (absl::SimpleAtoi(pieces[i].substr(0, pieces[i].find(' ')), &packets)) {
      counters.push_back(packets);
    }
  }
  return counters;
}

absl::Status Inject(const LabRun& run, const Fault& owner, const FirewallFault& fault) {
  CommandOptions options;
  options.input = Ruleset(TableName(owner), fault);
  return MustRun(InNamespace(run.Namespace(fault.node), {"nft", "-f", "-"}), options);
}

absl::Status Prove(const LabRun& run, const Fault& owner, const FirewallFault& fault) {
  std::vector<int> counters;
  const bool hit = WaitUntil(kProofLimit, [&] {
    for (const Witness& witness : fault.witnesses) {
      const std::string to = LabTopology().Get(witness.to).Address(witness.trial.family);
      static_cast<void>(SendTrial(run.Namespace(witness.from), to, witness.trial));
    }
    counters = Counters(run.Namespace(fault.node), TableName(owner));
    return counters.size() == fault.rules.size() &&
           std::all_of(counters.begin(), counters.end(), [](int packets) { return packets > 0; });
  });
  if (hit) return absl::OkStatus();
  return NotProven(absl::StrCat("the rules on ", fault.node, " counted [",
                                absl::StrJoin(counters, ", "), "] packets"));
}

// ---- routes

std::string Prefix(RouteScope scope, Family family) {
  const bool v4 = family == Family::kV4;
  switch (scope) {
    case RouteScope::kTarget:
      return absl::StrCat(TargetAddress(family), v4 ? "/32" : "/128");
    case RouteScope::kSite:
      return v4 ? kSitePrefixV4 : kSitePrefixV6;
    case RouteScope::kAs2:
      return v4 ? "10.2.0.0/24" : "fd00:2::/64";
  }
  return "";
}

std::string AddressWithin(RouteScope scope, Family family) {
  return scope == RouteScope::kAs2 ? LabTopology().Get("vb").Address(family)
                                   : TargetAddress(family);
}

Command RouteCommand(const LabRun& run, const RouteFault& fault, Family family) {
  Command command = {"ip", family == Family::kV4 ? "-4" : "-6", "-n", run.Namespace(fault.node),
                     "route"};
  const std::string prefix = Prefix(fault.scope, family);
  const auto add = [&](const Command& words) {
    command.insert(command.end(), words.begin(), words.end());
    return command;
  };
  switch (fault.kind) {
    case RouteKind::kBlackhole:
      return add({"replace", "blackhole", prefix});
    case RouteKind::kUnreachable:
      return add({"replace", "unreachable", prefix});
    case RouteKind::kProhibit:
      return add({"replace", "prohibit", prefix});
    case RouteKind::kDeleted:
      return add({"del", prefix});
    case RouteKind::kBackTo:
      return add(
          {"replace", prefix, "via", LabTopology().WireAddress(fault.node, fault.back_to, family)});
  }
  return command;
}

// `ip route get` tells IPv4's special routes by the error, IPv6's by the word.
bool SaysSo(const RouteFault& fault, Family family, const CommandResult& get) {
  const std::string text = get.out + get.err;
  switch (fault.kind) {
    case RouteKind::kBlackhole:
      return absl::StrContains(text, "Invalid argument") || absl::StrContains(text, "blackhole");
    case RouteKind::kUnreachable:
      return absl::StrContains(text, "No route to host") || absl::StrContains(text, "unreachable");
    case RouteKind::kProhibit:
      return absl::StrContains(text, "Permission denied") || absl::StrContains(text, "prohibit");
    case RouteKind::kDeleted:
      return absl::StrContains(text, "Network is unreachable");
    case RouteKind::kBackTo:
      return absl::StrContains(
          text,
          absl::StrCat("via ", LabTopology().WireAddress(fault.node, fault.back_to, family), " "));
  }
  return false;
}

absl::Status Inject(const LabRun& run, const Fault&, const RouteFault& fault) {
  for (const Family family : {Family::kV4, Family::kV6}) {
    PM_RETURN_IF_ERROR(MustRun(RouteCommand(run, fault, family)));
  }
  return absl::OkStatus();
}

absl::Status Prove(const LabRun& run, const Fault&, const RouteFault& fault) {
  for (const Family family : {Family::kV4, Family::kV6}) {
    PM_ASSIGN_OR_RETURN(
        const CommandResult get,
        RunCommand({"ip", family == Family::kV4 ? "-4" : "-6", "-n", run.Namespace(fault.node),
                    "route", "get", AddressWithin(fault.scope, family)}));
    if (!SaysSo(fault, family, get)) {
      return NotProven(absl::StrCat(fault.node, " routes with: ", get.out, get.err));
    }
  }
  return absl::OkStatus();
}

// ---- links

std::string NeighbourEntries(const LabRun& run, const std::string& node) {
  std::string entries;
  for (const Family family : {Family::kV4, Family::kV6}) {
    const absl::StatusOr<CommandResult> show =
        RunCommand({"ip", "-n", run.Namespace(node), "neigh", "show", "to", TargetAddress(family),
                    "nud", "all"});
    if (show.ok()) entries += show->out;
  }
  return entries;
}

absl::Status Inject(const LabRun& run, const Fault&, const LinkFault& fault) {
  const std::string name = run.Namespace(fault.node);
  if (fault.target_entry == NeighbourCache::kWarmed) {
    for (const Family family : {Family::kV4, Family::kV6}) {
      TryConnect(name, TargetAddress(family), {TrialKind::kTcp, family, 443, 0}, absl::Seconds(2));
    }
  }
  for (const std::string& interface : fault.interfaces) {
    PM_RETURN_IF_ERROR(MustRun({"ip", "-n", name, "link", "set", interface, "down"}));
  }
  if (fault.target_entry != NeighbourCache::kFlushed) return absl::OkStatus();
  return MustRun({"ip", "-n", name, "neigh", "flush", "dev", "lan0", "nud", "all"});
}

absl::Status Prove(const LabRun& run, const Fault&, const LinkFault& fault) {
  const std::string name = run.Namespace(fault.node);
  for (const std::string& interface : fault.interfaces) {
    PM_ASSIGN_OR_RETURN(const CommandResult show,
                        RunCommand({"ip", "-n", name, "link", "show", "dev", interface}));
    if (!absl::StrContains(show.out, "state DOWN")) return NotProven(show.out);
  }
  const std::string entries = NeighbourEntries(run, fault.node);
  const bool known = absl::StrContains(entries, "lladdr");
  if (fault.target_entry == NeighbourCache::kFlushed && known) return NotProven(entries);
  if (fault.target_entry == NeighbourCache::kWarmed && !known) {
    return NotProven("the edge has no neighbour entry of the target");
  }
  return absl::OkStatus();
}

// ---- services and resolvers

absl::Status Inject(const LabRun& run, const Fault&, const ServiceFault& fault) {
  switch (fault.kind) {
    case ServiceFaultKind::kWebStopped:
      return StopWeb(run, "t");
    case ServiceFaultKind::kWebFrozen:
      return FreezeWeb(run, "t");
    case ServiceFaultKind::kWebUnavailable:
      return StartWeb(run, "t", WebVariant::kUnavailable);
    case ServiceFaultKind::kWebExpired:
      return StartWeb(run, "t", WebVariant::kExpiredCertificate);
    case ServiceFaultKind::kDnsStopped:
      return StopDns(run);
    case ServiceFaultKind::kNameGone:
      return LoadZone(run, ZoneVariant::kWithoutTarget);
  }
  return absl::OkStatus();
}

// A request from the host next to the target: curl's exit code and the HTTP status, "60 000".
std::string RequestFromInside(const LabRun& run) {
  const absl::StatusOr<CommandResult> curl = RunCommand(InNamespace(
      run.Namespace("in"), {"curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--max-time",
                            "3", "--cacert", run.File("ca.pem"), "--resolve",
                            absl::StrCat(kTargetName, ":443:", TargetAddress(Family::kV4)),
                            absl::StrCat("https://", kTargetName, "/")}));
  if (!curl.ok()) return std::string(curl.status().message());
  return absl::StrCat(curl->exit_code, " ", curl->out);
}

// StopWeb(), FreezeWeb() and LoadZone() return only once they have seen it themselves.
absl::Status Prove(const LabRun& run, const Fault&, const ServiceFault& fault) {
  std::string wanted;
  if (fault.kind == ServiceFaultKind::kWebUnavailable) wanted = "0 503";
  if (fault.kind == ServiceFaultKind::kWebExpired) wanted = "60 000";
  if (wanted.empty()) return absl::OkStatus();
  const std::string seen = RequestFromInside(run);
  return seen == wanted ? absl::OkStatus() : NotProven("curl from inside saw " + seen);
}

absl::Status Inject(const LabRun& run, const Fault&, const ResolverFault& fault) {
  return WriteResolver(run, fault.node, kDeadResolver);
}

absl::Status Prove(const LabRun& run, const Fault&, const ResolverFault& fault) {
  PM_ASSIGN_OR_RETURN(
      const CommandResult cat,
      RunCommand(InNamespace(run.Namespace(fault.node), {"cat", "/etc/resolv.conf"})));
  return absl::StrContains(cat.out, kDeadResolver) ? absl::OkStatus() : NotProven(cat.out);
}

// ---- healing

// Nodes to restore. An unplugged neighbour lost state as well.
void AddTouched(const FirewallFault& fault, std::set<std::string>& nodes) {
  nodes.insert(fault.node);
}
void AddTouched(const RouteFault& fault, std::set<std::string>& nodes) { nodes.insert(fault.node); }
void AddTouched(const LinkFault& fault, std::set<std::string>& nodes) {
  nodes.insert(fault.node);
  for (const std::string& name : fault.interfaces) {
    nodes.insert(LabTopology().Get(fault.node).FindInterface(name)->peer_node);
  }
}
void AddTouched(const ServiceFault&, std::set<std::string>&) {}
void AddTouched(const ResolverFault&, std::set<std::string>&) {}

absl::Status HealSpecial(const LabRun& run, const ServiceFault& fault) {
  if (fault.kind != ServiceFaultKind::kDnsStopped && fault.kind != ServiceFaultKind::kNameGone) {
    return StartWeb(run, "t", WebVariant::kNormal);
  }
  return LoadZone(run, ZoneVariant::kNormal);
}

absl::Status HealSpecial(const LabRun& run, const ResolverFault& fault) {
  return WriteResolver(run, fault.node, LabTopology().Get("d").Address(Family::kV4));
}

template <typename Action>
absl::Status HealSpecial(const LabRun&, const Action&) {
  return absl::OkStatus();
}

absl::Status ProveHealthy(const LabRun& run) {
  std::string failing;
  const bool healthy = WaitUntil(absl::Seconds(10), [&] {
    for (const std::string& vantage : LabTopology().NamesOf(Role::kVantage)) {
      for (const Family family : {Family::kV4, Family::kV6}) {
        failing = vantage;
        const Trial https{TrialKind::kTcp, family, 443, 0};
        if (TryConnect(run.Namespace(vantage), TargetAddress(family), https, absl::Seconds(2)) !=
            0) {
          return false;
        }
      }
    }
    return true;
  });
  if (healthy) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat("healed, but ", failing, " still cannot reach the target"));
}

}  // namespace

absl::Status InjectFault(const LabRun& run, const Fault& fault) {
  PM_ASSIGN_OR_RETURN(LabState state, LoadState(run));
  if (std::find(state.faults.begin(), state.faults.end(), fault.name) != state.faults.end()) {
    return absl::AlreadyExistsError(absl::StrCat("fault ", fault.name, " is already in force"));
  }
  state.faults.push_back(fault.name);
  PM_RETURN_IF_ERROR(SaveState(run, state));
  for (const FaultAction& action : fault.actions) {
    PM_RETURN_IF_ERROR(
        std::visit([&](const auto& concrete) { return Inject(run, fault, concrete); }, action));
  }
  for (const FaultAction& action : fault.actions) {
    PM_RETURN_IF_ERROR(
        std::visit([&](const auto& concrete) { return Prove(run, fault, concrete); }, action));
  }
  return absl::OkStatus();
}

absl::Status HealAll(const LabRun& run) {
  PM_ASSIGN_OR_RETURN(LabState state, LoadState(run));
  std::set<std::string> nodes;
  for (const std::string& name : state.faults) {
    const Fault* fault = FindFault(name);
    if (fault == nullptr) return absl::InternalError("unknown fault in the lab's state: " + name);
    for (const FaultAction& action : fault->actions) {
      std::visit([&](const auto& concrete) { AddTouched(concrete, nodes); }, action);
    }
  }
  for (const std::string& node : nodes) {
    PM_RETURN_IF_ERROR(RestoreNode(run, LabTopology().Get(node)));
  }
  for (const std::string& name : state.faults) {
    for (const FaultAction& action : FindFault(name)->actions) {
      PM_RETURN_IF_ERROR(
          std::visit([&](const auto& concrete) { return HealSpecial(run, concrete); }, action));
    }
  }
  PM_RETURN_IF_ERROR(ProveHealthy(run));
  state.faults.clear();
  return SaveState(run, state);
}

}  // namespace probemesh::lab
