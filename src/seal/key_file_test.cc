#include "seal/key_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "crypto/digest.h"
#include "seal/root.h"
#include "seal/vault_test.h"

namespace kagimori {
namespace {

namespace fs = std::filesystem;
using seal_test::kStoreId;
using seal_test::make_crypto;
using seal_test::TemporaryFolder;
using ::testing::HasSubstr;

class KeyFile : public ::testing::Test {
 protected:
  KeyFileContent sample(std::size_t keys = 1) {
    KeyFileContent content;
    content.store_id = kStoreId;
    for (std::size_t i = 0; i < keys; ++i) {
      SecretBytes key(kKeyFileKeySize);
      std::ranges::fill(key.expose_mutable(), static_cast<std::uint8_t>(0x10 + i));
      content.keys.push_back({"00010203-0405-4607-8809-0a0b0c0d0e0" + std::to_string(i), std::move(key)});
    }
    return content;
  }
  std::string text(std::size_t keys = 1) {
    return std::string(as_text(format_key_file(*crypto_, sample(keys)).expose()));
  }
  // As `text`, with its checksum made right again.
  std::string with_checksum(std::string changed) {
    changed.resize(changed.rfind("checksum "));
    return changed + "checksum " + hex_sha256(changed) + "\n";
  }
  std::string hex_sha256(std::string_view bytes);
  std::string parsed(std::string_view file) {
    const auto content = parse_key_file(*crypto_, as_bytes(file));
    return content ? "fine" : content.error().message;
  }

