// OpenSSL objects with owners, and the conversions that every user of them needs. Only for code
// that makes or reads certificates.
#ifndef PROBEMESH_COMMON_PKI_OPENSSL_HANDLES_H_
#define PROBEMESH_COMMON_PKI_OPENSSL_HANDLES_H_

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace probemesh {

template <auto Free>
struct OpenSslDeleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using BioPtr = std::unique_ptr<BIO, OpenSslDeleter<BIO_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, OpenSslDeleter<EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, OpenSslDeleter<X509_free>>;
using CertificateRequestPtr = std::unique_ptr<X509_REQ, OpenSslDeleter<X509_REQ_free>>;

// The oldest entry of this thread's OpenSSL error queue, for people; drains the queue.
std::string TakeOpenSslError();

// INVALID_ARGUMENT unless the text holds an unencrypted private key.
absl::StatusOr<KeyPtr> ParsePrivateKeyPem(absl::string_view pem);
// Every certificate of the text, at most 16. INVALID_ARGUMENT if there is none or one is broken.
absl::StatusOr<std::vector<CertificatePtr>> ParseCertificatesPem(absl::string_view pem);
// INVALID_ARGUMENT unless the octets are one PKCS #10 request that is signed by its own key.
absl::StatusOr<CertificateRequestPtr> ParseCsrDer(absl::string_view der);

std::string PrivateKeyToPem(EVP_PKEY* key);
std::string CertificateToPem(X509* certificate);

// Raw SHA-256 of the DER SubjectPublicKeyInfo; empty if OpenSSL fails (out of memory).
std::string SpkiSha256(X509_PUBKEY* key);

}  // namespace probemesh

#endif  // PROBEMESH_COMMON_PKI_OPENSSL_HANDLES_H_
