#include "server/certificates.h"

#include <fmt/format.h>

#include "base/random.h"
#include "crypto/random.h"
#include "crypto/x509.h"
#include "store/store_file.h"

namespace kagimori {
namespace {

constexpr std::int64_t kRenewDays = 30;

Status write_pair(const CertificateAndKey& pair, const std::filesystem::path& certificate,
                  const std::filesystem::path& key) {
  TRY(write_private_file(key, as_text(pair.private_key_pem.expose())));
  return write_private_file(certificate, pair.certificate_pem);
}

// Through ordinary memory for a moment: PEM files are read by a stream. The copy is wiped.
Result<SecretBytes> read_secret_file(const std::filesystem::path& file) {
  TRY_ASSIGN(std::string text, read_small_file(file));
  SecretBytes secret = SecretBytes::copy_of(as_bytes(text));
  secure_wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  return secret;
}

Result<CertificateAndKey> read_pair(const std::filesystem::path& certificate, const std::filesystem::path& key) {
  CertificateAndKey pair;
  TRY_ASSIGN(pair.certificate_pem, read_small_file(certificate));
  TRY_ASSIGN(pair.private_key_pem, read_secret_file(key));
  return pair;
}

Result<bool> is_good_for_long(CryptoContext& crypto, Timestamp now, const std::filesystem::path& certificate,
                              const std::filesystem::path& key) {
  if (!is_there(certificate) || !is_there(key)) return false;
  TRY_ASSIGN(const std::string pem, read_small_file(certificate));
  TRY_ASSIGN(const Timestamp end, certificate_not_after(crypto, pem));
  return end > now.plus_days(kRenewDays);
}

Status make_ca(CryptoContext& crypto, Timestamp now, const DataFolder& folder) {
  OpensslRandom random(crypto);
  TRY_ASSIGN(const CertificateAndKey ca, make_local_ca(crypto, now, make_uuid(random).substr(0, 8)));
  return write_pair(ca, folder.ca_certificate(), folder.ca_key());
}

// Somebody's own certificate, or what is left of it.
Status check_operators_own(const DataFolder& folder) {
  if (is_there(folder.server_certificate())) return {};
  return fail(
      ErrorCode::kBadConfiguration,
      fmt::format("{} is there without its key {}, so no server certificate can be made under it. Put your own "
                  "certificate into {}, or move the CA away to get a new one.",
                  folder.ca_certificate().string(), folder.ca_key().string(), folder.server_certificate().string()));
}

}  // namespace

Result<CertificatesMade> ensure_certificates(CryptoContext& crypto, Timestamp now, const DataFolder& folder) {
  TRY(make_private_folder(folder.tls_folder()));
  CertificatesMade made;
  const bool has_ca = is_there(folder.ca_certificate());
  const bool has_server = is_there(folder.server_certificate());
  if (!is_there(folder.ca_key()) && (has_ca || has_server)) {
    TRY(check_operators_own(folder));
    return made;
  }
  TRY_ASSIGN(const bool ca_is_good, is_good_for_long(crypto, now, folder.ca_certificate(), folder.ca_key()));
  TRY_ASSIGN(const bool server_is_good,
             is_good_for_long(crypto, now, folder.server_certificate(), folder.server_key()));
  if (ca_is_good && server_is_good) return made;
  if (!ca_is_good) TRY(make_ca(crypto, now, folder));
  TRY_ASSIGN(const CertificateAndKey ca, read_pair(folder.ca_certificate(), folder.ca_key()));
  TRY_ASSIGN(const CertificateAndKey server, make_server_certificate(crypto, now, ca, {}));
  TRY(write_pair(server, folder.server_certificate(), folder.server_key()));
  return CertificatesMade{!ca_is_good && has_ca, has_server};
}

Result<TlsIdentity> load_tls_identity(const Config& config) {
  TRY_ASSIGN(CertificateAndKey pair, read_pair(config.tls.certificate, config.tls.private_key));
  return TlsIdentity{std::move(pair.certificate_pem), std::move(pair.private_key_pem)};
}

std::string certificate_warning(CryptoContext& crypto, Timestamp now, const Config& config) {
  const Result<std::string> pem = read_small_file(config.tls.certificate);
  if (!pem) return {};
  const Result<Timestamp> end = certificate_not_after(crypto, *pem);
  if (!end || *end > now.plus_days(kRenewDays)) return {};
  return fmt::format("The certificate {} {} {}. Renew it, `kagimori init` does where it made it, and send SIGHUP.",
                     config.tls.certificate, *end > now ? "ends on" : "has ended on", to_iso8601(*end));
}

}  // namespace kagimori
