#include "coordinator/diagnosis/canonical_encoding.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"

namespace probemesh::coordinator {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

std::string Framed(const std::string& bytes) { return absl::StrCat(bytes.size(), ":", bytes); }

// A repeated field's element `index`, or the singular field when `index` is -1.
std::string Value(const Message& message, const FieldDescriptor* field, int index) {
  const Reflection& reflection = *message.GetReflection();
  const bool one = index < 0;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(one ? reflection.GetInt32(message, field)
                              : reflection.GetRepeatedInt32(message, field, index));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(one ? reflection.GetInt64(message, field)
                              : reflection.GetRepeatedInt64(message, field, index));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(one ? reflection.GetUInt32(message, field)
                              : reflection.GetRepeatedUInt32(message, field, index));
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(one ? reflection.GetUInt64(message, field)
                              : reflection.GetRepeatedUInt64(message, field, index));
    case FieldDescriptor::CPPTYPE_BOOL:
      return absl::StrCat(
          static_cast<int>(one ? reflection.GetBool(message, field)
                               : reflection.GetRepeatedBool(message, field, index)));
    case FieldDescriptor::CPPTYPE_ENUM:
      return absl::StrCat(one ? reflection.GetEnumValue(message, field)
                              : reflection.GetRepeatedEnumValue(message, field, index));
    case FieldDescriptor::CPPTYPE_STRING:
      return one ? reflection.GetString(message, field)
                 : reflection.GetRepeatedString(message, field, index);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return CanonicalBytes(one ? reflection.GetMessage(message, field)
                                : reflection.GetRepeatedMessage(message, field, index));
    default:
      return "";  // evidence has no floating-point fields
  }
}

std::vector<std::string> Values(const Message& message, const FieldDescriptor* field) {
  if (!field->is_repeated()) return {Value(message, field, -1)};
  std::vector<std::string> values;
  const int size = message.GetReflection()->FieldSize(message, field);
  for (int i = 0; i < size; ++i) values.push_back(Value(message, field, i));
  return values;
}

}  // namespace

std::string CanonicalBytes(const Message& message, const std::set<int>& unordered) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);  // those that are set, by number
  std::string bytes;
  for (const FieldDescriptor* field : fields) {
    std::vector<std::string> values = Values(message, field);
    const bool sorted = unordered.count(field->number()) > 0;
    if (sorted || field->is_map()) std::sort(values.begin(), values.end());
    if (sorted) values.erase(std::unique(values.begin(), values.end()), values.end());
    for (const std::string& value : values)
      absl::StrAppend(&bytes, field->number(), "=", Framed(value));
  }
  return bytes;
}

}  // namespace probemesh::coordinator
