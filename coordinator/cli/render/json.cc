#include "coordinator/cli/render/json.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/wrappers.pb.h"

namespace probemesh::cli {
namespace {

// Writes {"a":...,"b":...} member by member, because protobuf shows defaults either everywhere or
// nowhere.
class ObjectWriter {
 public:
  void Member(absl::string_view name, const std::string& json) {
    absl::StrAppend(&text_, text_.empty() ? "{" : ",", JsonText(name), ":", json);
  }
  void Text(absl::string_view name, const std::string& value) { Member(name, JsonText(value)); }
  // Enum names need no escapes.
  void Name(absl::string_view name, absl::string_view value) {
    Member(name, absl::StrCat("\"", value, "\""));
  }
  std::string Take() { return text_.empty() ? "{}" : std::move(text_) + "}"; }

 private:
  std::string text_;
};

std::string VantageJson(const v1::VantageReport& report) {
  std::vector<std::string> observations;
  for (const v1::Observation& observation : report.observations()) {
    observations.push_back(MessageJson(observation, false));
  }
  ObjectWriter object;
  object.Text("node", report.node());
  object.Text("group", report.group());
  object.Name("state", v1::VantageReport::State_Name(report.state()));
  object.Text("reason", report.reason());
  object.Member("observations", JsonArray(observations));
  return object.Take();
}

std::string VantagesJson(const google::protobuf::RepeatedPtrField<v1::VantageReport>& vantages) {
  std::vector<std::string> documents;
  for (const v1::VantageReport& report : vantages) documents.push_back(VantageJson(report));
  return JsonArray(documents);
}

// Protobuf shows maps in an order that changes from run to run.
std::string SortedMassJson(const v1::Judgement& judgement) {
  const std::map<std::string, double> sorted(judgement.fault_domain_mass().begin(),
                                             judgement.fault_domain_mass().end());
  ObjectWriter object;
  for (const auto& [domain, mass] : sorted) {
    google::protobuf::DoubleValue wrapped;
    wrapped.set_value(mass);
    object.Member(domain, MessageJson(wrapped, false));
  }
  return object.Take();
}

std::string JudgementJson(v1::Judgement judgement) {
  constexpr absl::string_view kMass = "\"faultDomainMass\":";
  const std::string mass = SortedMassJson(judgement);
  judgement.clear_fault_domain_mass();
  judgement.mutable_locus();
  judgement.mutable_scope();
  if (judgement.locus().kind() == v1::Locus::KIND_UNSPECIFIED) {
    judgement.mutable_locus()->set_kind(v1::Locus::NONE);
  }
  // Quotes inside of texts are escaped, so the member itself is the only match.
  return absl::StrReplaceAll(MessageJson(judgement, true),
                             {{absl::StrCat(kMass, "{}"), absl::StrCat(kMass, mass)}});
}

template <typename Event>
ObjectWriter EventHead(const Event& event) {
  ObjectWriter object;
  object.Member("sequence", absl::StrCat("\"", event.sequence(), "\""));
  return object;
}

}  // namespace

std::string MessageJson(const google::protobuf::Message& message, bool defaults) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = defaults;
  std::string json;
  // Fails only for text that is not UTF-8, which no parsed message contains.
  if (!google::protobuf::util::MessageToJsonString(message, &json, options).ok()) return "null";
  return json;
}

std::string JsonText(absl::string_view text) {
  google::protobuf::StringValue wrapped;
  wrapped.set_value(std::string(text));
  return MessageJson(wrapped, false);
}

std::string JsonArray(const std::vector<std::string>& documents) {
  return absl::StrCat("[", absl::StrJoin(documents, ","), "]");
}

