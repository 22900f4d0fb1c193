// What must hold for every bundle, whatever it says.
#include <algorithm>
#include <map>

#include "common/base/random.h"
#include "google/protobuf/util/message_differencer.h"
#include "tests/unit/coordinator/diagnosis/diagnosis_matchers.h"
#include "tests/unit/coordinator/diagnosis/little_internet.h"

namespace probemesh::coordinator {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::util::MessageDifferencer;

constexpr uint64_t kSeeds = 40;

const std::vector<FaultKind>& Kinds() {
  static const std::vector<FaultKind>& kinds =
      *new std::vector<FaultKind>{FaultKind::kNone,
                                  FaultKind::kRefused,
                                  FaultKind::kHung,
                                  FaultKind::kHostGone,
                                  FaultKind::kHostSilent,
                                  FaultKind::kPortFiltered,
                                  FaultKind::kHole,
                                  FaultKind::kNoRoute,
                                  FaultKind::kProhibited,
                                  FaultKind::kUnreachableRoute,
                                  FaultKind::kAllProvidersHole,
                                  FaultKind::kSourceFiltered,
                                  FaultKind::kReturnLost};
  return kinds;
}

template <typename Test>
void ForEveryBundle(Test test) {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    for (const FaultKind kind : Kinds()) {
      SCOPED_TRACE("seed " + std::to_string(seed) + " kind " +
                   std::to_string(static_cast<int>(kind)));
      LittleInternet internet(seed);
      test(internet.Observe(kind).bundle(), seed);
    }
  }
}

template <typename Repeated>
void Shuffle(Repeated* field, Random* random) {
  for (int i = field->size() - 1; i > 0; --i) {
    field->SwapElements(i, static_cast<int>(UniformBelow(*random, static_cast<uint64_t>(i) + 1)));
  }
}

TEST(Property, OrderOfArrivalChangesNothing) {
  ForEveryBundle([](const v1::EvidenceBundle& bundle, uint64_t seed) {
    v1::EvidenceBundle shuffled = bundle;
    SeededRandom random(seed);
    Shuffle(shuffled.mutable_observations(), &random);
    Shuffle(shuffled.mutable_vantages(), &random);
    Shuffle(shuffled.mutable_baseline(), &random);
    const DiagnosisResult a = Diagnose(bundle);
    const DiagnosisResult b = Diagnose(shuffled);
    EXPECT_TRUE(MessageDifferencer::Equals(a.judgement, b.judgement))
        << a.judgement.DebugString() << b.judgement.DebugString();
    ASSERT_EQ(a.vantages.size(), b.vantages.size());
    for (size_t i = 0; i < a.vantages.size(); ++i) {
      EXPECT_TRUE(MessageDifferencer::Equals(a.vantages[i], b.vantages[i]));
    }
  });
}

TEST(Property, RepeatedObservationsChangeNothing) {
  ForEveryBundle([](const v1::EvidenceBundle& bundle, uint64_t) {
    v1::EvidenceBundle repeated = bundle;
    for (const v1::Observation& observation : bundle.observations()) {
      *repeated.add_observations() = observation;
    }
    EXPECT_TRUE(
        MessageDifferencer::Equals(Diagnose(bundle).judgement, Diagnose(repeated).judgement));
  });
}

// Replaces every text field that is exactly an address.
void Rename(Message* message, const std::map<std::string, std::string>& names) {
  const auto* reflection = message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    const int size = field->is_repeated() ? reflection->FieldSize(*message, field) : 1;
    for (int i = 0; i < size; ++i) {
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        Rename(field->is_repeated() ? reflection->MutableRepeatedMessage(message, field, i)
                                    : reflection->MutableMessage(message, field),
               names);
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        const auto known =
            names.find(field->is_repeated() ? reflection->GetRepeatedString(*message, field, i)
                                            : reflection->GetString(*message, field));
        if (known == names.end()) continue;
        if (field->is_repeated()) {
          reflection->SetRepeatedString(message, field, i, known->second);
        } else {
          reflection->SetString(message, field, known->second);
        }
      }
    }
  }
}

// Other addresses that sort the other way round.
std::map<std::string, std::string> OtherNames(const v1::EvidenceBundle& bundle) {
  std::set<std::string> addresses;
  const auto collect = [&](const v1::Observation& observation) {
    addresses.insert(observation.spec().address());
    for (const v1::Exchange& exchange : observation.exchanges()) {
      addresses.insert(exchange.icmp_error().offender());
    }
    for (const v1::TraceHop& hop : observation.trace().hops()) addresses.insert(hop.address());
  };
  for (const v1::Observation& observation : bundle.observations()) collect(observation);
  for (const v1::Observation& observation : bundle.baseline()) collect(observation);
  addresses.erase("");
  std::map<std::string, std::string> names;
  int number = 250;
  for (const std::string& address : addresses) {
    names[address] = "172.16.9." + std::to_string(number--);
  }
  return names;
}

