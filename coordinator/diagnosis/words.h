// Small pieces of the sentences that people read.
#ifndef PROBEMESH_COORDINATOR_DIAGNOSIS_WORDS_H_
#define PROBEMESH_COORDINATOR_DIAGNOSIS_WORDS_H_

#include <string>
#include <vector>

#include "coordinator/diagnosis/evidence_view.h"

namespace probemesh::coordinator {

// "fra-1" of "nodes/fra-1".
std::string ShortName(const std::string& node);

// "a", "a, b", "a, b, c and 4 more".
std::string Listed(const std::vector<std::string>& names);

// "1 vantage", "4 vantages".
std::string Counted(size_t count, const char* noun);
// "all 3 fit vantages", "the only fit vantage".
std::string AllOf(size_t count, const char* noun);

// "3.05 s", "20 ms".
std::string Delay(int64_t milliseconds);

// "reset the connection", what the service did wrong.
std::string Misdeed(ServiceResult result);

// "does not exist (NXDOMAIN)", what became of the name.
std::string Fate(NameResult result);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_DIAGNOSIS_WORDS_H_
