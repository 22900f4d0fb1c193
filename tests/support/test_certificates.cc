#include "tests/support/test_certificates.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <cstring>
#include <set>

namespace probemesh {
namespace {

void Require(bool ok) {
  if (!ok) std::abort();
}

void AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  Require(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

TestIdentity NewIdentity(const std::string& common_name, absl::Duration from,
                         absl::Duration until) {
  static int serial = 0;
  TestIdentity identity;
  identity.key.reset(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  identity.certificate.reset(X509_new(), &X509_free);
  Require(identity.key && identity.certificate);
  X509* certificate = identity.certificate.get();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), absl::ToInt64Seconds(from));
  X509_gmtime_adj(X509_getm_notAfter(certificate), absl::ToInt64Seconds(until));
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                             0);
  X509_set_pubkey(certificate, identity.key.get());
  return identity;
}

void Sign(const TestIdentity& identity, const TestIdentity& issuer) {
  X509_set_issuer_name(identity.certificate.get(), X509_get_subject_name(issuer.certificate.get()));
  Require(X509_sign(identity.certificate.get(), issuer.key.get(), EVP_sha256()) > 0);
}

TestIdentity SignedLeaf(const TestLeaf& leaf, const TestIdentity* authority) {
  const TestIdentity identity = NewIdentity(leaf.common_name, leaf.from, leaf.until);
  const TestIdentity& issuer = authority != nullptr ? *authority : identity;
  X509* certificate = identity.certificate.get();
  AddExtension(certificate, issuer.certificate.get(), NID_basic_constraints, "critical,CA:FALSE");
  AddExtension(certificate, issuer.certificate.get(), NID_ext_key_usage, "serverAuth");
  if (!leaf.alternative_names.empty()) {
    AddExtension(certificate, issuer.certificate.get(), NID_subject_alt_name,
                 leaf.alternative_names);
  }
  Sign(identity, issuer);
  return identity;
}

}  // namespace

std::string TestIdentity::CertificatePem() const {
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), &BIO_free);
  PEM_write_bio_X509(memory.get(), certificate.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);  // NOLINT(google-runtime-int)
  return std::string(data, static_cast<size_t>(size));
}

TestIdentity MakeTestAuthority(const std::string& common_name, absl::Duration until) {
  const TestIdentity authority = NewIdentity(common_name, -absl::Hours(48), until);
  X509* certificate = authority.certificate.get();
  AddExtension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(certificate, certificate, NID_key_usage, "critical,keyCertSign");
  AddExtension(certificate, certificate, NID_subject_key_identifier, "hash");
  Sign(authority, authority);
  return authority;
}

TestIdentity SignTestLeaf(const TestLeaf& leaf, const TestIdentity& authority) {
  return SignedLeaf(leaf, &authority);
}

TestIdentity MakeSelfSignedLeaf(const TestLeaf& leaf) { return SignedLeaf(leaf, nullptr); }

std::shared_ptr<SSL_CTX> MakeServerContext(const TestIdentity& leaf,
                                           const std::vector<TestIdentity>& others) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
  Require(SSL_CTX_use_certificate(context.get(), leaf.certificate.get()) == 1);
  Require(SSL_CTX_use_PrivateKey(context.get(), leaf.key.get()) == 1);
  for (const TestIdentity& other : others) {
    SSL_CTX_add1_chain_cert(context.get(), other.certificate.get());
  }
  return context;
}

void OfferAlpn(SSL_CTX* server, const std::string& protocol) {
  // Live as long as the process: a context keeps only the pointer.
  static std::set<std::string>& protocols = *new std::set<std::string>();
  const std::string* wanted = &*protocols.insert(protocol).first;
  SSL_CTX_set_alpn_select_cb(
      server,
      +[](SSL*, const unsigned char** out, unsigned char* size, const unsigned char* offered,
          unsigned int offered_size, void* arg) {
        const auto& name = *static_cast<const std::string*>(arg);
        for (unsigned int i = 0; i < offered_size; i += 1u + offered[i]) {
          if (offered[i] != name.size()) continue;
          if (std::memcmp(offered + i + 1, name.data(), name.size()) != 0) continue;
          *out = offered + i + 1;
          *size = offered[i];
          return SSL_TLSEXT_ERR_OK;
        }
        return SSL_TLSEXT_ERR_ALERT_FATAL;
      },
      const_cast<std::string*>(wanted));
}

void RequireClientCertificate(SSL_CTX* server) {
  SSL_CTX_set_verify(server, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
}

}  // namespace probemesh
