// Kagimori.AdvanceLifecycleClock, Sweep, HoldSweeper, InjectFault, InjectStoreFault: for servers in test mode only.

#include <algorithm>
#include <array>

#include "dialects/aws/kagimori_operations.h"
#include "engine/accounts.h"

namespace kagimori::aws {
namespace {

constexpr NumberConstraint kSeconds{0, std::int64_t{3'650} * 86'400};
constexpr NumberConstraint kTimes{0, 1'000'000};
constexpr TextConstraint kErrorName{1, 64};
constexpr TextConstraint kOperationName{1, 64};
constexpr TextConstraint kTableName{1, 64};
constexpr std::array<std::string_view, 2> kStoreCalls = {"READ", "COMMIT"};
// What a back end of the store may answer.
constexpr std::array kStoreErrors = {ErrorCode::kCorrupt, ErrorCode::kDependencyTimeout,
                                     ErrorCode::kIo,      ErrorCode::kKeyUnavailable,
                                     ErrorCode::kStale,   ErrorCode::kStorageFull};

}  // namespace

JsonAnswer kagimori_advance_lifecycle_clock(JsonCall& call) {
  JsonMembers members(call.body);
  members.require("Seconds");
  const auto seconds = members.integer("Seconds", kSeconds);
  ANSWER_IF_FAILED(members.status());
  ANSWER_IF_FAILED(authorize_operator(call.caller, "kagimori:AdvanceLifecycleClock"));
  call.trail.parameter_json("seconds", std::to_string(*seconds));
  call.test_seam->advance_lifecycle_clock(*seconds);
  return answer_now(std::string());
}

JsonAnswer kagimori_sweep(JsonCall& call) {
  ANSWER_IF_FAILED(authorize_operator(call.caller, "kagimori:Sweep"));
  return answer_when_done([&engine = call.engine, &worker = call.worker](JsonAnswer::Done done) {
    engine.sweep_now(worker, [done = std::move(done)](const Status& swept) {
      done(swept ? Result<std::string>(std::string()) : Result<std::string>(fail(swept.error())));
    });
  });
}

JsonAnswer kagimori_hold_sweeper(JsonCall& call) {
  JsonMembers members(call.body);
  members.require("Held");
  const auto held = members.boolean("Held");
  ANSWER_IF_FAILED(members.status());
  ANSWER_IF_FAILED(authorize_operator(call.caller, "kagimori:HoldSweeper"));
  call.trail.parameter_json("held", *held ? "true" : "false");
  call.engine.hold_sweeper(*held);
  return answer_now(std::string());
}

JsonAnswer kagimori_inject_fault(JsonCall& call) {
  JsonMembers members(call.body);
  const std::string_view error = members.required_text("ErrorCode", kErrorName);
  const std::string_view operation = members.required_text("Operation", kOperationName);
  const auto times = members.integer("Times", kTimes);
  ANSWER_IF_FAILED(members.status());
  ANSWER_IF_FAILED(authorize_operator(call.caller, "kagimori:InjectFault"));
  call.trail.parameter("errorCode", error).parameter("operation", operation);
  if (!call.test_seam->faults.inject(error, operation, times.value_or(1))) {
    return answer_error(
        {ErrorCode::kValidation, "No error has this name. Use one of AWS KMS or IAM, such as KMSInternalException."});
  }
  return answer_now(std::string());
}

JsonAnswer kagimori_inject_store_fault(JsonCall& call) {
  JsonMembers members(call.body);
  const std::string_view error = members.required_text("ErrorCode", kErrorName);
  const std::string_view table = members.required_text("Table", kTableName);
  members.require("Call");
  const auto store_call = members.enumeration("Call", kStoreCalls);
  const auto times = members.integer("Times", kTimes);
  ANSWER_IF_FAILED(members.status());
  ANSWER_IF_FAILED(authorize_operator(call.caller, "kagimori:InjectStoreFault"));
  call.trail.parameter("errorCode", error).parameter("table", table).parameter("call", *store_call);
  const auto* const code =
      std::ranges::find_if(kStoreErrors, [error](ErrorCode known) { return error_code_name(known) == error; });
  if (code == kStoreErrors.end() ||
      !call.test_seam->inject_store_fault(table, *store_call == "COMMIT", *code, times.value_or(1))) {
    return answer_error({ErrorCode::kValidation,
                         "The store can't be told so. Use a table of its schema, such as keys, and one of the error "
                         "codes Corrupt, DependencyTimeout, Io, KeyUnavailable, Stale, StorageFull."});
  }
  return answer_now(std::string());
}

}  // namespace kagimori::aws
