#include "common/pki/key_and_certificate.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <ctime>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/pki/openssl_handles.h"

namespace probemesh {
namespace {

using NamesPtr = std::unique_ptr<GENERAL_NAMES, OpenSslDeleter<GENERAL_NAMES_free>>;
using BignumPtr = std::unique_ptr<BIGNUM, OpenSslDeleter<BN_free>>;
using PublicKeyPtr = std::unique_ptr<X509_PUBKEY, OpenSslDeleter<X509_PUBKEY_free>>;

absl::Status OpenSslFailed(absl::string_view what) {
  return absl::InternalError(absl::StrCat(what, ": ", TakeOpenSslError()));
}

std::string TextOf(const ASN1_STRING* text) {
  return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                     static_cast<size_t>(ASN1_STRING_length(text)));
}

absl::StatusOr<absl::Time> ToTime(const ASN1_TIME* time) {
  std::tm civil{};
  if (ASN1_TIME_to_tm(time, &civil) != 1) {
    ERR_clear_error();
    return absl::InvalidArgumentError("the certificate has no readable validity");
  }
  return absl::FromTM(civil, absl::UTCTimeZone());
}

std::string CommonNameOf(X509* certificate) {
  X509_NAME* subject = X509_get_subject_name(certificate);
  const int index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (index < 0) return "";
  return TextOf(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index)));
}

std::vector<std::string> UrisOf(X509* certificate) {
  std::vector<std::string> uris;
  const NamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_URI) uris.push_back(TextOf(name->d.uniformResourceIdentifier));
  }
  return uris;
}

std::string SerialOf(X509* certificate) {
  const BignumPtr number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr));
  char* hex = number != nullptr ? BN_bn2hex(number.get()) : nullptr;
  if (hex == nullptr) return "";
  std::string serial = absl::AsciiStrToLower(hex);
  OPENSSL_free(hex);
  return serial;
}

}  // namespace

absl::StatusOr<std::string> GeneratePrivateKeyPem() {
  const KeyPtr key(EVP_EC_gen("P-256"));
  if (key == nullptr) return OpenSslFailed("cannot generate a key");
  return PrivateKeyToPem(key.get());
}

absl::StatusOr<std::string> MakeCsrDer(absl::string_view private_key_pem) {
  PM_ASSIGN_OR_RETURN(const KeyPtr key, ParsePrivateKeyPem(private_key_pem));
  const CertificateRequestPtr request(X509_REQ_new());
  if (request == nullptr || X509_REQ_set_pubkey(request.get(), key.get()) != 1 ||
      X509_REQ_sign(request.get(), key.get(), EVP_sha256()) <= 0) {
    return OpenSslFailed("cannot make a certificate request");
  }
  unsigned char* der = nullptr;
  const int size = i2d_X509_REQ(request.get(), &der);
  if (size <= 0) return OpenSslFailed("cannot encode a certificate request");
  std::string result(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return result;
}

absl::StatusOr<std::string> SpkiSha256OfKey(absl::string_view private_key_pem) {
  PM_ASSIGN_OR_RETURN(const KeyPtr key, ParsePrivateKeyPem(private_key_pem));
  X509_PUBKEY* encoded = nullptr;
  if (X509_PUBKEY_set(&encoded, key.get()) != 1) return OpenSslFailed("cannot encode a key");
  const PublicKeyPtr owner(encoded);
  return SpkiSha256(encoded);
}

absl::StatusOr<std::string> SpkiSha256OfCsr(absl::string_view csr_der) {
  PM_ASSIGN_OR_RETURN(const CertificateRequestPtr request, ParseCsrDer(csr_der));
  return SpkiSha256(X509_REQ_get_X509_PUBKEY(request.get()));
}

absl::StatusOr<CertificateFacts> ReadCertificatePem(absl::string_view pem) {
  PM_ASSIGN_OR_RETURN(const std::vector<CertificatePtr> chain, ParseCertificatesPem(pem));
  X509* certificate = chain.front().get();
  CertificateFacts facts;
  PM_ASSIGN_OR_RETURN(facts.not_before, ToTime(X509_get0_notBefore(certificate)));
  PM_ASSIGN_OR_RETURN(facts.not_after, ToTime(X509_get0_notAfter(certificate)));
  facts.common_name = CommonNameOf(certificate);
  facts.uris = UrisOf(certificate);
  facts.serial = SerialOf(certificate);
  facts.spki_sha256 = SpkiSha256(X509_get_X509_PUBKEY(certificate));
  return facts;
}

}  // namespace probemesh