std::string DiagnosisJson(const v1::Diagnosis& diagnosis) {
  ObjectWriter object;
  object.Text("name", diagnosis.name());
  object.Text("target", diagnosis.target());
  object.Member("createTime", MessageJson(diagnosis.create_time(), false));
  object.Member("elapsed", MessageJson(diagnosis.elapsed(), false));
  object.Name("state", v1::Diagnosis::State_Name(diagnosis.state()));
  object.Member("diagnosis", JudgementJson(diagnosis.diagnosis()));
  object.Member("vantages", VantagesJson(diagnosis.vantages()));
  if (diagnosis.has_spec()) object.Member("spec", MessageJson(diagnosis.spec(), false));
  if (diagnosis.provisional_size() > 0) {
    std::vector<std::string> provisional;
    for (const v1::ProvisionalJudgement& judgement : diagnosis.provisional()) {
      provisional.push_back(MessageJson(judgement, true));
    }
    object.Member("provisional", JsonArray(provisional));
  }
  return object.Take();
}

std::string ProbeRunJson(const v1::ProbeRun& run) {
  ObjectWriter object;
  object.Text("name", run.name());
  object.Member("createTime", MessageJson(run.create_time(), false));
  object.Name("state", v1::ProbeRun::State_Name(run.state()));
  object.Text("from", run.from());
  object.Text("host", run.host());
  object.Member("spec", MessageJson(run.spec(), false));
  object.Member("vantages", VantagesJson(run.vantages()));
  return object.Take();
}

std::string EventJson(const v1::DiagnosisEvent& event) {
  ObjectWriter object = EventHead(event);
  object.Member("offset", MessageJson(event.offset(), false));
  switch (event.event_case()) {
    case v1::DiagnosisEvent::kAccepted:
      object.Member("accepted", DiagnosisJson(event.accepted()));
      break;
    case v1::DiagnosisEvent::kObservation:
      object.Member("observation", MessageJson(event.observation(), false));
      break;
    case v1::DiagnosisEvent::kVantageChanged:
      object.Member("vantageChanged", VantageJson(event.vantage_changed()));
      break;
    case v1::DiagnosisEvent::kProvisional:
      object.Member("provisional", JudgementJson(event.provisional()));
      break;
    case v1::DiagnosisEvent::kDone:
      object.Member("done", DiagnosisJson(event.done()));
      break;
    case v1::DiagnosisEvent::EVENT_NOT_SET:
      break;
  }
  return object.Take();
}

std::string EventJson(const v1::ProbeRunEvent& event) {
  ObjectWriter object = EventHead(event);
  switch (event.event_case()) {
    case v1::ProbeRunEvent::kAccepted:
      object.Member("accepted", ProbeRunJson(event.accepted()));
      break;
    case v1::ProbeRunEvent::kObservation:
      object.Member("observation", MessageJson(event.observation(), false));
      break;
    case v1::ProbeRunEvent::kVantageChanged:
      object.Member("vantageChanged", VantageJson(event.vantage_changed()));
      break;
    case v1::ProbeRunEvent::kDone:
      object.Member("done", ProbeRunJson(event.done()));
      break;
    case v1::ProbeRunEvent::EVENT_NOT_SET:
      break;
  }
  return object.Take();
}

std::string PrettyJson(absl::string_view json) {
  std::string pretty;
  size_t depth = 0;
  bool in_string = false;
  const auto new_line = [&] { pretty.append("\n").append(2 * depth, ' '); };
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      pretty += c;
      if (c == '\\' && i + 1 < json.size()) pretty += json[++i];
      if (c == '"') in_string = false;
      continue;
    }
    const bool opens = c == '{' || c == '[';
    const bool closes = c == '}' || c == ']';
    if (opens && i + 1 < json.size() && (json[i + 1] == '}' || json[i + 1] == ']')) {
      pretty.append({c, json[++i]});
      continue;
    }
    if (closes && depth > 0) {
      --depth;
      new_line();
    }
    pretty += c;
    in_string = c == '"';
    if (opens) {
      ++depth;
      new_line();
    } else if (c == ',') {
      new_line();
    } else if (c == ':') {
      pretty += ' ';
    }
  }
  return pretty;
}

}  // namespace probemesh::cli
