#pragma once

#include <optional>
#include <string>
#include <utility>

#include "dialects/aws/json_members.h"
#include "engine/engine.h"
#include "protocol/json_writer.h"

namespace kagimori::aws {

// One JSON 1.1 request that has been authenticated, on its worker's thread.
struct JsonCall {
  Engine& engine;
  EngineWorker& worker;
  const Caller& caller;
  Trail& trail;
  const JsonValue& body;
};

// What an operation makes of its call: an answer at once, or work for the pool.
struct JsonAnswer {
  std::optional<Result<std::string>> body;
  Engine::Work work;
};

inline JsonAnswer answer_now(Result<std::string> body) { return {std::move(body), {}}; }
inline JsonAnswer answer_error(Error error) { return {Result<std::string>(fail(std::move(error))), {}}; }
inline JsonAnswer answer_later(Engine::Work work) { return {std::nullopt, std::move(work)}; }

// Leaves an operation with the error of a status.
#define ANSWER_IF_FAILED(expr)                                                 \
  do {                                                                         \
    if (auto answer_status_ = (expr); !answer_status_) {                       \
      return ::kagimori::aws::answer_error(std::move(answer_status_).error()); \
    }                                                                          \
  } while (false)

struct JsonOperation {
  std::string_view name;
  JsonAnswer (*handle)(JsonCall&);
};

}  // namespace kagimori::aws
