#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "audit/log.h"
#include "audit/log_key.h"
#include "audit/sequencer.h"
#include "audit/verifier.h"
#include "base/clock.h"
#include "crypto/random.h"
#include "model/ids.h"
#include "model/record_codec.h"
#include "model/record_keys.h"
#include "seal/root.h"
#include "seal/sealed_batch.h"
#include "store/temporary_store.h"

namespace kagimori::audit {

// A store with a key for its log, and the log with short segments.
class SequencerTest : public testing::Test {
 protected:
  SequencerTest() : folder_{store_.folder() / "audit"} {
    constexpr std::string_view kStoreId = "0b9c1f5e-8a54-4c0e-9f55-3d1a7c2e4b60";
    const auto envelope = *KeyFileEnvelope::create(*crypto_, random_, store_.folder() / "key", kStoreId);
    keyrings_ = *create_root(*crypto_, {*store_, clock_, random_, {}}, std::string(kStoreId), false, *envelope);
    change([this](ReadTransaction& view) { return begin_log(*crypto_, random_, *keyrings_, view, Timestamp{1}); });
  }

  void change(const std::function<Result<LogKeyChange>(ReadTransaction&)>& make) {
    auto view = std::move(store_->read().value());
    const auto made = make(*view);
    ASSERT_TRUE(made) << made.error().message;
    SealedBatch batch(*keyrings_, *crypto_, view->store_revision());
    const auto put = [&](const AuditKey& key, std::uint64_t revision) {
      EXPECT_TRUE(
          batch.put(kSystemAccount, Table::kAuditKeys, record_key::audit_key(key.number), revision, encode(key)));
    };
    put(made->fresh, 0);
    if (made->retired) put(*made->retired, made->retired_revision);
    view.reset();
    ASSERT_TRUE(store_->commit_and_wait(std::move(batch).take()));
  }

  void open() {
    log_ = *Log::open({folder_.path, Durability::kWrite, 1000});
    auto sequencer = Sequencer::open({*log_, *store_, *keyrings_});
    ASSERT_TRUE(sequencer) << sequencer.error().message;
    sequencer_ = *std::move(sequencer);
    ASSERT_TRUE(sequencer_->start());
  }
  std::string refusal() {
    log_ = *Log::open({folder_.path, Durability::kWrite, 1000});
    const auto sequencer = Sequencer::open({*log_, *store_, *keyrings_});
    const std::string message = sequencer ? "it was opened" : sequencer.error().message;
    log_.reset();
    return message;
  }
  void close() {
    sequencer_.reset();
    log_.reset();
  }
  void append(int count) {
    std::string lines;
    for (int i = 0; i < count; ++i) lines += fmt::format("{{\"event\":{}}}\n", appended_++);
    ASSERT_TRUE(log_->append(lines));
  }
  Verification verify(const std::optional<std::string>& from = std::nullopt) {
    const auto result = verify_log(*crypto_, {folder_.path, std::nullopt, from});
    EXPECT_TRUE(result) << result.error().message;
    return result.value_or(Verification{});
  }
  std::string read(const std::filesystem::path& file) {
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    return text.str();
  }
  void write(const std::filesystem::path& file, std::string_view text) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
  }

  TemporaryStore store_;
  std::unique_ptr<CryptoContext> crypto_ = *CryptoContext::create();
  OpensslRandom random_{*crypto_};
  ManualClock clock_{Timestamp::from_seconds(1'800'000'000)};
  std::unique_ptr<Keyrings> keyrings_;
  LogFolder folder_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<Sequencer> sequencer_;
  int appended_ = 0;
};

}  // namespace kagimori::audit