TEST(Property, NamesOfAddressesDecideNothing) {
  ForEveryBundle([](const v1::EvidenceBundle& bundle, uint64_t) {
    const std::map<std::string, std::string> names = OtherNames(bundle);
    v1::EvidenceBundle renamed = bundle;
    Rename(&renamed, names);
    const J a = Diagnose(bundle).judgement;
    const J b = Diagnose(renamed).judgement;
    EXPECT_EQ(a.verdict(), b.verdict());
    EXPECT_EQ(a.cause(), b.cause());
    EXPECT_EQ(a.confidence(), b.confidence());
    EXPECT_EQ(ScopeOf(a), ScopeOf(b));
    for (const auto& [domain, mass] : a.fault_domain_mass()) EXPECT_EQ(mass, Mass(b, domain));
    std::set<std::string> expected;
    for (const std::string& address : a.locus().addresses()) expected.insert(names.at(address));
    EXPECT_EQ(expected,
              std::set<std::string>(b.locus().addresses().begin(), b.locus().addresses().end()));
  });
}

TEST(Property, AHealthyVantageNeverSpeaksAgainstTheTarget) {
  ForEveryBundle([](const v1::EvidenceBundle& bundle, uint64_t) {
    BundleBuilder more;
    *more.mutable_bundle() = bundle;
    more.Vantage("zz").Healthy();
    const double before = Mass(Diagnose(bundle).judgement, "TARGET");
    EXPECT_LE(Mass(Diagnose(more.bundle()).judgement, "TARGET"), before);
  });
}

TEST(Property, LosingOneVantageMakesItCoarserNotDifferent) {
  int changed = 0;
  int compared = 0;
  ForEveryBundle([&](const v1::EvidenceBundle& bundle, uint64_t seed) {
    v1::EvidenceBundle fewer = bundle;
    fewer.mutable_vantages(static_cast<int>(seed) % bundle.vantages_size())->set_lost(true);
    const J a = Diagnose(bundle).judgement;
    const J b = Diagnose(fewer).judgement;
    ++compared;
    const bool coarser = b.verdict() == J::INCONCLUSIVE || a.verdict() == J::INCONCLUSIVE ||
                         b.verdict() == J::HEALTHY;  // the only one that felt it is gone
    if (!coarser && a.fault_domain() != b.fault_domain()) ++changed;
  });
  EXPECT_LE(50 * changed, compared);  // 2 %: partial failures that become total ones
}

TEST(Property, MassesAddUpAndConfidenceIsBounded) {
  ForEveryBundle([](const v1::EvidenceBundle& bundle, uint64_t) {
    const J judgement = Diagnose(bundle).judgement;
    double sum = 0;
    for (const auto& [domain, mass] : judgement.fault_domain_mass()) sum += mass;
    EXPECT_NEAR(sum, 1.0, 0.0005);
    EXPECT_GE(judgement.confidence(), 0.0);
    EXPECT_LE(judgement.confidence(), 0.99);
    EXPECT_FALSE(judgement.summary().empty());
    EXPECT_FALSE(judgement.evidence().empty());
  });
}

// Any value in any field: numbers at their limits, texts that are no addresses, enums that do not
// exist.
void Scramble(Message* message, Random* random, int depth) {
  static const std::vector<std::string>& kTexts =
      *new std::vector<std::string>{"",         "203.0.113.10",        "10.0.0.1", "::1",
                                    "nonsense", std::string(300, 'x'), "\xff\xfe", "nodes/a"};
  const auto* reflection = message->GetReflection();
  const auto* descriptor = message->GetDescriptor();
  for (int f = 0; f < descriptor->field_count(); ++f) {
    const FieldDescriptor* field = descriptor->field(f);
    if (field->is_map() || UniformBelow(*random, 3) != 0) continue;
    const uint64_t raw = UniformBelow(*random, 4) == 0 ? random->Next() : UniformBelow(*random, 20);
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (depth <= 0) break;
        Scramble(field->is_repeated() ? reflection->AddMessage(message, field)
                                      : reflection->MutableMessage(message, field),
                 random, depth - 1);
        break;
      case FieldDescriptor::CPPTYPE_STRING: {
        const std::string& text = kTexts[raw % kTexts.size()];
        if (field->is_repeated()) {
          reflection->AddString(message, field, text);
        } else {
          reflection->SetString(message, field, text);
        }
        break;
      }
      case FieldDescriptor::CPPTYPE_INT64:
        reflection->SetInt64(message, field, static_cast<int64_t>(raw));
        break;
      case FieldDescriptor::CPPTYPE_INT32:
        reflection->SetInt32(message, field, static_cast<int32_t>(raw));
        break;
      case FieldDescriptor::CPPTYPE_UINT32:
        reflection->SetUInt32(message, field, static_cast<uint32_t>(raw));
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        reflection->SetBool(message, field, raw % 2 == 0);
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        if (!field->is_repeated()) {
          reflection->SetEnumValue(message, field, static_cast<int>(raw % 15));
        }
        break;
      default:
        break;
    }
  }
}

