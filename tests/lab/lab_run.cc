#include "tests/lab/lab_run.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tests/lab/netns.h"
#include "tests/lab/process.h"

namespace probemesh::lab {

std::string LabRun::NamespacePrefix() const { return absl::StrCat(kNamespacePrefix, id_, "-"); }

std::string LabRun::Namespace(absl::string_view node) const {
  return absl::StrCat(NamespacePrefix(), node);
}

std::string LabRun::Folder() const { return absl::StrCat(kRunFolder, "/", id_); }

std::string LabRun::File(absl::string_view name) const { return absl::StrCat(Folder(), "/", name); }

std::string LabRun::ResolvConf(absl::string_view node) const {
  return absl::StrCat("/etc/netns/", Namespace(node), "/resolv.conf");
}

std::vector<std::string> LabRun::Namespaces() const {
  return NamespacesWithPrefix(NamespacePrefix());
}

absl::Status ValidateRunId(absl::string_view id) {
  const bool good = !id.empty() && id.size() <= 10 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("bad run id \"", id, "\": 1 to 10 characters of a-z and 0-9"));
}

absl::StatusOr<LabState> LoadState(const LabRun& run) {
  const absl::StatusOr<std::string> text = ReadFile(run.File("state"));
  if (!text.ok()) return absl::NotFoundError(absl::StrCat("lab \"", run.id(), "\" is not up"));
  LabState state;
  for (absl::string_view line : absl::StrSplit(*text, '\n', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> pair = absl::StrSplit(line, absl::MaxSplits('=', 1));
    int number = 0;
    if (pair.first == "ready") state.ready = pair.second == "1";
    if (pair.first == "owner" && absl::SimpleAtoi(pair.second, &number)) state.owner = number;
    if (pair.first == "fault") state.faults.push_back(pair.second);
  }
  return state;
}

absl::Status SaveState(const LabRun& run, const LabState& state) {
  std::string text = absl::StrCat("ready=", state.ready ? 1 : 0, "\nowner=", state.owner, "\n");
  for (const std::string& fault : state.faults) absl::StrAppend(&text, "fault=", fault, "\n");
  const absl::Status written = WriteFile(run.File("state.new"), text);
  if (!written.ok()) return written;
  std::error_code error;
  std::filesystem::rename(run.File("state.new"), run.File("state"), error);
  return error ? absl::InternalError("cannot write " + run.File("state")) : absl::OkStatus();
}

std::vector<LabRun> ListRuns() {
  std::set<std::string> ids;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(kRunFolder, error)) {
    ids.insert(entry.path().filename().string());
  }
  for (const std::string& name : NamespacesWithPrefix(kNamespacePrefix)) {
    const std::vector<std::string> parts = absl::StrSplit(name, '-');
    if (parts.size() == 3) ids.insert(parts[1]);
  }
  std::vector<LabRun> runs;
  for (const std::string& id : ids) {
    if (ValidateRunId(id).ok()) runs.emplace_back(id);
  }
  return runs;
}

absl::StatusOr<LabRun> FindRun(absl::string_view id) {
  std::vector<std::string> up;
  for (const LabRun& run : ListRuns()) {
    const absl::StatusOr<LabState> state = LoadState(run);
    if (state.ok() && state->ready) up.push_back(run.id());
  }
  if (!id.empty()) {
    if (std::find(up.begin(), up.end(), id) != up.end()) return LabRun(std::string(id));
    return absl::NotFoundError(
        absl::StrCat("no lab called \"", id, "\" is up; see: probemesh-lab list"));
  }
  if (up.size() == 1) return LabRun(up[0]);
  if (up.empty()) return absl::NotFoundError("no lab is up; start one with: probemesh-lab up");
  return absl::InvalidArgumentError(absl::StrCat("several labs are up (", absl::StrJoin(up, ", "),
                                                 "); choose one with --run-id"));
}

absl::Status CheckCanMakeNamespaces() {
  if (geteuid() != 0) return absl::FailedPreconditionError("the lab needs root");
  const std::string name = absl::StrCat("pmcheck", getpid());
  const absl::StatusOr<CommandResult> add = RunCommand({"ip", "netns", "add", name});
  if (!add.ok()) return add.status();
  if (add->exit_code == 127) return absl::FailedPreconditionError("no \"ip\" (package iproute2)");
  if (add->exit_code != 0) {
    return absl::FailedPreconditionError(absl::StrCat("network namespaces are refused here: ",
                                                      absl::StripAsciiWhitespace(add->err)));
  }
  return MustRun({"ip", "netns", "del", name});
}

}  // namespace probemesh::lab
