#include "coordinator/diagnosis/icmp_meaning.h"

#include "absl/strings/str_cat.h"
#include "common/net/ip_address.h"

namespace probemesh::coordinator {
namespace {

constexpr size_t kMaxTextLength = 64;

IcmpMeaning MeaningV4(uint32_t type, uint32_t code) {
  if (type == 11 && code == 0) return IcmpMeaning::kTimeExceeded;
  if (type != 3) return IcmpMeaning::kOther;
  switch (code) {
    case 0:
    case 6:
    case 11:
      return IcmpMeaning::kNoRoute;
    case 1:
    case 7:
    case 12:
      return IcmpMeaning::kHostUnreachable;
    case 2:
    case 3:
      return IcmpMeaning::kPortUnreachable;
    case 9:
    case 10:
    case 13:
      return IcmpMeaning::kProhibited;
    default:
      return IcmpMeaning::kOther;
  }
}

IcmpMeaning MeaningV6(uint32_t type, uint32_t code) {
  if (type == 3 && code == 0) return IcmpMeaning::kTimeExceeded;
  if (type != 1) return IcmpMeaning::kOther;
  switch (code) {
    case 0:
      return IcmpMeaning::kNoRoute;
    case 3:
      return IcmpMeaning::kHostUnreachable;
    case 4:
      return IcmpMeaning::kPortUnreachable;
    case 1:
    case 2:
    case 5:
    case 6:
      return IcmpMeaning::kProhibited;
    default:
      return IcmpMeaning::kOther;
  }
}

absl::string_view Words(IcmpMeaning meaning) {
  switch (meaning) {
    case IcmpMeaning::kNoRoute:
      return "no route";
    case IcmpMeaning::kHostUnreachable:
      return "host unreachable";
    case IcmpMeaning::kProhibited:
      return "administratively prohibited";
    case IcmpMeaning::kPortUnreachable:
      return "port unreachable";
    case IcmpMeaning::kTimeExceeded:
      return "time exceeded";
    case IcmpMeaning::kOther:
      break;
  }
  return "an error";
}

}  // namespace

IcmpMeaning MeaningOf(const v1::IcmpError& error) {
  const bool v6 = error.family() == v1::IPV6;
  return v6 ? MeaningV6(error.type(), error.code()) : MeaningV4(error.type(), error.code());
}

std::string DescribeIcmp(uint32_t type, uint32_t code, bool v6) {
  const IcmpMeaning meaning = v6 ? MeaningV6(type, code) : MeaningV4(type, code);
  return absl::StrCat(Words(meaning), v6 ? " (ICMPv6 " : " (ICMP ", type, "/", code, ")");
}

std::string CanonicalAddress(absl::string_view text) {
  const auto address = IpAddress::Parse(text);
  return address.ok() ? address->ToString() : std::string(text.substr(0, kMaxTextLength));
}

}  // namespace probemesh::coordinator
