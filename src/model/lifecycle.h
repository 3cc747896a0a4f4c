#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace kagimori {

// The state of an object in two tiers (NIST SP 800-57 part 1 rev. 5 section 7; the layered view of the Cloud Security
// Alliance): tier 1 says what the object may do, the reasons say why. Values are stored.
enum class LifecycleState : std::uint8_t {
  kGenerated = 1,  // pre-active: proof of possession only
  kSuspended = 2,
  kActivated = 3,
  kDeactivated = 4,  // processes what was protected before; protects nothing new
  kDestroyed = 5,    // metadata and history stay
};

// Tier 2: a set of these. kCompromised never goes away. Bit numbers are stored.
enum class LifecycleReason : std::uint8_t {
  kAwaitingActivation = 0,
  kAwaitingImport = 1,
  kDisabled = 2,
  kOnHold = 3,
  kDistribution = 4,
  kReplacement = 5,
  kRotation = 6,
  kExpired = 7,
  kRevoked = 8,
  kCompromised = 9,
  kSuperseded = 10,
  kRetired = 11,
  kDestroyed = 12,
};

class ReasonSet {
 public:
  constexpr ReasonSet() = default;
  constexpr explicit ReasonSet(std::uint16_t bits) : bits_(bits) {}
  constexpr ReasonSet(std::initializer_list<LifecycleReason> reasons) {
    for (const LifecycleReason reason : reasons) bits_ = static_cast<std::uint16_t>(bits_ | bit(reason));
  }
  constexpr bool has(LifecycleReason reason) const { return (bits_ & bit(reason)) != 0; }
  constexpr ReasonSet with(LifecycleReason reason) const {
    return ReasonSet(static_cast<std::uint16_t>(bits_ | bit(reason)));
  }
  constexpr ReasonSet without(LifecycleReason reason) const {
    return ReasonSet(static_cast<std::uint16_t>(bits_ & ~bit(reason)));
  }
  constexpr ReasonSet both(ReasonSet other) const { return ReasonSet(static_cast<std::uint16_t>(bits_ & other.bits_)); }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr std::uint16_t bits() const { return bits_; }
  constexpr bool operator==(const ReasonSet&) const = default;

 private:
  static constexpr std::uint16_t bit(LifecycleReason reason) {
    return static_cast<std::uint16_t>(1u << static_cast<unsigned>(reason));
  }
  std::uint16_t bits_ = 0;
};

// What a use of key material means to the lifecycle.
enum class Purpose : std::uint8_t {
  kProtect,  // encrypt, sign, wrap, generate a MAC
  kProcess,  // decrypt, verify, unwrap, verify a MAC
  kConfirm,  // proof of possession
};

enum class LifecycleEvent : std::uint8_t {
  kActivate,    // lifts kAwaitingActivation
  kImport,      // material arrived: lifts kAwaitingImport
  kSuspend,     // adds a reason
  kResume,      // lifts a reason, or all of them
  kDeactivate,  // adds why: expired, revoked, superseded or retired
  kCompromise,
  kDestroy,
};

struct ObjectState {
  LifecycleState state = LifecycleState::kGenerated;
  ReasonSet reasons;
  // Whether a suspended object may still process what was protected before. AWS Disabled: false. kSuspend leaves it
  // false, who suspends sets it afterwards; leaving Suspended makes it false again.
  bool process_while_suspended = false;
  bool operator==(const ObjectState&) const = default;
};

enum class Permission : std::uint8_t { kNo, kYes, kExplicit };  // kExplicit: only with a permission of its own

// The one table. `lifecycle_test.cc` walks all of it.
Permission lifecycle_permits(const ObjectState& state, Purpose purpose);
// The state after the event, or kInvalidState with a sentence that says why not when the table has no such transition
// or the reason does not belong to the event. An object leaves Generated or Suspended for Activated when its last
// reason is lifted. A new state drops the reasons of the old one, except kCompromised, which stays for ever.
//   kSuspend, kDeactivate: `reason` is needed and added. kResume: the reason that ends, or nullopt for all.
//   The others know their reason; nullopt, or that very one.
Result<ObjectState> lifecycle_apply(const ObjectState& state, LifecycleEvent event,
                                    std::optional<LifecycleReason> reason = std::nullopt);

std::string_view lifecycle_state_name(LifecycleState state);     // "Generated", ...
std::string_view lifecycle_reason_name(LifecycleReason reason);  // "AwaitingActivation", ...
std::string_view lifecycle_event_name(LifecycleEvent event);     // "Activate", ...

}  // namespace kagimori
