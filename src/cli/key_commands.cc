#include <fmt/format.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/encoding.h"
#include "cli/server_session.h"
#include "client/kms.h"
#include "crypto/private_key_file.h"
#include "crypto/rsa_aes_key_wrap.h"
#include "crypto/sm2_encryption.h"
#include "engine/key_material.h"
#include "policy/condition_value.h"
#include "protocol/json_writer.h"

namespace kagimori::cli {
namespace {

constexpr std::size_t kMaxFile = 64 * 1024;  // what holds a key is not larger

tl::unexpected<Error> invalid(std::string message) { return fail(ErrorCode::kValidation, std::move(message)); }

// The whole file, never through a buffer that stays behind.
Result<SecretBytes> read_secret(const std::filesystem::path& file) {
  const auto unreadable = [&] { return invalid(fmt::format("{} can't be read.", file.string())); };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> in(std::fopen(file.c_str(), "rb"), std::fclose);
  if (in == nullptr) return unreadable();
  std::setvbuf(in.get(), nullptr, _IONBF, 0);
  SecretBytes bytes(kMaxFile + 1);
  const std::span<std::uint8_t> room = bytes.expose_mutable();
  const std::size_t size = std::fread(room.data(), 1, room.size(), in.get());
  if (std::ferror(in.get()) != 0) return unreadable();
  if (size == 0 || size > kMaxFile) {
    return invalid(fmt::format("{} is empty or larger than {} bytes; it holds no key.", file.string(), kMaxFile));
  }
  bytes.truncate(size);
  return bytes;
}

SecretBytes without_line_end(SecretBytes text) {
  std::string_view view = as_text(text.expose());
  while (!view.empty() && (view.back() == '\n' || view.back() == '\r')) view.remove_suffix(1);
  text.truncate(view.size());
  return text;
}

// Asks on the terminal, without echo.
Result<SecretBytes> ask_terminal() {
  termios before{};
  if (isatty(STDIN_FILENO) == 0 || tcgetattr(STDIN_FILENO, &before) != 0) {
    return invalid("The private key is encrypted. Give its passphrase with --passphrase-file.");
  }
  termios silent = before;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  std::fputs("Passphrase of the private key: ", stderr);
  constexpr std::size_t kMaxPassphrase = 1024;
  SecretBytes line(kMaxPassphrase);
  const ssize_t size = read(STDIN_FILENO, line.expose_mutable().data(), kMaxPassphrase);
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
  std::fputs("\n", stderr);
  line.truncate(size > 0 ? static_cast<std::size_t>(size) : 0);
  return without_line_end(std::move(line));
}

std::optional<SecretBytes> decode_hex(std::string_view text) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
  };
  if (text.size() % 2 != 0 || !std::ranges::all_of(text, [&](char c) { return digit(c) >= 0; })) return std::nullopt;
  SecretBytes bytes(text.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes.expose_mutable()[i] = static_cast<std::uint8_t>(digit(text[2 * i]) * 16 + digit(text[2 * i + 1]));
  }
  return bytes;
}

// Symmetric and HMAC material: text that is all hexadecimal or base64 is that, all else is taken as it is.
Result<SecretBytes> read_symmetric(SecretBytes file, const KeyType& type, const std::string& form) {
  const std::size_t wanted = type.length_bits / 8;
  if (form == "raw" || (form.empty() && file.size() == wanted)) return file;
  const SecretBytes text = without_line_end(file.clone());
  const std::string_view view = as_text(text.expose());
  if (form != "base64") {
    if (auto bytes = decode_hex(view)) return *std::move(bytes);
    if (form == "hex") return invalid("The key material is not hexadecimal.");
  }
  auto bytes = base64_decode_secret(view);
  if (bytes && !bytes->empty()) return *std::move(bytes);
  if (form == "base64") return invalid("The key material is not base64.");
  return file;
}

Result<SecretBytes> read_material(CryptoContext& crypto, const KeyType& type, const ImportOptions& options) {
  TRY_ASSIGN(SecretBytes file, read_secret(options.file));
  if (!key_pair_spec(type)) return read_symmetric(std::move(file), type, options.form);
  return pkcs8_of_file(crypto, file.expose(), [&]() -> Result<SecretBytes> {
    if (options.passphrase_file.empty()) return ask_terminal();
    TRY_ASSIGN(SecretBytes passphrase, read_secret(options.passphrase_file));
    return without_line_end(std::move(passphrase));
  });
}

Result<Bytes> wrap(CryptoContext& crypto, bool sm2, ByteView public_key, const SecretBytes& material) {
  const KeyPairSpec spec = sm2 ? KeyPairSpec::kSm2 : KeyPairSpec::kRsa3072;
  TRY_ASSIGN(const PublicKey key, PublicKey::from_spki(crypto, spec, public_key));
  if (sm2) return sm2_encrypt(crypto, key, material.expose());
  return rsa_aes_key_wrap(crypto, key, OaepHash::kSha256, material.expose());
}

std::string answer_text(const ClientOptions& options, const Kms::KeySummary& key, const std::string& material_id,
                        const std::optional<Timestamp>& valid_to) {
  if (!options.json) {
    return fmt::format("Imported key material {} into the {} key {}.\nIt {}.\n", material_id, key.spec, key.arn,
                       valid_to ? "expires at " + to_iso8601(*valid_to) : "does not expire");
  }
  std::string out;
  JsonWriter json(out);
  json.begin_object().member("KeyId", key.arn).member("KeyMaterialId", material_id);
  if (valid_to) json.member("ValidTo", *valid_to);
  json.end_object();
  return out + "\n";
}

}  // namespace

Status import_key(const ClientOptions& options, const ImportOptions& import) {
  std::optional<Timestamp> valid_to;
  if (!import.expires.empty()) {
    valid_to = parse_date(import.expires);
    if (!valid_to) return invalid(fmt::format("'{}' is not a date such as 2027-01-31.", import.expires));
  }
  TRY_ASSIGN(const auto crypto, CryptoContext::create());
  TRY_ASSIGN(const auto connection, connect(options));
  Kms kms(*connection);
  TRY_ASSIGN(const Kms::KeySummary key, kms.describe_key(import.key));
  if (key.origin != "EXTERNAL") {
    return invalid(fmt::format("The key {} has Origin {}. Only keys that were made with Origin EXTERNAL take material.",
                               key.arn, key.origin));
  }
  TRY_ASSIGN(const KeyType type, aws_key_type(key.spec, key.usage));
  TRY_ASSIGN(const SecretBytes material, read_material(*crypto, type, import));
  const bool sm2 = type.algorithm == KeyAlgorithm::kSm2;
  TRY_ASSIGN(
      const Kms::ImportParameters parameters,
      kms.get_parameters_for_import(key.arn, sm2 ? "SM2PKE" : "RSA_AES_KEY_WRAP_SHA_256", sm2 ? "SM2" : "RSA_3072"));
  TRY_ASSIGN(const Bytes wrapped, wrap(*crypto, sm2, parameters.public_key, material));
  TRY_ASSIGN(const std::string material_id, kms.import_key_material({key.arn, parameters.token, wrapped, valid_to,
                                                                     import.is_new, import.description}));
  return print(answer_text(options, key, material_id, valid_to));
}

}  // namespace kagimori::cli
