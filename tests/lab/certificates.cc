#include "tests/lab/certificates.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>

#include "absl/strings/str_cat.h"
#include "tests/lab/process.h"

namespace probemesh::lab {
namespace {

constexpr long kDay = 86400;

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

struct Identity {
  Key key{nullptr, &EVP_PKEY_free};
  Certificate certificate{nullptr, &X509_free};
};

bool AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  if (extension == nullptr) return false;
  const bool added = X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

// A certificate without extensions and signature.
Identity NewIdentity(const std::string& common_name, long from, long until, long serial) {
  Identity identity;
  identity.key.reset(EVP_EC_gen("P-256"));
  identity.certificate.reset(X509_new());
  X509* certificate = identity.certificate.get();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), from);
  X509_gmtime_adj(X509_getm_notAfter(certificate), until);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                             0);
  X509_set_pubkey(certificate, identity.key.get());
  return identity;
}

bool Sign(Identity& identity, const Identity& issuer) {
  X509* certificate = identity.certificate.get();
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer.certificate.get()));
  return X509_sign(certificate, issuer.key.get(), EVP_sha256()) > 0;
}

template <typename Writer>
std::string ToPem(Writer&& write) {
  BIO* memory = BIO_new(BIO_s_mem());
  write(memory);
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  std::string pem(data, static_cast<size_t>(size));
  BIO_free(memory);
  return pem;
}

std::string CertificatePem(const Identity& identity) {
  return ToPem([&](BIO* out) { PEM_write_bio_X509(out, identity.certificate.get()); });
}

std::string KeyPem(const Identity& identity) {
  return ToPem([&](BIO* out) {
    PEM_write_bio_PKCS8PrivateKey(out, identity.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

std::string AlternativeNames(const LeafSpec& leaf) {
  std::string names;
  for (const std::string& name : leaf.dns_names) absl::StrAppend(&names, ",DNS:", name);
  for (const std::string& address : leaf.addresses) absl::StrAppend(&names, ",IP:", address);
  return names.substr(1);
}

absl::Status WriteLeaf(const std::string& folder, const LeafSpec& leaf, const Identity& ca,
                       long serial) {
  const long from = leaf.expired ? -30 * kDay : -kDay;
  const long until = leaf.expired ? -kDay : 30 * kDay;
  Identity identity = NewIdentity(leaf.dns_names.at(0), from, until, serial);
  X509* certificate = identity.certificate.get();
  X509* issuer = ca.certificate.get();
  if (!AddExtension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE") ||
      !AddExtension(certificate, issuer, NID_key_usage, "critical,digitalSignature") ||
      !AddExtension(certificate, issuer, NID_ext_key_usage, "serverAuth") ||
      !AddExtension(certificate, issuer, NID_subject_alt_name, AlternativeNames(leaf)) ||
      !Sign(identity, ca)) {
    return absl::InternalError("cannot make the certificate of " + leaf.file_stem);
  }
  const std::string stem = absl::StrCat(folder, "/", leaf.file_stem);
  absl::Status status = WriteFile(stem + ".pem", CertificatePem(identity) + CertificatePem(ca));
  status.Update(WriteFile(stem + ".key", KeyPem(identity)));
  return status;
}

}  // namespace

absl::Status WriteCertificates(const std::string& folder, const std::vector<LeafSpec>& leaves) {
  Identity ca = NewIdentity("lab test CA", -60 * kDay, 60 * kDay, 1);
  X509* certificate = ca.certificate.get();
  if (!AddExtension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE") ||
      !AddExtension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign") ||
      !AddExtension(certificate, certificate, NID_subject_key_identifier, "hash") ||
      !Sign(ca, ca)) {
    return absl::InternalError("cannot make the lab's CA");
  }
  absl::Status status = WriteFile(folder + "/ca.pem", CertificatePem(ca));
  long serial = 2;
  for (const LeafSpec& leaf : leaves) status.Update(WriteLeaf(folder, leaf, ca, serial++));
  return status;
}

}  // namespace probemesh::lab
