// The verdict in words, shared by every form of output.
#ifndef PROBEMESH_COORDINATOR_CLI_RENDER_VERDICT_WORDS_H_
#define PROBEMESH_COORDINATOR_CLI_RENDER_VERDICT_WORDS_H_

#include <string>

#include "google/protobuf/repeated_field.h"
#include "probemesh/v1/diagnosis.pb.h"

namespace probemesh::cli {

// "the segment between 10.0.0.1 (AS65001) and 10.0.0.2"; "no particular place" when there is none.
std::string PlaceWords(const v1::Locus& locus);

// "towards the target", "on the way back", "in either direction"; empty when unknown.
// Empty where a direction means nothing.
std::string DirectionWords(const v1::Locus& locus);

// "seen by 2 vantages (va, vb) in AS65001; IPv4; port 443; 50% of the flows"
std::string ScopeWords(const v1::Scope& scope);

// "HIGH (0.93)"
std::string ConfidenceWords(const v1::Judgement& judgement);

// "NETWORK 0.95, TARGET 0.03", largest first, without what rounds to nothing.
std::string MassWords(const v1::Judgement& judgement);

// "FILTERED (edge_filter), 0.04"
std::string AlternativeWords(const v1::Alternative& alternative);

// "va, vb"; short names, printable.
std::string NamesWords(const google::protobuf::RepeatedPtrField<std::string>& names);

// The last line of every human output: one sentence that names fault domain, place and confidence.
std::string FinalSentence(const v1::Diagnosis& diagnosis);

}  // namespace probemesh::cli

#endif  // PROBEMESH_COORDINATOR_CLI_RENDER_VERDICT_WORDS_H_