  std::unique_ptr<CryptoContext> crypto_ = make_crypto();
};

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST_F(KeyFile, ComesBackAsItWasWritten) {
  for (const std::size_t keys : {1u, 2u}) {
    const auto content = parse_key_file(*crypto_, as_bytes(text(keys)));
    ASSERT_TRUE(content) << content.error().message;
    EXPECT_EQ(content->store_id, kStoreId);
    ASSERT_EQ(content->keys.size(), keys);
    for (std::size_t i = 0; i < keys; ++i) {
      EXPECT_EQ(content->keys[i].id, sample(keys).keys[i].id);
      EXPECT_TRUE(constant_time_equal(content->keys[i].key.expose(), sample(keys).keys[i].key.expose()));
    }
  }
}

TEST_F(KeyFile, LiesInSecretMemoryOnly) {
  const SecretMemoryStatus memory = secret_memory_status();
  const auto inside = [&](ByteView bytes) {
    const auto address = reinterpret_cast<std::uintptr_t>(bytes.data());
    return address >= memory.begin && address < memory.end;
  };
  const SecretBytes file = format_key_file(*crypto_, sample());
  EXPECT_TRUE(inside(file.expose()));
  EXPECT_TRUE(inside(parse_key_file(*crypto_, file.expose())->keys[0].key.expose()));
}

TEST_F(KeyFile, SaysWhatItIsAndWhatIsLostWithIt) {
  EXPECT_TRUE(text().starts_with("kagimori-key-file 1\n# "));
  EXPECT_THAT(text(), HasSubstr("loses every key in the store"));
}

TEST_F(KeyFile, EveryChangedCharacterIsSeen) {
  const std::string good = text();
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string changed = good;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_NE(parsed(changed), "fine") << i;
  }
}

TEST_F(KeyFile, EveryTruncationIsSeen) {
  const std::string good = text();
  for (std::size_t size = 0; size < good.size(); ++size) EXPECT_NE(parsed(good.substr(0, size)), "fine") << size;
}

TEST_F(KeyFile, SaysWhatIsWrong) {
  const std::string good = text();
  const std::string key_line = good.substr(good.find("\nkey ") + 1, 86);
  struct Case {
    std::string file;
    std::string message;
  };
  const Case cases[] = {
      {"", "it is not a Kagimori key file."},
      {"-----BEGIN PRIVATE KEY-----\n", "it is not a Kagimori key file."},
      {replaced(good, "file 1", "file x"), "its first line is damaged."},
      {replaced(good, "file 1", "file 0"), "its first line is damaged."},
      {replaced(good, "file 1", "file 2"),
       "it has version 2, which is of a later release of Kagimori. Use that release."},
      {good.substr(0, good.find("checksum")), "it is cut off: its last line, the checksum, is missing."},
      {replaced(good, "# This", "# this"), "it has been changed: its checksum does not match."},
      {replaced(good, "\n", "\r\n"), "its first line is damaged."},
      {good + "\n", "it has text after its checksum."},
      {with_checksum(replaced(good, "\nstore ", "\nshop ")),
       "it has a line that is neither store, key, checksum nor comment."},
      {with_checksum(replaced(good, "\nstore 0", "\nstore ")), "its store line is missing or damaged."},
      {with_checksum(replaced(good, key_line, "")), "it must hold one key, or two."},
      {with_checksum(replaced(good, key_line, key_line + key_line + key_line)), "it must hold one key, or two."},
      {with_checksum(replaced(good, "EBAQ", "EB=Q")), "a key line is damaged."},
      {with_checksum(replaced(good, "EBAQ", "")), "a key line is damaged."},
      {with_checksum(replaced(good, "key 00010203", "key 0001020")), "a key line is damaged."},
  };
  EXPECT_EQ(parsed(with_checksum(good)), "fine");
  for (const Case& c : cases) EXPECT_EQ(parsed(c.file), c.message) << c.file;
}

std::string KeyFile::hex_sha256(std::string_view bytes) {
  std::string hex;
  for (const std::uint8_t byte : sha256(*crypto_, as_bytes(bytes))) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

// The file itself: who may read it, and what it may be.
class KeyFileOnDisk : public ::testing::Test {
 protected:
  void SetUp() override {
    const mode_t before = umask(0);  // the mode must not hang on the umask
    const auto made = KeyFileEnvelope::create(*crypto_, random_, file(), kStoreId);
    umask(before);
    ASSERT_TRUE(made) << made.error().message;
  }
  fs::path file() const { return folder_.path() / "key"; }
  std::string load() {
    const auto envelope = KeyFileEnvelope::load(*crypto_, file(), kStoreId);
    if (envelope) return "fine";
    EXPECT_EQ(envelope.error().code, ErrorCode::kWrongRootKey);
    return envelope.error().message;
  }

  std::unique_ptr<CryptoContext> crypto_ = make_crypto();
  seal_test::CountingRandom random_;
  TemporaryFolder folder_;
};

TEST_F(KeyFileOnDisk, IsForItsOwnerAlone) {
  struct stat info{};
  ASSERT_EQ(stat(file().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
  EXPECT_EQ(load(), "fine");
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder_.path())) ++count;
  EXPECT_EQ(count, 1u);  // nothing is left beside it
}

TEST_F(KeyFileOnDisk, IsMadeReadableByItsOwnerWhateverTheUmask) {
  const mode_t before = umask(0777);
  const auto made = KeyFileEnvelope::create(*crypto_, random_, folder_.path() / "other", kStoreId);
  umask(before);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(KeyFileEnvelope::load(*crypto_, folder_.path() / "other", kStoreId));
}

TEST_F(KeyFileOnDisk, IsNeverOverwritten) {
  std::ifstream in(file());
  const std::string before((std::istreambuf_iterator<char>(in)), {});
  const auto again = KeyFileEnvelope::create(*crypto_, random_, file(), kStoreId);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kAlreadyExists);
  std::ifstream after(file());
  EXPECT_EQ(std::string((std::istreambuf_iterator<char>(after)), {}), before);
  fs::create_symlink("nowhere", folder_.path() / "dangling");
  EXPECT_FALSE(KeyFileEnvelope::create(*crypto_, random_, folder_.path() / "dangling", kStoreId));
  EXPECT_FALSE(fs::exists(folder_.path() / "nowhere"));
}

TEST_F(KeyFileOnDisk, IsRefusedWhenOthersCanUseIt) {
  for (const unsigned mode : {0640u, 0604u, 0620u, 0602u, 0610u, 0601u, 0644u}) {
    ASSERT_EQ(chmod(file().c_str(), mode), 0);
    EXPECT_THAT(load(), ::testing::AllOf(HasSubstr("can be used by others (mode 0"), HasSubstr("run: chmod 600 ")))
        << std::oct << mode;
  }
  ASSERT_EQ(chmod(file().c_str(), 0400), 0);
  EXPECT_EQ(load(), "fine");
}

TEST_F(KeyFileOnDisk, IsRefusedWhenItBelongsToSomebodyElse) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  ASSERT_EQ(chown(file().c_str(), 12345, 12345), 0);
  EXPECT_THAT(load(), HasSubstr("belongs to user 12345, but this process runs as user 0."));
}

