#include <memory>

#include "common/base/proto_time.h"
#include "common/base/status_macros.h"
#include "coordinator/cli/flags.h"

namespace probemesh::cli {
namespace {

void DeclareNodeAction(CLI::App& nodes, const std::string& name, const std::string& help,
                       NodesOptions::Action action, DeclaredCommands& declared) {
  auto options = std::make_shared<NodesOptions>();
  options->action = action;
  CLI::App* app = AddCommand(nodes, name, help, "  probemesh nodes " + name + " fra-1");
  app->add_option("NAME", options->name, "the node's name")->required();
  AddJson(*app, options->json);
  declared.push_back({app, [options]() -> absl::StatusOr<Command> { return *options; }});
}

// Both `nodes` and `nodes list`.
void DeclareNodeList(CLI::App* app, DeclaredCommands& declared) {
  auto options = std::make_shared<NodesOptions>();
  FromEnvironment(app->add_option("-F,--from", options->filter, "only those that match"))
      ->type_name("SELECTOR");
  AddJson(*app, options->json);
  declared.push_back({app, [options]() -> absl::StatusOr<Command> { return *options; }});
}

void DeclareNodes(CLI::App& program, DeclaredCommands& declared) {
  CLI::App* nodes = AddCommand(program, "nodes", "The nodes of the mesh",
                               "  probemesh nodes\n"
                               "  probemesh nodes list --from site=fra --json\n"
                               "  probemesh nodes show fra-1\n"
                               "  probemesh nodes drain fra-1");
  nodes->require_subcommand(0, 1);
  DeclareNodeList(nodes, declared);
  DeclareNodeList(AddCommand(*nodes, "list", "all nodes, or those that match",
                             "  probemesh nodes list --from 'asn=64500+!fra-1'"),
                  declared);
  using Action = NodesOptions::Action;
  DeclareNodeAction(*nodes, "show", "all about one node", Action::kShow, declared);
  DeclareNodeAction(*nodes, "drain", "give it no more work", Action::kDrain, declared);
  DeclareNodeAction(*nodes, "undrain", "give it work again", Action::kUndrain, declared);
  DeclareNodeAction(*nodes, "revoke", "shut it out for good", Action::kRevoke, declared);
}

struct TokenFlags {
  std::string node;
  std::string ttl;
  uint32_t uses = 1;
  std::vector<std::string> labels;
  bool json = false;
};

absl::StatusOr<Command> MakeTokenCreate(const TokenFlags& flags) {
  TokenOptions options;
  options.action = TokenOptions::Action::kCreate;
  options.json = flags.json;
  options.create.set_node(flags.node);
  options.create.set_max_uses(flags.uses);
  if (!flags.ttl.empty()) {
    PM_ASSIGN_OR_RETURN(const absl::Duration ttl, ParseDurationFlag("--ttl", flags.ttl));
    *options.create.mutable_ttl() = ToProto(ttl);
  }
  PM_ASSIGN_OR_RETURN(const auto labels, ParsePairs("--label", flags.labels, '='));
  for (const auto& [key, value] : labels) (*options.create.mutable_labels())[key] = value;
  return options;
}

void DeclareTokenCreate(CLI::App& token, DeclaredCommands& declared) {
  auto flags = std::make_shared<TokenFlags>();
  CLI::App* app = AddCommand(token, "create", "a new join token; stdout is the token, nothing else",
                             "  probemesh token create --name fra-1 --label site=fra\n"
                             "  probemesh token create --uses 20 --ttl 1h > join-token");
  FromEnvironment(app->add_option("--name", flags->node, "the one node that may use it"));
  FromEnvironment(app->add_option("--ttl", flags->ttl, "how long it lives (default 15m)"))
      ->type_name("DURATION");
  FromEnvironment(app->add_option("--uses", flags->uses, "how many nodes may join with it")
                      ->capture_default_str())
      ->check(CountRange());
  FromEnvironment(app->add_option("--label", flags->labels, "KEY=VALUE given to the node"))
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  AddJson(*app, flags->json);
  declared.push_back({app, [flags] { return MakeTokenCreate(*flags); }});
}

void DeclareTokens(CLI::App& program, DeclaredCommands& declared) {
  CLI::App* token = AddCommand(program, "token", "Join tokens, which bring nodes into the mesh",
                               "  probemesh token create --name fra-1\n  probemesh token list");
  token->require_subcommand(1);
  DeclareTokenCreate(*token, declared);

  auto list = std::make_shared<TokenOptions>();
  CLI::App* list_app =
      AddCommand(*token, "list", "tokens and their state", "  probemesh token list --json");
  AddJson(*list_app, list->json);
  declared.push_back({list_app, [list]() -> absl::StatusOr<Command> { return *list; }});

  auto revoke = std::make_shared<TokenOptions>();
  revoke->action = TokenOptions::Action::kRevoke;
  CLI::App* revoke_app = AddCommand(*token, "revoke", "make a token useless",
                                    "  probemesh token revoke 3fk2m1b8q0zr5t7v");
  revoke_app->add_option("ID", revoke->id, "as `token list` shows it")->required();
  AddJson(*revoke_app, revoke->json);
  declared.push_back({revoke_app, [revoke]() -> absl::StatusOr<Command> { return *revoke; }});
}

}  // namespace

void DeclareFleet(CLI::App& program, DeclaredCommands& declared) {
  DeclareNodes(program, declared);
  DeclareTokens(program, declared);
}

}  // namespace probemesh::cli
