// Who may include whom, as data. A folder that is not listed may not be included from outside
// itself, and a listed folder may include only its own headers and those of the folders on its
// right.
#ifndef PROBEMESH_TESTS_TIDY_ALLOWED_EDGES_H_
#define PROBEMESH_TESTS_TIDY_ALLOWED_EDGES_H_

#include <map>
#include <set>
#include <string>

namespace probemesh::tidy {

using EdgeTable = std::map<std::string, std::set<std::string>>;

// Project headers: module folder -> module folders.
inline const EdgeTable& AllowedModuleEdges() {
  static const EdgeTable edges = {
      {"common/base", {}},
      {"common/options", {}},
      {"common/sync", {}},
      {"common/log", {}},
      {"common/event", {"common/base", "common/sync"}},
      {"common/net", {"common/base"}},
      {"common/pki", {"common/base", "common/net"}},
      {"common/rpc", {"common/base", "common/log", "common/net", "common/pki", "common/sync"}},

      {"probe-node/engine", {"common/base", "common/event", "common/net"}},
      {"probe-node/probes", {"common/base", "common/event", "common/net", "probe-node/engine"}},
      {"probe-node/spool", {"common/base", "common/log", "common/sync"}},
      {"probe-node/session",
       {"common/base", "common/event", "common/log", "common/rpc", "common/sync",
        "probe-node/spool"}},
      {"probe-node/identity", {"common/base", "common/log", "common/pki", "probe-node/session"}},
      {"probe-node/enrollment",
       {"common/base", "common/log", "common/pki", "common/rpc", "probe-node/identity"}},
      {"probe-node/agent",
       {"common/base", "common/event", "common/log", "common/net", "common/pki",
        "probe-node/engine", "probe-node/session", "probe-node/spool"}},

      {"coordinator/diagnosis", {"common/base", "common/net"}},
      {"coordinator/planner", {"common/base", "common/net"}},
      {"coordinator/registry", {"common/base", "common/pki", "coordinator/store"}},
      {"coordinator/runs",
       {"common/base", "common/event", "common/log", "common/net", "coordinator/core",
        "coordinator/diagnosis", "coordinator/planner", "coordinator/store"}},
      {"coordinator/store", {"common/base", "common/event", "common/log", "common/sync"}},
      {"coordinator/pki",
       {"common/base", "common/log", "common/net", "common/pki", "coordinator/core"}},
      {"coordinator/core",
       {"common/base", "common/event", "common/log", "common/net", "common/pki",
        "coordinator/diagnosis", "coordinator/planner", "coordinator/registry", "coordinator/runs",
        "coordinator/store"}},
      {"coordinator/session",
       {"common/base", "common/event", "common/log", "common/rpc", "common/sync",
        "coordinator/core"}},
      {"coordinator/api",
       {"common/base", "common/event", "common/log", "common/net", "common/rpc", "common/sync",
        "coordinator/core"}},
      // The command line is a client of the API; offline `explain` is the one thing it shares with
      // the engine.
      {"coordinator/cli",
       {"common/base", "common/net", "common/pki", "common/rpc", "common/sync",
        "coordinator/diagnosis"}},
  };
  return edges;
}

// Composition roots: the only folders and files that may include anything of their side.
inline const std::set<std::string>& CompositionRoots() {
  static const std::set<std::string> roots = {"probe-node", "coordinator"};
  return roots;
}

// Third-party headers kept in their place: include prefix -> folders (or prefixes of them) that may
// use it.
inline const EdgeTable& AllowedVendorUsers() {
  static const EdgeTable users = {
      {"grpc",
       {"common/rpc", "probe-node/enrollment", "probe-node/session", "coordinator/session",
        "coordinator/api", "coordinator/cli", "tests/integration", "tests/unit/common/rpc"}},
      {"prometheus/", {"coordinator/api", "common/metrics"}},
      {"civetweb.h", {"coordinator/api"}},
      {"openssl/",
       {"common/pki", "common/rpc", "coordinator/pki", "coordinator/registry",
        "coordinator/diagnosis", "probe-node/probes", "tests/"}},
      {"sqlite3.h", {"coordinator/store", "tests/unit/coordinator/store"}},
      {"curl/", {"probe-node/probes/http"}},
      {"ldns/", {"probe-node/probes/dns", "tests/fuzz", "tests/unit/probe-node"}},
      {"spdlog/", {"common/log"}},
      {"CLI/", {"common/options", "coordinator/cli", "tests/lab"}},
      {"yaml-cpp/", {"probe-node/agent"}},
  };
  return users;
}

}  // namespace probemesh::tidy

#endif  // PROBEMESH_TESTS_TIDY_ALLOWED_EDGES_H_
