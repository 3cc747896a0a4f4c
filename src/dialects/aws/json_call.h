#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "dialects/aws/json_members.h"
#include "engine/engine.h"
#include "protocol/json_writer.h"

namespace kagimori::aws {

struct TestSeam;

// One JSON 1.1 request that has been authenticated, on its worker's thread.
struct JsonCall {
  Engine& engine;
  EngineWorker& worker;
  const Caller& caller;
  Trail& trail;
  const JsonValue& body;
  TestSeam* test_seam = nullptr;  // not null in test mode only
};

// What an operation makes of its call: an answer at once, work for the pool, or something that it starts itself and
// that calls `done` once, on the worker's thread, when it is over.
struct JsonAnswer {
  using Done = std::function<void(Result<std::string>)>;
  std::optional<Result<std::string>> body;
  Engine::Work work;
  std::function<void(Done done)> start;
  Engine::Prepare prepare;     // of `work`
  bool calls_outside = false;  // so does `work`, see Engine::run
};

inline JsonAnswer answer_now(Result<std::string> body) { return {std::move(body), {}, {}, {}, false}; }
inline JsonAnswer answer_error(Error error) { return {Result<std::string>(fail(std::move(error))), {}, {}, {}, false}; }
inline JsonAnswer answer_later(Engine::Work work, Engine::Prepare prepare = {}) {
  return {std::nullopt, std::move(work), {}, std::move(prepare), false};
}
// Of work that talks to an external key store proxy or an HSM.
inline JsonAnswer answer_from_outside(Engine::Work work) { return {std::nullopt, std::move(work), {}, {}, true}; }
inline JsonAnswer answer_when_done(std::function<void(JsonAnswer::Done)> start) {
  return {std::nullopt, {}, std::move(start), {}, false};
}

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
