#include "coordinator/runs/run_references.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "coordinator/runs/limits.h"

namespace probemesh::coordinator {
namespace {

constexpr absl::string_view kDiagnoses = "diagnoses/";

std::string DiagnosisName(const std::string& id) {
  return absl::StartsWith(id, kDiagnoses) ? id : absl::StrCat(kDiagnoses, id);
}

}  // namespace

void RunReferences::Resolve(const std::vector<std::string>& ids, Resolved done) {
  if (ids.size() > kMaxReferencedRuns) {
    done(absl::InvalidArgumentError(
        absl::StrCat("selector: at most ", kMaxReferencedRuns, " earlier runs")));
    return;
  }
  ResolveFrom(0, ids, {}, std::move(done));
}

std::optional<std::vector<std::string>> RunReferences::Find(const std::string& id) const {
  for (const std::string& name :
       {id, absl::StrCat(kDiagnoses, id), absl::StrCat("probeRuns/", id)}) {
    if (std::optional<std::vector<std::string>> nodes = find_(name)) return nodes;
  }
  return std::nullopt;
}

void RunReferences::ResolveFrom(size_t next, std::vector<std::string> ids,
                                std::vector<std::vector<std::string>> found, Resolved done) {
  for (; next < ids.size(); ++next) {
    std::optional<std::vector<std::string>> nodes = Find(ids[next]);
    if (!nodes) break;
    found.push_back(*std::move(nodes));
  }
  if (next == ids.size()) return done(std::move(found));
  const std::string id = ids[next];
  store_.Load(DiagnosisName(id), [this, next, id, ids = std::move(ids), found = std::move(found),
                                  done = std::move(done)](absl::StatusOr<v1::Diagnosis> loaded) {
    if (absl::IsNotFound(loaded.status())) {
      return done(absl::InvalidArgumentError(absl::StrCat("selector: there is no run ", id)));
    }
    if (!loaded.ok()) return done(loaded.status());
    std::vector<std::vector<std::string>> more = found;
    std::vector<std::string>& nodes = more.emplace_back();
    for (const v1::VantageReport& report : loaded->vantages()) nodes.push_back(report.node());
    ResolveFrom(next + 1, ids, std::move(more), done);
  });
}

}  // namespace probemesh::coordinator
