// The verdict for people: what, where, who sees it, why, what else it could be, what to do.
#ifndef PROBEMESH_COORDINATOR_CLI_RENDER_VERDICT_BLOCK_H_
#define PROBEMESH_COORDINATOR_CLI_RENDER_VERDICT_BLOCK_H_

#include <string>
#include <vector>

#include "coordinator/cli/render/style.h"
#include "probemesh/v1/diagnosis.pb.h"

namespace probemesh::cli {

struct VerdictBlockOptions {
  int most_evidence = 8;  // items shown; the strongest come first
  bool weights = false;   // show the weight of each item, in nats
};

// Ends in FinalSentence.
std::vector<std::string> RenderVerdictBlock(const v1::Diagnosis& diagnosis, const Style& style,
                                            const VerdictBlockOptions& options = {});

// Everything about a diagnosis: heading, vantage table, verdict block.
std::vector<std::string> RenderDiagnosis(const v1::Diagnosis& diagnosis, const Style& style,
                                         const VerdictBlockOptions& options = {});

// The evidence, strongest first: what speaks for the verdict, then what speaks against it.
std::vector<const v1::EvidenceItem*> SortedEvidence(const v1::Judgement& judgement);

}  // namespace probemesh::cli

#endif  // PROBEMESH_COORDINATOR_CLI_RENDER_VERDICT_BLOCK_H_
