#include "model/lifecycle.h"

#include <fmt/format.h>

#include <array>

namespace kagimori {
namespace {

using State = LifecycleState;
using Reason = LifecycleReason;
using Event = LifecycleEvent;

constexpr std::size_t kStates = 5;
constexpr std::size_t kEvents = 7;

constexpr std::size_t index_of(State state) { return static_cast<std::size_t>(state) - 1; }
constexpr std::size_t index_of(Event event) { return static_cast<std::size_t>(event); }

// Which reasons go with which state.
constexpr std::array<ReasonSet, kStates> kReasonsOf = {{
    {Reason::kAwaitingActivation, Reason::kAwaitingImport},
    {Reason::kDisabled, Reason::kOnHold, Reason::kDistribution, Reason::kReplacement, Reason::kRotation},
    {},
    {Reason::kExpired, Reason::kRevoked, Reason::kCompromised, Reason::kSuperseded, Reason::kRetired},
    {Reason::kDestroyed, Reason::kCompromised},
}};

// --- Permissions ---

enum class Cell : std::uint8_t {
  kNo,
  kYes,
  kExplicit,
  kStored,          // as stored with the suspension
  kStoredExplicit,  // the same, and then only with a permission of its own
};
struct PermissionRow {
  Cell protect, process, confirm;
};
constexpr Cell kN = Cell::kNo, kY = Cell::kYes;

constexpr std::array<PermissionRow, kStates> kPermissions = {{
    // protect, process, confirm
    {kN, kN, kY},             // Generated
    {kN, Cell::kStored, kN},  // Suspended
    {kY, kY, kY},             // Activated
    {kN, kY, kN},             // Deactivated
    {kN, kN, kN},             // Destroyed
}};
// The same with kCompromised among the reasons. lifecycle_apply brings it only to Deactivated and Destroyed; for the
// other states this is the careful answer.
constexpr std::array<PermissionRow, kStates> kPermissionsIfCompromised = {{
    {kN, kN, kN},                     // Generated
    {kN, Cell::kStoredExplicit, kN},  // Suspended
    {kN, Cell::kExplicit, kN},        // Activated
    {kN, Cell::kExplicit, kN},        // Deactivated
    {kN, kN, kN},                     // Destroyed
}};

Cell cell_of(const PermissionRow& row, Purpose purpose) {
  switch (purpose) {
    case Purpose::kProtect:
      return row.protect;
    case Purpose::kProcess:
      return row.process;
    case Purpose::kConfirm:
      return row.confirm;
  }
  return kN;
}

// --- Transitions ---

// kLift takes a reason away, and the object becomes active when none is left; the others lead to one state.
enum class To : std::uint8_t { kNowhere, kLift, kSuspended, kDeactivated, kDestroyed };
constexpr To kX = To::kNowhere, kL = To::kLift, kS = To::kSuspended, kD = To::kDeactivated, kZ = To::kDestroyed;

constexpr std::array<std::array<To, kEvents>, kStates> kTransitions = {{
    // Activate, Import, Suspend, Resume, Deactivate, Compromise, Destroy
    {kL, kL, kX, kX, kX, kD, kZ},  // Generated
    {kX, kX, kS, kL, kD, kD, kZ},  // Suspended
    {kX, kX, kS, kX, kD, kD, kZ},  // Activated
    {kX, kX, kX, kX, kD, kD, kZ},  // Deactivated
    {kX, kX, kX, kX, kX, kZ, kX},  // Destroyed: only found out to be compromised
}};

// The reasons an event may bring or lift, and the one it means when none is given.
struct EventReasons {
  ReasonSet allowed;
  std::optional<Reason> implied;
};
constexpr std::array<EventReasons, kEvents> kEventReasons = {{
    {{Reason::kAwaitingActivation}, Reason::kAwaitingActivation},
    {{Reason::kAwaitingImport}, Reason::kAwaitingImport},
    {kReasonsOf[index_of(State::kSuspended)], std::nullopt},
    {kReasonsOf[index_of(State::kSuspended)], std::nullopt},
    {{Reason::kExpired, Reason::kRevoked, Reason::kSuperseded, Reason::kRetired}, std::nullopt},
    {{Reason::kCompromised}, Reason::kCompromised},
    {{Reason::kDestroyed}, Reason::kDestroyed},
}};

constexpr std::array<std::string_view, kStates> kStateNames = {"Generated", "Suspended", "Activated", "Deactivated",
                                                               "Destroyed"};
constexpr std::array<std::string_view, 13> kReasonNames = {
    "AwaitingActivation", "AwaitingImport", "Disabled", "OnHold",  "Distribution",
    "Replacement",        "Rotation",       "Expired",  "Revoked", "Compromised",
    "Superseded",         "Retired",        "Destroyed"};
constexpr std::array<std::string_view, kEvents> kEventNames = {"Activate",   "Import",     "Suspend", "Resume",
                                                               "Deactivate", "Compromise", "Destroy"};

Result<ObjectState> lift(const ObjectState& state, Event event, std::optional<Reason> reason) {
  // An object that waits for nothing in particular may simply be activated.
  const bool plain_activation = event == Event::kActivate && state.reasons.empty();
  if (reason && !state.reasons.has(*reason) && !plain_activation) {
    return fail(ErrorCode::kInvalidState, fmt::format("The object does not have the reason {} that {} would lift.",
                                                      lifecycle_reason_name(*reason), lifecycle_event_name(event)));
  }
  ObjectState next = state;
  next.reasons = reason ? state.reasons.without(*reason) : state.reasons.both({Reason::kCompromised});
  if (next.reasons.both(kReasonsOf[index_of(state.state)]).empty()) {
    return ObjectState{State::kActivated, next.reasons, false};
  }
  return next;
}

ObjectState move_to(const ObjectState& state, State target, Reason reason) {
  const ReasonSet kept = state.state == target ? state.reasons : state.reasons.both({Reason::kCompromised});
  return {target, kept.with(reason), false};
}

}  // namespace

Permission lifecycle_permits(const ObjectState& state, Purpose purpose) {
  const bool compromised = state.reasons.has(Reason::kCompromised);
  const auto& table = compromised ? kPermissionsIfCompromised : kPermissions;
  switch (cell_of(table[index_of(state.state)], purpose)) {
    case Cell::kNo:
      return Permission::kNo;
    case Cell::kYes:
      return Permission::kYes;
    case Cell::kExplicit:
      return Permission::kExplicit;
    case Cell::kStored:
      return state.process_while_suspended ? Permission::kYes : Permission::kNo;
    case Cell::kStoredExplicit:
      return state.process_while_suspended ? Permission::kExplicit : Permission::kNo;
  }
  return Permission::kNo;
}

Result<ObjectState> lifecycle_apply(const ObjectState& state, LifecycleEvent event,
                                    std::optional<LifecycleReason> reason) {
  const To to = kTransitions[index_of(state.state)][index_of(event)];
  if (to == To::kNowhere) {
    return fail(ErrorCode::kInvalidState, fmt::format("An object in state {} can't take the event {}.",
                                                      lifecycle_state_name(state.state), lifecycle_event_name(event)));
  }
  const EventReasons& rule = kEventReasons[index_of(event)];
  if (reason && !rule.allowed.has(*reason)) {
    return fail(ErrorCode::kInvalidState, fmt::format("The reason {} does not belong to the event {}.",
                                                      lifecycle_reason_name(*reason), lifecycle_event_name(event)));
  }
  if (!reason) reason = rule.implied;
  if (to == To::kLift) return lift(state, event, reason);
  if (!reason) {
    return fail(ErrorCode::kInvalidState, fmt::format("The event {} needs a reason.", lifecycle_event_name(event)));
  }
  switch (to) {
    case To::kSuspended:
      return move_to(state, State::kSuspended, *reason);
    case To::kDeactivated:
      return move_to(state, State::kDeactivated, *reason);
    default:
      return move_to(state, State::kDestroyed, *reason);
  }
}

std::string_view lifecycle_state_name(LifecycleState state) { return kStateNames[index_of(state)]; }
std::string_view lifecycle_reason_name(LifecycleReason reason) {
  return kReasonNames[static_cast<std::size_t>(reason)];
}
std::string_view lifecycle_event_name(LifecycleEvent event) { return kEventNames[index_of(event)]; }

}  // namespace kagimori
