#include <fmt/format.h>

#include <algorithm>

#include "seal/key_file.h"
#include "seal/root.h"
#include "seal/sealed_box.h"
#include "seal/secret_file.h"

namespace kagimori {
namespace {

constexpr std::uint8_t kParametersFormat = 1;
constexpr std::string_view kLabel = "kagimori envelope key-file 1";

Bytes binding(std::string_view store_id, const EnvelopeRecord& record) {
  return ByteWriter()
      .sized(store_id)
      .u32(record.id)
      .u8(static_cast<std::uint8_t>(EnvelopeType::kKeyFile))
      .u32(record.root_generation)
      .bytes();
}

Bytes encode_parameters(std::string_view key_id) { return ByteWriter().u8(kParametersFormat).sized(key_id).bytes(); }

Result<std::string> decode_parameters(ByteView parameters) {
  ByteReader in(parameters);
  TRY_ASSIGN(const std::uint8_t format, in.u8());
  if (format > kParametersFormat) return fail(ErrorCode::kNewerSchema);
  TRY_ASSIGN(std::string key_id, in.sized_text());
  TRY(in.expect_end());
  return key_id;
}

KeyFileKey make_key(RandomSource& random) {
  KeyFileKey key{make_uuid(random), SecretBytes(kKeyFileKeySize)};
  random.fill_private(key.key.expose_mutable());
  return key;
}

tl::unexpected<Error> wrong(std::string message) { return fail(ErrorCode::kWrongRootKey, std::move(message)); }

}  // namespace

struct KeyFileEnvelope::State {
  std::filesystem::path file;
  KeyFileContent content;
};

KeyFileEnvelope::KeyFileEnvelope(std::unique_ptr<State> state) : state_(std::move(state)) {}
KeyFileEnvelope::~KeyFileEnvelope() = default;

Result<std::unique_ptr<KeyFileEnvelope>> KeyFileEnvelope::create(CryptoContext& crypto, RandomSource& random,
                                                                 const std::filesystem::path& file,
                                                                 std::string_view store_id) {
  auto state = std::make_unique<State>();
  state->file = file;
  state->content.store_id = store_id;
  state->content.keys.push_back(make_key(random));
  TRY(create_secret_file(file, format_key_file(crypto, state->content)));
  return std::unique_ptr<KeyFileEnvelope>(new KeyFileEnvelope(std::move(state)));
}

Result<std::unique_ptr<KeyFileEnvelope>> KeyFileEnvelope::load(CryptoContext& crypto, const std::filesystem::path& file,
                                                               std::string_view store_id) {
  const Result<SecretBytes> text = read_secret_file(file);
  if (!text) {
    const Error& error = text.error();
    if (error.code == ErrorCode::kNotFound) {
      return wrong(
          fmt::format("The key file {} is missing. Put back your copy of it, or say where it is; without it the "
                      "store {} can't be opened.",
                      file.native(), store_id));
    }
    if (error.code == ErrorCode::kBadConfiguration) return wrong("The key file is refused. " + error.message);
    return fail(error);
  }
  auto state = std::make_unique<State>();
  state->file = file;
  Result<KeyFileContent> content = parse_key_file(crypto, text->expose());
  if (!content) {
    const bool newer = content.error().code == ErrorCode::kNewerSchema;
    return fail(newer ? ErrorCode::kNewerSchema : ErrorCode::kWrongRootKey,
                fmt::format("The key file {} can't be used: {}{}", file.native(), content.error().message,
                            newer ? "" : " Put back your copy of it."));
  }
  if (content->store_id != store_id) {
    return wrong(
        fmt::format("The key file {} belongs to the store {}, but this is the store {}. Use the key file and "
                    "the data folder that belong together.",
                    file.native(), content->store_id, store_id));
  }
  state->content = *std::move(content);
  return std::unique_ptr<KeyFileEnvelope>(new KeyFileEnvelope(std::move(state)));
}

Status KeyFileEnvelope::wrap(CryptoContext& crypto, RandomSource& random, std::string_view store_id,
                             const SecretBytes& root, EnvelopeRecord& record) {
  const KeyFileKey& newest = state_->content.keys.back();
  TRY_ASSIGN(record.wrapped_root,
             seal_box(crypto, random, newest.key.expose(), kLabel, binding(store_id, record), root.expose()));
  record.type = EnvelopeType::kKeyFile;
  record.parameters = encode_parameters(newest.id);
  record.label = state_->file.native();
  return {};
}

Result<SecretBytes> KeyFileEnvelope::unwrap(CryptoContext& crypto, std::string_view store_id,
                                            const EnvelopeRecord& record) {
  const auto damaged = [&](std::string_view what) {
    return fail(ErrorCode::kCorrupt, fmt::format("The envelope {} of the store is damaged or forged: {} Restore the "
                                                 "store from a backup.",
                                                 record.id, what));
  };
  if (record.type != EnvelopeType::kKeyFile) return wrong(fmt::format("Envelope {} is of no key file.", record.id));
  const Result<std::string> key_id = decode_parameters(record.parameters);
  if (!key_id && key_id.error().code == ErrorCode::kNewerSchema) {
    return fail(
        ErrorCode::kNewerSchema,
        fmt::format("The envelope {} was written by a later release of Kagimori. Use that release.", record.id));
  }
  if (!key_id) return damaged(key_id.error().message);
  const std::vector<KeyFileKey>& keys = state_->content.keys;
  const auto key = std::ranges::find(keys, *key_id, &KeyFileKey::id);
  if (key == keys.end()) {
    return wrong(
        fmt::format("The key file {} does not hold the key {} that envelope {} of the store {} asks for. It is "
                    "a copy from before the root key was rotated, or the store is; use the newest of both.",
                    state_->file.native(), *key_id, record.id, store_id));
  }
  Result<SecretBytes> root =
      open_box(crypto, key->key.expose(), kLabel, binding(store_id, record), record.wrapped_root);
  if (root || root.error().code == ErrorCode::kCrypto) return root;
  if (root.error().code == ErrorCode::kNewerSchema) {
    return fail(ErrorCode::kNewerSchema,
                fmt::format("The envelope {} can't be opened: {}", record.id, root.error().message));
  }
  return damaged(root.error().message);
}

Status KeyFileEnvelope::begin_rotation(CryptoContext& crypto, RandomSource& random) {
  if (rotation_begun()) return {};
  state_->content.keys.push_back(make_key(random));
  const Status written = replace_secret_file(state_->file, format_key_file(crypto, state_->content));
  // Only what is on disk may wrap anything.
  if (!written) state_->content.keys.pop_back();
  return written;
}

Status KeyFileEnvelope::finish_rotation(CryptoContext& crypto) {
  if (!rotation_begun()) return clear_secret_remains(state_->file);
  KeyFileKey old = std::move(state_->content.keys.front());
  state_->content.keys.erase(state_->content.keys.begin());
  const Status written = replace_secret_file(state_->file, format_key_file(crypto, state_->content));
  if (!written) state_->content.keys.insert(state_->content.keys.begin(), std::move(old));
  return written;
}

bool KeyFileEnvelope::rotation_begun() const { return state_->content.keys.size() == 2; }

bool KeyFileEnvelope::wraps_with_newest(const EnvelopeRecord& record) const {
  const Result<std::string> key_id = decode_parameters(record.parameters);
  return key_id && *key_id == state_->content.keys.back().id;
}

}  // namespace kagimori
