// Owners of OpenSSL objects.
#ifndef PROBEMESH_PROBE_NODE_PROBES_TLS_OPENSSL_PTR_H_
#define PROBEMESH_PROBE_NODE_PROBES_TLS_OPENSSL_PTR_H_

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

namespace probemesh::node {

struct OpensslFree {
  void operator()(BIO* p) const { BIO_free_all(p); }
  void operator()(BIGNUM* p) const { BN_free(p); }
  void operator()(SSL* p) const { SSL_free(p); }
  void operator()(SSL_CTX* p) const { SSL_CTX_free(p); }
  void operator()(X509* p) const { X509_free(p); }
  void operator()(X509_STORE* p) const { X509_STORE_free(p); }
  void operator()(GENERAL_NAMES* p) const { GENERAL_NAMES_free(p); }
};

template <typename T>
using OpensslPtr = std::unique_ptr<T, OpensslFree>;

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_TLS_OPENSSL_PTR_H_
