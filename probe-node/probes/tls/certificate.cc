#include "probe-node/probes/tls/certificate.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <array>
#include <ctime>

#include "absl/strings/escaping.h"
#include "common/base/proto_time.h"
#include "common/net/ip_address.h"
#include "probe-node/probes/stream/evidence.h"

namespace probemesh::node {
namespace {

constexpr size_t kMaxNameText = 512;
constexpr size_t kMaxDnsName = 253;
constexpr size_t kMaxSerial = 128;
constexpr int kMaxNames = 100;

std::string NameText(const X509_NAME* name) {
  const OpensslPtr<BIO> bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253);
  const char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);  // NOLINT(google-runtime-int)
  if (size <= 0) return "";
  return PrintableText(absl::string_view(data, static_cast<size_t>(size)), kMaxNameText);
}

absl::string_view StringView(const ASN1_STRING* text) {
  return absl::string_view(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                           static_cast<size_t>(ASN1_STRING_length(text)));
}

std::string AddressText(const ASN1_OCTET_STRING* octets) {
  const absl::string_view data = StringView(octets);
  std::array<uint8_t, 16> bytes{};
  if (data.size() > bytes.size()) return "";
  for (size_t i = 0; i < data.size(); ++i) bytes[i] = static_cast<uint8_t>(data[i]);
  if (data.size() == 16) return IpAddress::V6(bytes).ToString();
  if (data.size() != 4) return "";
  return IpAddress::V4({bytes[0], bytes[1], bytes[2], bytes[3]}).ToString();
}

void AddNames(const X509* certificate, v1::Certificate& out) {
  const OpensslPtr<GENERAL_NAMES> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (!names) return;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()) && i < kMaxNames; ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS)
      out.add_dns_names(PrintableText(StringView(name->d.dNSName), kMaxDnsName));
    if (name->type == GEN_IPADD) out.add_dns_names(AddressText(name->d.iPAddress));
  }
}

std::string FingerprintText(const X509* certificate) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (X509_digest(certificate, EVP_sha256(), digest, &size) != 1) return "";
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<char*>(digest), size));
}

std::string SerialText(const X509* certificate) {
  const OpensslPtr<BIGNUM> number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr));
  char* text = number ? BN_bn2hex(number.get()) : nullptr;
  if (text == nullptr) return "";
  const std::string out = PrintableText(text, kMaxSerial);
  OPENSSL_free(text);
  return out;
}

absl::Time ToTime(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return absl::UnixEpoch();
  return absl::FromTM(parts, absl::UTCTimeZone());
}

}  // namespace

v1::Certificate DescribeCertificate(X509* certificate) {
  v1::Certificate out;
  out.set_subject(NameText(X509_get_subject_name(certificate)));
  out.set_issuer(NameText(X509_get_issuer_name(certificate)));
  AddNames(certificate, out);
  *out.mutable_not_before() = ToProto(ToTime(X509_get0_notBefore(certificate)));
  *out.mutable_not_after() = ToProto(ToTime(X509_get0_notAfter(certificate)));
  out.set_sha256(FingerprintText(certificate));
  out.set_serial(SerialText(certificate));
  ERR_clear_error();
  return out;
}

bool CertificateMatches(X509* certificate, absl::string_view name) {
  const std::string text(name);
  const bool is_address = IpAddress::Parse(text).ok();
  const int matches = is_address ? X509_check_ip_asc(certificate, text.c_str(), 0)
                                 : X509_check_host(certificate, text.data(), text.size(),
                                                   X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, nullptr);
  ERR_clear_error();
  return matches == 1;
}

bool IsExpired(const X509* certificate, absl::Time now) {
  time_t at = absl::ToTimeT(now);
  return X509_cmp_time(X509_get0_notAfter(certificate), &at) < 0;
}

bool IsNotYetValid(const X509* certificate, absl::Time now) {
  time_t at = absl::ToTimeT(now);
  return X509_cmp_time(X509_get0_notBefore(certificate), &at) > 0;
}

}  // namespace probemesh::node
