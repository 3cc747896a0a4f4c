#include "engine/strangers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kagimori {
namespace {

using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

Timestamp at(std::int64_t seconds) { return Timestamp::from_seconds(1'800'000'000 + seconds); }

std::uint64_t requests(const std::vector<StrangerReport>& reports) {
  std::uint64_t all = 0;
  for (const StrangerReport& report : reports) {
    for (const auto& [what, count] : report.requests) all += count;
  }
  return all;
}

TEST(Strangers, AreReportedBySourceOnceAMinute) {
  Strangers strangers;
  EXPECT_THAT(strangers.take(at(0), true), IsEmpty());
  strangers.note("192.0.2.1", "InvalidSignature", at(1));
  strangers.note("192.0.2.1", "InvalidSignature", at(2));
  strangers.note("192.0.2.1", "UnrecognizedClient", at(3));
  strangers.note("192.0.2.2", "no HTTP", at(4));
  const auto first = strangers.take(at(5), false);
  ASSERT_EQ(first.size(), 2u) << "the first time at once";
  EXPECT_EQ(first[0].source, "192.0.2.1");
  EXPECT_EQ(first[0].first, at(1));
  EXPECT_EQ(first[0].last, at(3));
  EXPECT_THAT(first[0].requests, UnorderedElementsAre(Pair("InvalidSignature", 2), Pair("UnrecognizedClient", 1)));
  EXPECT_EQ(first[1].source, "192.0.2.2");

  strangers.note("192.0.2.1", "InvalidSignature", at(6));
  EXPECT_THAT(strangers.take(at(64), false), IsEmpty());
  EXPECT_EQ(requests(strangers.take(at(65), false)), 1u);
  strangers.note("192.0.2.1", "InvalidSignature", at(66));
  EXPECT_EQ(requests(strangers.take(at(66), true)), 1u) << "the server ends";
}

TEST(Strangers, OfManySourcesSomeAreNamedAndNoneIsLost) {
  Strangers strangers;
  constexpr std::uint64_t kSources = 5'000;
  for (std::uint64_t i = 0; i < kSources; ++i) strangers.note(std::to_string(i), "x", at(static_cast<std::int64_t>(i)));
  const auto reports = strangers.take(at(0), false);
  ASSERT_EQ(reports.size(), Strangers::kReportsPerMinute + 1);
  EXPECT_EQ(reports.back().source, "");
  EXPECT_EQ(reports.back().sources, Strangers::kMaxSources - Strangers::kReportsPerMinute);
  EXPECT_EQ(reports.back().last, at(kSources - 1));
  EXPECT_EQ(requests(reports), kSources);
}

TEST(Strangers, NobodyFillsTheLog) {
  Strangers strangers;
  std::size_t named = 0, together = 0;
  std::uint64_t told = 0;
  std::size_t named_in_first_hour = 0;
  constexpr int kMinutes = 2 * 24 * 60;
  for (int minute = 0; minute < kMinutes; ++minute) {
    for (int i = 0; i < 100; ++i) strangers.note(std::to_string(i), "x", at(minute * 60));
    const auto reports = strangers.take(at(minute * 60), false);
    told += requests(reports);
    for (const StrangerReport& report : reports) ++(report.source.empty() ? together : named);
    if (minute < 60) named_in_first_hour = named;
  }
  EXPECT_EQ(named_in_first_hour, Strangers::kReportsPerHour);
  EXPECT_EQ(named, 2 * Strangers::kReportsPerDay);
  EXPECT_EQ(together, static_cast<std::size_t>(kMinutes));
  EXPECT_EQ(told, 100u * kMinutes);
}

TEST(Strangers, WhatCouldNotBeToldIsToldLater) {
  Strangers strangers;
  for (std::size_t i = 0; i < Strangers::kReportsPerMinute + 5; ++i)
    strangers.note(std::to_string(100 + i), "x", at(1));
  const auto reports = strangers.take(at(1), false);
  strangers.note(reports.front().source, "y", at(70));
  strangers.put_back(reports);
  const auto again = strangers.take(at(61), false);
  EXPECT_EQ(requests(again), Strangers::kReportsPerMinute + 6);
  EXPECT_THAT(again.front().requests, UnorderedElementsAre(Pair("x", 1), Pair("y", 1)));
  EXPECT_EQ(again.front().first, at(1));
  EXPECT_EQ(again.front().last, at(70));
}

}  // namespace
}  // namespace kagimori