// True when something in the bundle could be read as a word of the target or of a router near it.
bool SomebodySpoke(const v1::Observation& observation) {
  switch (observation.outcome()) {
    case v1::SILENT:
    case v1::NOT_RUN:
    case v1::CANCELLED:
    case v1::OUTCOME_UNSPECIFIED:
      return false;
    default:
      return true;
  }
}

TEST(Property, GarbageNeitherCrashesNorAccusesTheTarget) {
  for (uint64_t seed = 1; seed <= 3000; ++seed) {
    SeededRandom random(seed);
    v1::EvidenceBundle bundle;
    Scramble(&bundle, &random, 5);
    for (const char* node : {"nodes/a", "nodes/b", "nodes/c"})
      bundle.add_vantages()->set_node(node);
    bool spoke = false;
    for (int i = 0; i < 12; ++i) {
      v1::Observation* observation = bundle.add_observations();
      Scramble(observation, &random, 5);
      observation->set_node(bundle.vantages(bundle.vantages_size() - 1 - i % 3).node());
      if (seed % 2 == 0) {
        observation->set_outcome(i % 2 == 0 ? v1::SILENT : v1::NOT_RUN);
        observation->clear_exchanges();
        observation->clear_trace();
        observation->set_failed_stage(v1::CONNECT);
        observation->clear_local_error();
      }
      spoke |= SomebodySpoke(*observation);
    }
    const DiagnosisResult result = Diagnose(bundle);
    EXPECT_TRUE(J::Verdict_IsValid(result.judgement.verdict()));
    if (!spoke && seed % 2 == 0) {
      EXPECT_NE(result.judgement.fault_domain(), J::TARGET) << result.judgement.DebugString();
      EXPECT_NE(result.judgement.verdict(), J::HEALTHY);
    }
  }
}

TEST(Property, NothingAtAllIsInconclusive) {
  const DiagnosisResult result = Diagnose(v1::EvidenceBundle());
  EXPECT_THAT(result.judgement, Says(J::INCONCLUSIVE, J::UNKNOWN));
  EXPECT_TRUE(result.vantages.empty());
}

TEST(Property, AHundredVantagesAreJudgedToo) {
  BundleBuilder builder;
  for (int i = 0; i < 100; ++i) {
    const std::string name = "v" + std::to_string(i);
    const std::string access = "10.0." + std::to_string(i) + ".1";
    if (i % 3 == 0) {
      builder.Vantage(name).AllSilent().Walk({access, "10.9.0.1", "10.9.1.1", "*", "*", "*", "*"});
    } else {
      builder.Vantage(name).Healthy();
    }
  }
  builder.Vantage("v1").Walk({"10.0.1.1", "10.8.0.1", "10.8.1.1", "10.8.2.1", "10.8.3.1", "T"});
  const J judgement = JudgementOf(builder);
  EXPECT_THAT(judgement, Says(J::PATH_FAILURE, J::NETWORK));
  EXPECT_EQ(judgement.scope().vantages_size(), 34);
}

TEST(Digest, IgnoresOrderAndRepetitionButNothingElse) {
  LittleInternet internet(7);
  const v1::EvidenceBundle bundle = internet.Observe(FaultKind::kHole).bundle();
  const std::string digest = EvidenceDigest(bundle);
  EXPECT_EQ(digest.rfind("sha256:", 0), 0u);
  EXPECT_EQ(digest.size(), 7u + 64u);
  v1::EvidenceBundle other = bundle;
  SeededRandom random(1);
  Shuffle(other.mutable_observations(), &random);
  *other.add_observations() = bundle.observations(0);
  EXPECT_EQ(EvidenceDigest(other), digest);
  other.mutable_observations(3)->mutable_duration()->set_nanos(1);
  EXPECT_NE(EvidenceDigest(other), digest);
}

// If this fails, digests that people have written down no longer match: raise the format instead.
TEST(Digest, IsTheSameForever) {
  BundleBuilder builder;
  builder.Vantage("a").Label("asn", "65001").Label("city", "Bonn").Healthy().Walk(WholeWay("a"));
  EXPECT_EQ(EvidenceDigest(builder.bundle()),
            "sha256:cae5a9ccf25615dc5640dd2057ded7c5ef07ef9f79673afb31a38db3198fd994");
}

TEST(Replay, ACopyThroughTheWireIsJudgedTheSame) {
  ForEveryBundle([](const v1::EvidenceBundle& bundle, uint64_t) {
    v1::EvidenceBundle copy;
    ASSERT_TRUE(copy.ParseFromString(bundle.SerializeAsString()));
    EXPECT_TRUE(MessageDifferencer::Equals(Diagnose(bundle).judgement, Diagnose(copy).judgement));
  });
}

}  // namespace
}  // namespace probemesh::coordinator
