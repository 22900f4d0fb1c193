#include <memory>

#include "common/base/proto_time.h"
#include "common/base/status_macros.h"
#include "coordinator/cli/flags.h"

namespace probemesh::cli {
namespace {

constexpr char kExamples[] = R"(  probemesh diagnose https://www.example.com
  probemesh diagnose db.example.com:5432 --from 'site=fra,site=ams' --limit 10
  probemesh diagnose 192.0.2.7 --neighbor 192.0.2.8 -4
  probemesh diagnose https://www.example.com --json | jq -r .diagnosis.verdict
  probemesh diagnose https://www.example.com --markdown > ticket.md

Exit status: 0 healthy from every trusted vantage, 1 partial or degraded, 2 the target cannot be
used, 3 unknown (inconclusive, no vantage ran, coordinator unreachable), 64 usage.)";

struct Flags {
  std::string target;
  VantageFlags vantages;
  std::string timeout;
  std::vector<std::string> neighbors;
  FamilyFlags family;
  FormatFlags format;
};

absl::StatusOr<Command> Make(const Flags& flags) {
  DiagnoseOptions options;
  options.spec.set_target(flags.target);
  options.spec.set_from(flags.vantages.from);
  options.spec.set_limit(flags.vantages.limit);
  if (!flags.timeout.empty()) {
    PM_ASSIGN_OR_RETURN(const absl::Duration timeout,
                        ParseDurationFlag("--timeout", flags.timeout));
    *options.spec.mutable_timeout() = ToProto(timeout);
  }
  for (const std::string& neighbor : flags.neighbors) options.spec.add_neighbors(neighbor);
  options.spec.set_family(flags.family.family());
  options.format = flags.format.format();
  return options;
}

}  // namespace

void DeclareDiagnose(CLI::App& program, DeclaredCommands& declared) {
  CLI::App* app = AddCommand(program, "diagnose",
                             "Is it the server, a firewall, or the route? Ask the mesh", kExamples);
  auto flags = std::make_shared<Flags>();
  app->add_option("TARGET", flags->target, "host, host:port, [v6]:port, an address, or a URL")
      ->required();
  AddVantages(*app, flags->vantages);
  FromEnvironment(
      app->add_option("-w,--timeout", flags->timeout, "how long to look (default: about 3.4s)"))
      ->type_name("DURATION");
  FromEnvironment(app->add_option("--neighbor", flags->neighbors,
                                  "another host in the target's network; tells the host's "
                                  "failure from the site's"))
      ->type_name("HOST")
      ->expected(1)
      ->delimiter(',')
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  AddFamily(*app, flags->family);
  AddFormats(*app, flags->format, true, true);
  declared.push_back({app, [flags] { return Make(*flags); }});
}

}  // namespace probemesh::cli
