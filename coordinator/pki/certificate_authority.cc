#include "coordinator/pki/certificate_authority.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/net/ip_address.h"
#include "common/pki/key_and_certificate.h"
#include "common/pki/private_file.h"
#include "coordinator/pki/certificate_builder.h"

namespace probemesh::coordinator {
namespace {

constexpr mode_t kKeyMode = 0600;
constexpr mode_t kCertificateMode = 0644;

bool IsP256(EVP_PKEY* key) {
  char group[32];
  size_t length = 0;
  const bool known = EVP_PKEY_get_group_name(key, group, sizeof(group), &length) == 1;
  ERR_clear_error();
  return known && OBJ_txt2nid(group) == NID_X9_62_prime256v1;
}

// ",DNS:name" or ",IP:address"; nothing for what is neither.
std::string AlternativeName(const std::string& host) {
  if (IpAddress::Parse(host).ok()) return absl::StrCat(",IP:", host);
  const bool plain = !host.empty() && std::all_of(host.begin(), host.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '-';
  });
  return plain ? absl::StrCat(",DNS:", host) : "";
}

absl::Status Unusable(const std::string& path, absl::string_view why) {
  return absl::FailedPreconditionError(absl::StrCat(path, ": ", why));
}

absl::StatusOr<KeyPtr> ReadKey(const std::string& path) {
  PM_ASSIGN_OR_RETURN(const std::string pem, ReadSmallFile(path));
  absl::StatusOr<KeyPtr> key = ParsePrivateKeyPem(pem);
  if (!key.ok()) return Unusable(path, key.status().message());
  return key;
}

// The key survives a crash between the two files of a first start.
absl::StatusOr<KeyPtr> ReadOrMakeKey(const std::string& path, bool may_make) {
  absl::StatusOr<KeyPtr> key = ReadKey(path);
  if (!absl::IsNotFound(key.status()) || !may_make) return key;
  KeyPtr made(EVP_EC_gen("P-256"));
  if (made == nullptr) return absl::InternalError(TakeOpenSslError());
  PM_RETURN_IF_ERROR(WriteFileAtomically(path, PrivateKeyToPem(made.get()), kKeyMode));
  return made;
}

absl::Status CheckAuthority(const std::string& path, const std::string& pem, X509* certificate,
                            EVP_PKEY* key, absl::Time now) {
  if (X509_check_private_key(certificate, key) != 1) {
    ERR_clear_error();
    return Unusable(path, "does not belong to the key beside it");
  }
  PM_ASSIGN_OR_RETURN(const CertificateFacts facts, ReadCertificatePem(pem));
  if (now >= facts.not_after) {
    return Unusable(path, absl::StrCat("the CA expired at ", absl::FormatTime(facts.not_after)));
  }
  return absl::OkStatus();
}

}  // namespace

struct CertificateAuthority::Leaf {
  Identity identity;
  std::string extra_names;
  const char* usage = "clientAuth";
  absl::Duration life;
};

CertificateAuthority::CertificateAuthority(KeyPtr key, CertificatePtr certificate,
                                           const Clock& clock, Random& random)
    : key_(std::move(key)),
      certificate_(std::move(certificate)),
      ca_pem_(CertificateToPem(certificate_.get())),
      spki_sha256_(SpkiSha256(X509_get_X509_PUBKEY(certificate_.get()))),
      clock_(clock),
      random_(random) {}

absl::StatusOr<std::unique_ptr<CertificateAuthority>> CertificateAuthority::Open(
    const std::string& folder, const Clock& clock, Random& random) {
  const std::string certificate_path = folder + "/ca.pem";
  absl::StatusOr<std::string> pem = ReadSmallFile(certificate_path);
  if (!pem.ok() && !absl::IsNotFound(pem.status())) return pem.status();
  const bool first_start = !pem.ok();
  PM_ASSIGN_OR_RETURN(KeyPtr key, ReadOrMakeKey(folder + "/ca.key", first_start));
  if (first_start) {
    PM_ASSIGN_OR_RETURN(const CertificatePtr made, MakeSelfSigned(key.get(), clock.Wall(), random));
    pem = CertificateToPem(made.get());
    PM_RETURN_IF_ERROR(WriteFileAtomically(certificate_path, *pem, kCertificateMode));
  }
  absl::StatusOr<std::vector<CertificatePtr>> certificates = ParseCertificatesPem(*pem);
  if (!certificates.ok()) return Unusable(certificate_path, certificates.status().message());
  PM_RETURN_IF_ERROR(
      CheckAuthority(certificate_path, *pem, certificates->front().get(), key.get(), clock.Wall()));
  return std::unique_ptr<CertificateAuthority>(
      new CertificateAuthority(std::move(key), std::move(certificates->front()), clock, random));
}

