#pragma once

#include <gtest/gtest.h>

#include <future>

#include "store/store.h"

namespace kagimori {

// Short forms for the tests of this folder.

inline Bytes bytes_of(std::string_view text) { return to_bytes(as_bytes(text)); }

inline Write put(Table table, std::string_view key, std::uint64_t revision, std::string_view value) {
  return {table, bytes_of(key), revision, bytes_of(value)};
}
inline Write erase(Table table, std::string_view key, std::uint64_t revision = 0) {
  return {table, bytes_of(key), revision, std::nullopt};
}
inline Expectation expect(Table table, std::string_view key, std::uint64_t revision) {
  return {table, bytes_of(key), revision};
}

inline Batch batch(std::vector<Write> writes, std::vector<Expectation> expectations = {}) {
  return {.expectations = std::move(expectations), .writes = std::move(writes), .events = {}};
}

// The value under a key as text, or "(none)", or the error's name.
inline std::string value_at(Store& store, Table table, std::string_view key) {
  const auto read = store.read();
  if (!read) return std::string(error_code_name(read.error().code));
  const auto record = (*read)->get(table, bytes_of(key));
  if (!record) return std::string(error_code_name(record.error().code));
  return *record ? std::string(as_text((*record)->value)) : "(none)";
}

// A commit whose answer is waited for later.
inline std::future<Result<std::uint64_t>> commit_later(Store& store, Batch change) {
  auto promise = std::make_shared<std::promise<Result<std::uint64_t>>>();
  std::future<Result<std::uint64_t>> answer = promise->get_future();
  store.commit(std::move(change),
               [promise](Result<std::uint64_t> revision) { promise->set_value(std::move(revision)); });
  return answer;
}

// "7" for a store revision, else the error's name.
inline std::string told(const Result<std::uint64_t>& answer) {
  return answer ? std::to_string(*answer) : std::string(error_code_name(answer.error().code));
}

}  // namespace kagimori
