#include "model/lifecycle.h"

namespace kagimori {
namespace {

using State = LifecycleState;
using Reason = LifecycleReason;
using Event = LifecycleEvent;

constexpr State kStates[] = {State::kGenerated, State::kSuspended, State::kActivated, State::kDeactivated,
                             State::kDestroyed};
constexpr Event kEvents[] = {Event::kActivate,   Event::kImport,     Event::kSuspend, Event::kResume,
                             Event::kDeactivate, Event::kCompromise, Event::kDestroy};
constexpr Purpose kPurposes[] = {Purpose::kProtect, Purpose::kProcess, Purpose::kConfirm};
constexpr int kReasons = 13;
constexpr std::uint16_t kReasonBits = (1u << kReasons) - 1;

ObjectState make(State state, ReasonSet reasons = {}, bool process = false) { return {state, reasons, process}; }

// design.md, "Lifecycle", in words of its own: y yes, n no, e explicit, s as stored.
char permitted(State state, Purpose purpose) {
  constexpr std::string_view kTable[] = {"nny", "nsn", "yyy", "nyn", "nnn"};
  return kTable[static_cast<int>(state) - 1][static_cast<std::size_t>(purpose)];
}

TEST(LifecyclePermits, EveryStateWithEveryReasonsForEveryPurpose) {
  for (const State state : kStates) {
    for (std::uint32_t bits = 0; bits <= kReasonBits; ++bits) {
      const ReasonSet reasons(static_cast<std::uint16_t>(bits));
      for (const bool process : {false, true}) {
        for (const Purpose purpose : kPurposes) {
          const Permission permission = lifecycle_permits(make(state, reasons, process), purpose);
          const char normal = permitted(state, purpose);
          const bool allowed = normal == 'y' || (normal == 's' && process);
          if (!allowed) {
            ASSERT_EQ(permission, Permission::kNo);
          } else if (!reasons.has(Reason::kCompromised)) {
            ASSERT_EQ(permission, Permission::kYes);
          } else {
            ASSERT_EQ(permission, purpose == Purpose::kProcess ? Permission::kExplicit : Permission::kNo);
          }
        }
      }
    }
  }
}

TEST(LifecyclePermits, ACompromisedDeactivatedObjectProcessesOnlyExplicitly) {
  const ObjectState state = make(State::kDeactivated, {Reason::kRevoked, Reason::kCompromised});
  EXPECT_EQ(lifecycle_permits(state, Purpose::kProcess), Permission::kExplicit);
  EXPECT_EQ(lifecycle_permits(state, Purpose::kProtect), Permission::kNo);
}

// Where an event leads, with a reason that it accepts, from a state that has all its reasons; '.' nowhere.
// G, S, A, D, Z: the states. The reasons of G and S are lifted one by one, so one of two stays.
constexpr std::string_view kExpected[] = {
    // Activate Import Suspend Resume Deactivate Compromise Destroy
    "GG...DZ",  // Generated, awaiting activation and import
    "..SSDDZ",  // Suspended, disabled and on hold
    "..S.DDZ",  // Activated
    "....DDZ",  // Deactivated
    ".....Z.",  // Destroyed
};

ObjectState full(State state) {
  switch (state) {
    case State::kGenerated:
      return make(state, {Reason::kAwaitingActivation, Reason::kAwaitingImport});
    case State::kSuspended:
      return make(state, {Reason::kDisabled, Reason::kOnHold}, true);
    case State::kActivated:
      return make(state);
    case State::kDeactivated:
      return make(state, {Reason::kExpired});
    case State::kDestroyed:
      return make(state, {Reason::kDestroyed});
  }
  return {};
}

std::optional<Reason> fitting(Event event) {
  switch (event) {
    case Event::kSuspend:
    case Event::kResume:
      return Reason::kDisabled;
    case Event::kDeactivate:
      return Reason::kRetired;
    default:
      return std::nullopt;
  }
}

TEST(LifecycleApply, EveryStateAndEvent) {
  constexpr std::string_view kLetters = "GSADZ";
  for (const State state : kStates) {
    for (const Event event : kEvents) {
      const char expected = kExpected[static_cast<int>(state) - 1][static_cast<std::size_t>(event)];
      const auto next = lifecycle_apply(full(state), event, fitting(event));
      const std::string what =
          std::string(lifecycle_state_name(state)) + " " + std::string(lifecycle_event_name(event));
      if (expected == '.') {
        ASSERT_FALSE(next) << what;
        EXPECT_EQ(next.error().code, ErrorCode::kInvalidState);
        EXPECT_THAT(next.error().message, testing::HasSubstr(std::string(lifecycle_state_name(state))));
        EXPECT_THAT(next.error().message, testing::HasSubstr(std::string(lifecycle_event_name(event))));
      } else {
        ASSERT_TRUE(next) << what << ": " << next.error().message;
        EXPECT_EQ(kLetters[static_cast<std::size_t>(next->state) - 1], expected) << what;
      }
    }
  }
}

// Every event with every reason: accepted only where the reason belongs to the event, and what results holds only
// reasons of its own state.
TEST(LifecycleApply, EveryReasonWithEveryEvent) {
  constexpr std::string_view kAccepts[] = {"0",    "1", "23456", "23456",
                                           "78ab", "9", "c"};  // reasons in hexadecimal, for each event
  constexpr std::string_view kReasonsOfState[] = {"01", "23456", "", "789ab", "9c"};
  constexpr std::string_view kHex = "0123456789abc";
  for (const State state : kStates) {
    for (const Event event : kEvents) {
      for (int r = 0; r < kReasons; ++r) {
        const auto next = lifecycle_apply(full(state), event, static_cast<Reason>(r));
        const bool belongs =
            kAccepts[static_cast<std::size_t>(event)].find(kHex[static_cast<std::size_t>(r)]) != std::string_view::npos;
        if (!belongs) {
          ASSERT_FALSE(next);
          continue;
        }
        if (!next) continue;
        const std::string_view fits = kReasonsOfState[static_cast<std::size_t>(next->state) - 1];
        for (int other = 0; other < kReasons; ++other) {
          if (next->reasons.has(static_cast<Reason>(other))) {
            EXPECT_NE(fits.find(kHex[static_cast<std::size_t>(other)]), std::string_view::npos);
          }
        }
      }
    }
  }
}

TEST(LifecycleApply, CompromisedNeverGoesAway) {
  for (const State state : kStates) {
    ObjectState compromised = full(state);
    compromised.reasons = compromised.reasons.with(Reason::kCompromised);
    for (const Event event : kEvents) {
      for (const std::optional<Reason>& reason : {fitting(event), std::optional<Reason>()}) {
        const auto next = lifecycle_apply(compromised, event, reason);
        if (next) {
          EXPECT_TRUE(next->reasons.has(Reason::kCompromised));
        }
      }
    }
  }
}

TEST(LifecycleApply, ImportAndActivationAreBothAwaited) {
  const ObjectState both = full(State::kGenerated);
  const auto imported = lifecycle_apply(both, Event::kImport);
  EXPECT_EQ(imported.value(), make(State::kGenerated, {Reason::kAwaitingActivation}));
  EXPECT_EQ(lifecycle_apply(*imported, Event::kActivate).value(), make(State::kActivated));
  const auto activated = lifecycle_apply(both, Event::kActivate);
  EXPECT_EQ(activated.value(), make(State::kGenerated, {Reason::kAwaitingImport}));
  EXPECT_EQ(lifecycle_apply(*activated, Event::kImport).value(), make(State::kActivated));
  EXPECT_FALSE(lifecycle_apply(*activated, Event::kActivate));
  EXPECT_FALSE(lifecycle_apply(*imported, Event::kImport));
}

TEST(LifecycleApply, WhatAwaitsNothingIsActivatedButNotImported) {
  EXPECT_EQ(lifecycle_apply({}, Event::kActivate).value(), make(State::kActivated));
  EXPECT_EQ(lifecycle_apply({}, Event::kActivate, Reason::kAwaitingActivation).value(), make(State::kActivated));
  EXPECT_FALSE(lifecycle_apply({}, Event::kImport));
}

TEST(LifecycleApply, ResumeLiftsOneReasonOrAll) {
  const ObjectState state = full(State::kSuspended);
  EXPECT_EQ(lifecycle_apply(state, Event::kResume, Reason::kDisabled).value(),
            make(State::kSuspended, {Reason::kOnHold}, true));
  EXPECT_EQ(lifecycle_apply(state, Event::kResume).value(), make(State::kActivated));
  EXPECT_FALSE(lifecycle_apply(state, Event::kResume, Reason::kRotation));
  const ObjectState disabled = make(State::kSuspended, {Reason::kDisabled});
  EXPECT_EQ(lifecycle_apply(disabled, Event::kResume, Reason::kDisabled).value(), make(State::kActivated));
}

TEST(LifecycleApply, AFurtherSuspensionAddsItsReasonAndAllowsNothing) {
  const auto next =
      lifecycle_apply(make(State::kSuspended, {Reason::kOnHold}, true), Event::kSuspend, Reason::kDisabled);
  EXPECT_EQ(next.value(), make(State::kSuspended, {Reason::kDisabled, Reason::kOnHold}, false));
}

TEST(LifecycleApply, SuspensionAndDeactivationNeedAReason) {
  EXPECT_FALSE(lifecycle_apply(make(State::kActivated), Event::kSuspend));
  EXPECT_FALSE(lifecycle_apply(make(State::kActivated), Event::kDeactivate));
}

TEST(LifecycleApply, DestroyedIsFinalButMayTurnOutCompromised) {
  const auto destroyed = lifecycle_apply(full(State::kSuspended), Event::kDestroy);
  EXPECT_EQ(destroyed.value(), make(State::kDestroyed, {Reason::kDestroyed}));
  EXPECT_EQ(lifecycle_apply(*destroyed, Event::kCompromise).value(),
            make(State::kDestroyed, {Reason::kDestroyed, Reason::kCompromised}));
  EXPECT_FALSE(lifecycle_apply(*destroyed, Event::kDestroy));
}

TEST(LifecycleNames, AllDiffer) {
  std::vector<std::string_view> names;
  for (const State state : kStates) names.push_back(lifecycle_state_name(state));
  for (int r = 0; r < kReasons - 1; ++r) names.push_back(lifecycle_reason_name(static_cast<Reason>(r)));
  for (const Event event : kEvents) names.push_back(lifecycle_event_name(event));
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
  EXPECT_EQ(lifecycle_reason_name(Reason::kCompromised), "Compromised");
  EXPECT_EQ(lifecycle_reason_name(Reason::kDestroyed), "Destroyed");
}

}  // namespace
}  // namespace kagimori
