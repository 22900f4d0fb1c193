// Builders and a scratch folder for the tests of the store.
#ifndef PROBEMESH_TESTS_UNIT_COORDINATOR_STORE_STORE_TEST_UTIL_H_
#define PROBEMESH_TESTS_UNIT_COORDINATOR_STORE_STORE_TEST_UTIL_H_

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/proto_time.h"
#include "coordinator/store/store.h"

namespace probemesh::coordinator {

// Gone with the object.
class ScratchDir {
 public:
  ScratchDir() {
    std::string pattern = ::testing::TempDir() + "probemesh-store-XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  ~ScratchDir() { std::filesystem::remove_all(path_); }
  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline IngestItem ItemOf(uint64_t sequence, const std::string& run) {
  IngestItem item;
  item.sequence = sequence;
  item.run = run;
  item.observation.set_command_id(absl::StrCat("command-", sequence));
  return item;
}

// Results `first` to `last` of one run.
inline IngestBatch BatchOf(const std::string& node, uint64_t generation, uint64_t first,
                           uint64_t last, const std::string& run = "diagnoses/1") {
  IngestBatch batch;
  batch.node = node;
  batch.spool_generation = generation;
  for (uint64_t sequence = first; sequence <= last; ++sequence) {
    batch.items.push_back(ItemOf(sequence, run));
  }
  return batch;
}

inline v1::Diagnosis DiagnosisOf(const std::string& name, absl::Time create_time,
                                 v1::Diagnosis::State state) {
  v1::Diagnosis diagnosis;
  diagnosis.set_name(name);
  diagnosis.set_target("example.com");
  *diagnosis.mutable_create_time() = ToProto(create_time);
  diagnosis.set_state(state);
  return diagnosis;
}

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_TESTS_UNIT_COORDINATOR_STORE_STORE_TEST_UTIL_H_
