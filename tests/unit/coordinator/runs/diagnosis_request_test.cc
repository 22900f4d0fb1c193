#include "coordinator/runs/diagnosis_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "common/base/proto_time.h"
#include "coordinator/planner/schedule.h"

namespace probemesh::coordinator {
namespace {

v1::DiagnosisSpec Spec() {
  v1::DiagnosisSpec spec;
  spec.set_target("https://192.0.2.10/");
  return spec;
}

TEST(DiagnosisRequestTest, HasDefaults) {
  const absl::StatusOr<DiagnosisRequest> request = CheckDiagnosisSpec(Spec());
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->deadline, kDefaultDeadline);
  EXPECT_EQ(request->family, v1::IPV4);
  EXPECT_TRUE(request->neighbors.empty());
}

TEST(DiagnosisRequestTest, NeighboursAreHostsWithOrWithoutPort) {
  v1::DiagnosisSpec spec = Spec();
  spec.add_neighbors("192.0.2.11");
  spec.add_neighbors("192.0.2.12:22");
  spec.add_neighbors("[2001:db8::1]:80");
  spec.add_neighbors("N.Example:22");
  const absl::StatusOr<DiagnosisRequest> request = CheckDiagnosisSpec(spec);
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->neighbors[0].port, 0);
  EXPECT_EQ(request->neighbors[1].port, 22);
  EXPECT_EQ(request->neighbors[2].host, "2001:db8::1");
  EXPECT_EQ(request->neighbors[3].host, "n.example");
  EXPECT_EQ(request->neighbors[3].port, 22);
}

TEST(DiagnosisRequestTest, SaysWhatIsWrong) {
  struct Case {
    const char* why;
    std::function<void(v1::DiagnosisSpec&)> spoil;
  };
  const Case cases[] = {
      {"target", [](auto& s) { s.set_target("ftp://x"); }},
      {"selector", [](auto& s) { s.set_from("!"); }},
      {"limit: at most 50", [](auto& s) { s.set_limit(51); }},
      {"timeout: between 1s and 1m",
       [](auto& s) { *s.mutable_timeout() = ToProto(absl::Milliseconds(10)); }},
      {"timeout", [](auto& s) { *s.mutable_timeout() = ToProto(absl::Hours(1)); }},
      {"timeout", [](auto& s) { *s.mutable_timeout() = ToProto(-absl::Seconds(3)); }},
      {"neighbors", [](auto& s) { s.add_neighbors("host..example"); }},
      {"neighbors", [](auto& s) { s.add_neighbors("http://host.example"); }},
      {"neighbors", [](auto& s) { s.add_neighbors("0.0.0.0"); }},
      {"neighbors", [](auto& s) { s.add_neighbors(""); }},
      {"neighbors: at most",
       [](auto& s) {
         for (int i = 0; i < 5; ++i) s.add_neighbors("192.0.2.1");
       }},
      {"is an IPv4 address", [](auto& s) { s.set_family(v1::IPV6); }},
      {"family", [](auto& s) { s.set_family(static_cast<v1::AddressFamily>(7)); }},
  };
  for (const Case& bad : cases) {
    v1::DiagnosisSpec spec = Spec();
    bad.spoil(spec);
    const absl::Status status = CheckDiagnosisSpec(spec).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << bad.why;
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr(bad.why));
  }
}

}  // namespace
}  // namespace probemesh::coordinator
