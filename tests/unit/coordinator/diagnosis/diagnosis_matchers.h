// Shared by the tests of the engine: the lab's internet in miniature, and short questions to a
// verdict.
#ifndef PROBEMESH_TESTS_UNIT_COORDINATOR_DIAGNOSIS_DIAGNOSIS_MATCHERS_H_
#define PROBEMESH_TESTS_UNIT_COORDINATOR_DIAGNOSIS_DIAGNOSIS_MATCHERS_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "coordinator/diagnosis/diagnose.h"
#include "tests/support/bundle_builder.h"

namespace probemesh::coordinator {

using J = v1::Judgement;
using testing::BundleBuilder;
using testing::Icmp;

// Two access networks behind each carrier, two transits, two providers, one edge with an address
// for each provider. a and c come in through p1, b and d through p2.
inline constexpr char kM1[] = "10.11.1.1";
inline constexpr char kM2[] = "10.12.1.1";
inline constexpr char kP1[] = "10.11.3.2";
inline constexpr char kP2[] = "10.12.3.2";
inline constexpr char kE1[] = "10.31.1.2";
inline constexpr char kE2[] = "10.32.1.2";

inline const std::vector<std::string>& Names() {
  static const std::vector<std::string>& names = *new std::vector<std::string>{"a", "b", "c", "d"};
  return names;
}

// The first `hops` routers on the way from that vantage; then silence up to hop 8.
inline std::vector<std::string> WayOf(const std::string& name, size_t hops) {
  const bool first = name == "a" || name == "c";
  const std::vector<std::string> way = {"10." +
                                            std::string(1, name[0] == 'a'   ? '1'
                                                           : name[0] == 'b' ? '2'
                                                           : name[0] == 'c' ? '3'
                                                                            : '4') +
                                            ".0.1",
                                        first ? "10.21.1.1" : "10.22.1.1", first ? kM1 : kM2,
                                        first ? kP1 : kP2, first ? kE1 : kE2};
  std::vector<std::string> walk(way.begin(), way.begin() + static_cast<ptrdiff_t>(hops));
  walk.resize(8, "*");
  return walk;
}

// The whole way, with the target behind it.
inline std::vector<std::string> WholeWay(const std::string& name) {
  std::vector<std::string> walk = WayOf(name, 5);
  walk.resize(5);
  walk.push_back("T");
  return walk;
}

inline J JudgementOf(const BundleBuilder& builder) { return Diagnose(builder.bundle()).judgement; }

inline v1::VantageReport ReportOf(const BundleBuilder& builder, const std::string& name) {
  for (const v1::VantageReport& report : Diagnose(builder.bundle()).vantages) {
    if (report.node() == "nodes/" + name) return report;
  }
  return v1::VantageReport();
}

inline double Mass(const J& judgement, const std::string& domain) {
  const auto mass = judgement.fault_domain_mass().find(domain);
  return mass == judgement.fault_domain_mass().end() ? 0 : mass->second;
}

inline std::vector<std::string> ScopeOf(const J& judgement) {
  return {judgement.scope().vantages().begin(), judgement.scope().vantages().end()};
}

MATCHER_P2(Says, verdict, domain, "") {
  *result_listener << arg.DebugString();
  return arg.verdict() == verdict && arg.fault_domain() == domain;
}

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_TESTS_UNIT_COORDINATOR_DIAGNOSIS_DIAGNOSIS_MATCHERS_H_