TEST_F(KeyFileOnDisk, IsRefusedWhenItIsNoRegularFile) {
  fs::rename(file(), folder_.path() / "real");
  fs::create_symlink(folder_.path() / "real", file());
  EXPECT_THAT(load(), HasSubstr("is a symbolic link. Name the file itself."));
  fs::remove(file());
  fs::create_directory(file());
  EXPECT_THAT(load(), HasSubstr("is not a regular file."));
  fs::remove(file());
  ASSERT_EQ(mkfifo(file().c_str(), 0600), 0);  // must not wait for a writer
  EXPECT_THAT(load(), HasSubstr("is not a regular file."));
}

TEST_F(KeyFileOnDisk, IsRefusedWhenItIsDamagedOrTooLarge) {
  fs::resize_file(file(), 100);
  EXPECT_THAT(load(),
              ::testing::AllOf(HasSubstr("can't be used: it is cut off"), HasSubstr("Put back your copy of it.")));
  fs::resize_file(file(), 100'000);
  EXPECT_THAT(load(), HasSubstr("is too large to be what it should be."));
  fs::resize_file(file(), 0);
  EXPECT_THAT(load(), HasSubstr("it is not a Kagimori key file."));
}

TEST_F(KeyFileOnDisk, NeedsItsFolder) {
  const auto made = KeyFileEnvelope::create(*crypto_, random_, folder_.path() / "none" / "key", kStoreId);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kIo);
  EXPECT_THAT(made.error().message, HasSubstr("No such file or directory"));
}

TEST_F(KeyFileOnDisk, OfALaterReleaseIsNewerNotWrong) {
  std::fstream stream(file());
  stream.seekp(18);
  stream << '2';
  stream.close();
  const auto envelope = KeyFileEnvelope::load(*crypto_, file(), kStoreId);
  ASSERT_FALSE(envelope);
  EXPECT_EQ(envelope.error().code, ErrorCode::kNewerSchema);
}

// Whether a wrap took place under the old key or the new one, both open until the rotation is finished.
TEST_F(KeyFileOnDisk, HoldsTwoKeysDuringARotation) {
  const auto envelope = *KeyFileEnvelope::load(*crypto_, file(), kStoreId);
  SecretBytes root(32);
  root.expose_mutable()[0] = 77;
  EnvelopeRecord before, during;
  before.id = during.id = 4;
  ASSERT_TRUE(envelope->wrap(*crypto_, random_, kStoreId, root, before));
  ASSERT_TRUE(envelope->begin_rotation(*crypto_, random_));
  ASSERT_TRUE(envelope->begin_rotation(*crypto_, random_));
  ASSERT_TRUE(envelope->wrap(*crypto_, random_, kStoreId, root, during));
  EXPECT_FALSE(envelope->wraps_with_newest(before));
  EXPECT_TRUE(envelope->wraps_with_newest(during));
  const auto reloaded = *KeyFileEnvelope::load(*crypto_, file(), kStoreId);
  EXPECT_TRUE(reloaded->unwrap(*crypto_, kStoreId, before));
  EXPECT_TRUE(reloaded->unwrap(*crypto_, kStoreId, during));
  ASSERT_TRUE(reloaded->finish_rotation(*crypto_));
  ASSERT_TRUE(reloaded->finish_rotation(*crypto_));
  EXPECT_FALSE(reloaded->unwrap(*crypto_, kStoreId, before));
  EXPECT_EQ(reloaded->unwrap(*crypto_, kStoreId, during)->expose()[0], 77);
  EXPECT_EQ(load(), "fine");
}

TEST_F(KeyFileOnDisk, AFailedRotationLeavesTheOldKeyInUse) {
  const auto envelope = *KeyFileEnvelope::load(*crypto_, file(), kStoreId);
  fs::rename(folder_.path(), folder_.path().string() + "-away");
  EXPECT_FALSE(envelope->begin_rotation(*crypto_, random_));
  EXPECT_FALSE(envelope->rotation_begun());
  fs::rename(folder_.path().string() + "-away", folder_.path());
  EXPECT_EQ(load(), "fine");
  EXPECT_TRUE(envelope->begin_rotation(*crypto_, random_));
}

}  // namespace
}  // namespace kagimori
