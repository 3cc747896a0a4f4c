#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "model/key_state.h"
#include "seal/keyring.h"
#include "store/store.h"

namespace kagimori {

// How far ahead dates are counted, in days.
inline constexpr std::array<std::int64_t, 3> kDueDays = {1, 7, 30};

// What keys there are, of all accounts and Regions.
struct KeyCensusResult {
  std::map<std::pair<AwsKeyState, std::string_view>, std::uint64_t> keys;  // by state, and AWS's name of the spec
  std::array<std::uint64_t, kDueDays.size()> deletions{}, rotations{};     // due within kDueDays, or overdue
  std::uint64_t epochs = 0;
  Timestamp made;
};

// Counts the keys every few minutes, page by page, on a thread of its own; the more there are the more seldom, so that
// it takes at most a twentieth of a core. The states are those that the keys' own records tell.
class KeyCensus {
 public:
  struct Parts {
    Store& store;
    Keyrings& keyrings;
    const Clock& lifecycle_clock;
    const Clock& clock;
  };
  explicit KeyCensus(const Parts& parts);
  ~KeyCensus();
  KeyCensus(const KeyCensus&) = delete;
  KeyCensus& operator=(const KeyCensus&) = delete;

  // Nothing before the first is done.
  std::optional<KeyCensusResult> latest() const;

 private:
  void loop();
  Result<KeyCensusResult> count(CryptoContext& crypto);
  Result<bool> count_page(CryptoContext& crypto, Bytes& after, KeyCensusResult& result);
  bool is_stopping() const;

  const Parts parts_;
  mutable std::mutex mutex_;  // guards the three below
  std::optional<KeyCensusResult> latest_;
  bool stopping_ = false;
  std::condition_variable wake_;
  std::thread thread_;
};

}  // namespace kagimori
