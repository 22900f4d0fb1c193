#include "probe-node/probes/tls/trust_store.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>

#include "common/base/status_macros.h"

namespace probemesh::node {
namespace {

constexpr size_t kMaxCertificates = 512;
constexpr size_t kMaxPem = 4 * 1024 * 1024;

// The system's bundle, kept parsed for as long as the file stays the same.
class SystemBundle {
 public:
  const std::vector<OpensslPtr<X509>>& Certificates() {
    const Version now = LookAt(Path());
    if (now == version_) return certificates_;
    version_ = now;
    auto parsed = ParseCertificates(ReadFile(now.path));
    // A bundle that cannot be read leaves the hashed directory.
    certificates_ = parsed.ok() ? *std::move(parsed) : std::vector<OpensslPtr<X509>>();
    return certificates_;
  }

 private:
  struct Version {
    std::string path;
    std::filesystem::file_time_type changed;
    uintmax_t size = 0;
    bool operator==(const Version&) const = default;
  };

  static std::string Path() {
    const char* chosen = std::getenv(X509_get_default_cert_file_env());
    return chosen != nullptr ? chosen : X509_get_default_cert_file();
  }

  static Version LookAt(const std::string& path) {
    std::error_code error;
    Version version{path, std::filesystem::last_write_time(path, error), 0};
    const uintmax_t size = std::filesystem::file_size(path, error);
    if (!error) version.size = size;
    return version;
  }

  static std::string ReadFile(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }

  Version version_;
  std::vector<OpensslPtr<X509>> certificates_;
};

void Trust(const std::vector<OpensslPtr<X509>>& certificates, X509_STORE* store) {
  for (const OpensslPtr<X509>& certificate : certificates) {
    X509_STORE_add_cert(store, certificate.get());
  }
}

}  // namespace

absl::StatusOr<std::vector<OpensslPtr<X509>>> ParseCertificates(absl::string_view pem) {
  std::vector<OpensslPtr<X509>> certificates;
  if (pem.empty()) return certificates;
  if (pem.size() > kMaxPem) return absl::InvalidArgumentError("more than 4 MiB of certificates");
  const OpensslPtr<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  ERR_clear_error();
  while (certificates.size() < kMaxCertificates) {
    X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr);
    if (certificate == nullptr) break;
    certificates.emplace_back(certificate);
  }
  const unsigned long error = ERR_peek_last_error();  // NOLINT(google-runtime-int)
  ERR_clear_error();
  // The end of the text is told as "no start line".
  const bool at_end = error == 0 || ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  if (!at_end || certificates.empty()) {
    return absl::InvalidArgumentError("not a list of PEM certificates");
  }
  return certificates;
}

absl::StatusOr<OpensslPtr<X509_STORE>> MakeTrustStore(
    const std::vector<absl::string_view>& anchors) {
  static SystemBundle& bundle = *new SystemBundle();
  OpensslPtr<X509_STORE> store(X509_STORE_new());
  if (!store) return absl::ResourceExhaustedError("X509_STORE_new");
  Trust(bundle.Certificates(), store.get());
  X509_LOOKUP* directory = X509_STORE_add_lookup(store.get(), X509_LOOKUP_hash_dir());
  if (directory != nullptr) X509_LOOKUP_add_dir(directory, nullptr, X509_FILETYPE_DEFAULT);
  for (const absl::string_view pem : anchors) {
    PM_ASSIGN_OR_RETURN(const auto certificates, ParseCertificates(pem));
    Trust(certificates, store.get());
  }
  ERR_clear_error();
  return store;
}

}  // namespace probemesh::node