absl::StatusOr<CertificatePtr> CertificateAuthority::MakeSelfSigned(EVP_PKEY* key, absl::Time now,
                                                                    Random& random) {
  CertificateBuilder builder;
  // Names differ so that a certificate of another mesh is refused with a clear reason.
  builder.RandomSerial(random)
      .Validity(now - kBackdating, now + kAuthorityLife)
      .CommonName(absl::StrCat("probemesh CA ", absl::Hex(random.Next(), absl::kZeroPad16)))
      .PublicKey(key)
      .Issuer(nullptr)
      .Extension(NID_basic_constraints, "critical,CA:TRUE,pathlen:0")
      .Extension(NID_key_usage, "critical,keyCertSign,cRLSign")
      .Extension(NID_subject_key_identifier, "hash");
  return builder.Sign(key);
}

absl::StatusOr<CertificatePtr> CertificateAuthority::Sign(const Leaf& leaf, EVP_PKEY* key) {
  const absl::Time now = clock_.Wall();
  CertificateBuilder builder;
  builder.RandomSerial(random_)
      .Validity(now - kBackdating, now + leaf.life)
      .CommonName(leaf.identity.name)
      .PublicKey(key)
      .Issuer(certificate_.get())
      .Extension(NID_basic_constraints, "critical,CA:FALSE")
      .Extension(NID_key_usage, "critical,digitalSignature")
      .Extension(NID_ext_key_usage, leaf.usage)
      .Extension(NID_subject_alt_name,
                 absl::StrCat("URI:", leaf.identity.ToUri(), leaf.extra_names))
      .Extension(NID_authority_key_identifier, "keyid:always");
  return builder.Sign(key_.get());
}

absl::StatusOr<SignedCertificate> CertificateAuthority::SignNode(absl::string_view csr_der,
                                                                 absl::string_view node_name) {
  PM_RETURN_IF_ERROR(CheckNodeName(node_name));
  PM_ASSIGN_OR_RETURN(const CertificateRequestPtr request, ParseCsrDer(csr_der));
  EVP_PKEY* key = X509_REQ_get0_pubkey(request.get());
  if (!IsP256(key)) return absl::InvalidArgumentError("the node's key is not on P-256");
  const Leaf leaf{
      {Identity::Role::kNode, std::string(node_name)}, "", "clientAuth", kNodeCertificateLife};
  PM_ASSIGN_OR_RETURN(const CertificatePtr certificate, Sign(leaf, key));
  SignedCertificate result;
  result.chain_pem = CertificateToPem(certificate.get());
  result.ca_bundle_pem = ca_pem_;
  PM_ASSIGN_OR_RETURN(const CertificateFacts facts, ReadCertificatePem(result.chain_pem));
  result.serial = facts.serial;
  result.expire_time = facts.not_after;
  return result;
}

absl::StatusOr<IssuedIdentity> CertificateAuthority::IssueWithNewKey(const Leaf& leaf) {
  const KeyPtr key(EVP_EC_gen("P-256"));
  if (key == nullptr) return absl::InternalError(TakeOpenSslError());
  PM_ASSIGN_OR_RETURN(const CertificatePtr certificate, Sign(leaf, key.get()));
  return IssuedIdentity{PrivateKeyToPem(key.get()), CertificateToPem(certificate.get()) + ca_pem_};
}

absl::StatusOr<IssuedIdentity> CertificateAuthority::IssueCoordinator(
    const std::vector<std::string>& hosts) {
  std::string names = AlternativeName(kCoordinatorServerName);
  for (const std::string& host : hosts) names += AlternativeName(host);
  return IssueWithNewKey({{Identity::Role::kCoordinator, "coordinator"},
                          names,
                          "serverAuth",
                          kServiceCertificateLife});
}

absl::StatusOr<IssuedIdentity> CertificateAuthority::IssueOperator(absl::string_view name) {
  PM_RETURN_IF_ERROR(CheckNodeName(name));
  return IssueWithNewKey(
      {{Identity::Role::kOperator, std::string(name)}, "", "clientAuth", kServiceCertificateLife});
}

bool CertificateAuthority::Issued(absl::string_view pem) const {
  const absl::StatusOr<std::vector<CertificatePtr>> chain = ParseCertificatesPem(pem);
  const bool issued = chain.ok() && X509_verify(chain->front().get(), key_.get()) == 1;
  ERR_clear_error();
  return issued;
}

}  // namespace probemesh::coordinator
