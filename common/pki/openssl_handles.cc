#include "common/pki/openssl_handles.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "absl/strings/str_cat.h"

namespace probemesh {
namespace {

constexpr size_t kMaxChainLength = 16;

BioPtr ReaderOf(absl::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string ContentOf(BIO* memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  return size > 0 ? std::string(data, static_cast<size_t>(size)) : std::string();
}

// Without this, OpenSSL would ask for the password of an encrypted key on the terminal.
int NoPassword(char*, int, int, void*) { return -1; }

}  // namespace

std::string TakeOpenSslError() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "unknown OpenSSL error";
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : absl::StrCat("OpenSSL error ", code);
}

absl::StatusOr<KeyPtr> ParsePrivateKeyPem(absl::string_view pem) {
  const BioPtr reader = ReaderOf(pem);
  KeyPtr key(PEM_read_bio_PrivateKey(reader.get(), nullptr, &NoPassword, nullptr));
  if (key != nullptr) return key;
  return absl::InvalidArgumentError(absl::StrCat("not a private key: ", TakeOpenSslError()));
}

absl::StatusOr<std::vector<CertificatePtr>> ParseCertificatesPem(absl::string_view pem) {
  const BioPtr reader = ReaderOf(pem);
  std::vector<CertificatePtr> certificates;
  while (certificates.size() < kMaxChainLength) {
    CertificatePtr next(PEM_read_bio_X509(reader.get(), nullptr, &NoPassword, nullptr));
    if (next == nullptr) break;
    certificates.push_back(std::move(next));
  }
  const unsigned long error = ERR_peek_last_error();
  const bool at_end = error == 0 || ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  if (!certificates.empty() && at_end) {
    ERR_clear_error();
    return certificates;
  }
  return absl::InvalidArgumentError(absl::StrCat("not a PEM certificate: ", TakeOpenSslError()));
}

absl::StatusOr<CertificateRequestPtr> ParseCsrDer(absl::string_view der) {
  const auto* cursor = reinterpret_cast<const unsigned char*>(der.data());
  const unsigned char* end = cursor + der.size();
  CertificateRequestPtr request(d2i_X509_REQ(nullptr, &cursor, static_cast<long>(der.size())));
  if (request == nullptr || cursor != end) {
    ERR_clear_error();
    return absl::InvalidArgumentError("not a PKCS #10 certificate request");
  }
  EVP_PKEY* key = X509_REQ_get0_pubkey(request.get());
  if (key == nullptr || X509_REQ_verify(request.get(), key) != 1) {
    ERR_clear_error();
    return absl::InvalidArgumentError("the certificate request is not signed by its own key");
  }
  return request;
}

std::string PrivateKeyToPem(EVP_PKEY* key) {
  const BioPtr memory(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(memory.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return ContentOf(memory.get());
}

std::string CertificateToPem(X509* certificate) {
  const BioPtr memory(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(memory.get(), certificate);
  return ContentOf(memory.get());
}

std::string SpkiSha256(X509_PUBKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(key, &der);
  if (size <= 0) return "";
  unsigned char digest[32];
  const bool hashed =
      EVP_Digest(der, static_cast<size_t>(size), digest, nullptr, EVP_sha256(), nullptr) == 1;
  OPENSSL_free(der);
  return hashed ? std::string(reinterpret_cast<const char*>(digest), sizeof(digest)) : "";
}

}  // namespace probemesh
