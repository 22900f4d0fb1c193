#include "coordinator/pki/certificate_builder.h"

#include <openssl/bn.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace probemesh::coordinator {
namespace {

using BignumPtr = std::unique_ptr<BIGNUM, OpenSslDeleter<BN_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, OpenSslDeleter<X509_EXTENSION_free>>;

constexpr long kVersion3 = 2;

}  // namespace

CertificateBuilder::CertificateBuilder() : certificate_(X509_new()) {
  Step(certificate_ != nullptr && X509_set_version(certificate_.get(), kVersion3) == 1);
}

CertificateBuilder& CertificateBuilder::Step(bool succeeded) {
  failed_ = failed_ || !succeeded;
  return *this;
}

CertificateBuilder& CertificateBuilder::RandomSerial(Random& random) {
  std::array<uint64_t, 2> bits = {random.Next(), random.Next()};
  std::array<unsigned char, sizeof(bits)> octets;
  std::memcpy(octets.data(), bits.data(), sizeof(bits));
  const BignumPtr number(BN_bin2bn(octets.data(), static_cast<int>(octets.size()), nullptr));
  return Step(number != nullptr &&
              BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate_.get())) !=
                  nullptr);
}

CertificateBuilder& CertificateBuilder::Validity(absl::Time not_before, absl::Time not_after) {
  X509* certificate = certificate_.get();
  return Step(ASN1_TIME_set(X509_getm_notBefore(certificate), absl::ToTimeT(not_before)) !=
                  nullptr &&
              ASN1_TIME_set(X509_getm_notAfter(certificate), absl::ToTimeT(not_after)) != nullptr);
}

CertificateBuilder& CertificateBuilder::CommonName(const std::string& name) {
  return Step(X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate_.get()), NID_commonName,
                                         MBSTRING_UTF8,
                                         reinterpret_cast<const unsigned char*>(name.data()),
                                         static_cast<int>(name.size()), -1, 0) == 1);
}

CertificateBuilder& CertificateBuilder::PublicKey(EVP_PKEY* key) {
  return Step(X509_set_pubkey(certificate_.get(), key) == 1);
}

CertificateBuilder& CertificateBuilder::Issuer(X509* issuer) {
  issuer_ = issuer != nullptr ? issuer : certificate_.get();
  return Step(X509_set_issuer_name(certificate_.get(), X509_get_subject_name(issuer_)) == 1);
}

CertificateBuilder& CertificateBuilder::Extension(int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer_, certificate_.get(), nullptr, nullptr, 0);
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return Step(extension != nullptr && X509_add_ext(certificate_.get(), extension.get(), -1) == 1);
}

absl::StatusOr<CertificatePtr> CertificateBuilder::Sign(EVP_PKEY* issuer_key) {
  Step(!failed_ && X509_sign(certificate_.get(), issuer_key, EVP_sha256()) > 0);
  if (!failed_) return std::move(certificate_);
  return absl::InternalError(absl::StrCat("cannot make a certificate: ", TakeOpenSslError()));
}

}  // namespace probemesh::coordinator
