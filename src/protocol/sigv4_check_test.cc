#include <gtest/gtest.h>

#include <algorithm>

#include "protocol/sigv4.h"

namespace kagimori {
namespace {

constexpr Timestamp kNoon = Timestamp::from_seconds(1'795'348'800);  // 2026-11-22T12:00:00Z

SigV4Evidence evidence_at(Timestamp time) {
  SigV4Evidence evidence;
  const std::string iso = to_iso_basic(time);
  std::copy(iso.begin(), iso.end(), evidence.iso_time.begin());
  evidence.time = time;
  evidence.scope_date = "20261122";
  evidence.region = "us-east-1";
  evidence.service = "kms";
  evidence.terminator = "aws4_request";
  return evidence;
}

SigV4Evidence presigned_at(Timestamp time, std::int64_t expires) {
  SigV4Evidence evidence = evidence_at(time);
  evidence.presigned = true;
  evidence.expires_seconds = expires;
  return evidence;
}

std::string message_of(const Status& status) {
  if (status) return "accepted";
  EXPECT_EQ(status.error().code, ErrorCode::kInvalidSignature);
  return status.error().message;
}

TEST(SigV4Scope, AcceptsTheRightOneOnly) {
  EXPECT_TRUE(check_scope(evidence_at(kNoon), "us-east-1", "kms"));
  EXPECT_EQ(message_of(check_scope(evidence_at(kNoon), "eu-central-1", "kms")),
            "Credential should be scoped to a valid region, not 'us-east-1'. ");
  EXPECT_EQ(message_of(check_scope(evidence_at(kNoon), "us-east-1", "sts")),
            "Credential should be scoped to correct service: 'sts'. ");
  SigV4Evidence evidence = evidence_at(kNoon);
  evidence.terminator = "aws5_request";
  EXPECT_EQ(message_of(check_scope(evidence, "us-east-1", "kms")),
            "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'. ");
  evidence.region = "US-EAST-1";
  evidence.service = "";
  evidence.terminator = "";
  EXPECT_EQ(message_of(check_scope(evidence, "us-east-1", "kms")),
            "Credential should be scoped to a valid region, not 'US-EAST-1'. Credential should be scoped to correct "
            "service: 'kms'. Credential should be scoped with a valid terminator: 'aws4_request', not ''. ");
}

TEST(SigV4Scope, QuotesPrintableTextOnly) {
  SigV4Evidence evidence = evidence_at(kNoon);
  const std::string region = "a\n\"\xff" + std::string(100, 'x');
  evidence.region = region;
  EXPECT_EQ(message_of(check_scope(evidence, "us-east-1", "kms")),
            "Credential should be scoped to a valid region, not 'a?\"?" + std::string(60, 'x') + "...'. ");
}

TEST(SigV4Time, AcceptsFiveMinutesEachWay) {
  for (const int seconds : {-300, -299, 0, 299, 300}) {
    EXPECT_TRUE(check_time(evidence_at(kNoon.plus_seconds(seconds)), kNoon)) << seconds;
  }
  // Fractions of the clock's second count for neither side.
  EXPECT_TRUE(check_time(evidence_at(kNoon.plus_seconds(-300)), {kNoon.micros + 999'999}));
}

TEST(SigV4Time, SaysWhatExpired) {
  EXPECT_EQ(message_of(check_time(evidence_at(kNoon.plus_seconds(-301)), kNoon)),
            "Signature expired: 20261122T115459Z is now earlier than 20261122T115500Z (20261122T120000Z - 5 min.)");
  EXPECT_EQ(message_of(check_time(evidence_at(kNoon.plus_seconds(-91)), kNoon, {.max_skew_seconds = 90})),
            "Signature expired: 20261122T115829Z is now earlier than 20261122T115830Z (20261122T120000Z - 90 sec.)");
}

TEST(SigV4Time, SaysWhatIsNotYetCurrent) {
  EXPECT_EQ(message_of(check_time(evidence_at(kNoon.plus_seconds(301)), kNoon)),
            "Signature not yet current: 20261122T120501Z is still later than 20261122T120500Z (20261122T120000Z + 5 "
            "min.)");
}

TEST(SigV4Time, WantsTheDayOfTheScope) {
  SigV4Evidence evidence = evidence_at(kNoon);
  for (const char* day : {"20261121", "20261123", "", "2026112", "202611222", "20261122T"}) {
    evidence.scope_date = day;
    EXPECT_EQ(
        message_of(check_time(evidence, kNoon)),
        std::string("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '") +
            day + "' != '20261122', from '20261122T120000Z'.");
  }
}

TEST(SigV4Time, LetsPresignedRequestsLiveAsLongAsTheySay) {
  EXPECT_TRUE(check_time(presigned_at(kNoon, 60), kNoon.plus_seconds(60)));
  EXPECT_TRUE(check_time(presigned_at(kNoon, 300), kNoon.plus_seconds(300)));
  EXPECT_TRUE(check_time(presigned_at(kNoon, 1), kNoon.plus_seconds(-300)));
  EXPECT_EQ(message_of(check_time(presigned_at(kNoon, 60), kNoon.plus_seconds(61))),
            "Signature expired: 20261122T120000Z is now earlier than 20261122T120001Z (20261122T120101Z - 1 min.)");
  EXPECT_NE(message_of(check_time(presigned_at(kNoon, 60), kNoon.plus_seconds(-301))), "accepted");
  EXPECT_NE(message_of(check_time(presigned_at(kNoon, 1), kNoon.plus_seconds(2))), "accepted");
}

TEST(SigV4Time, BoundsWhatPresignedRequestsMaySay) {
  EXPECT_EQ(message_of(check_time(presigned_at(kNoon, 301), kNoon)), "X-Amz-Expires must be at most 300 seconds here.");
  EXPECT_EQ(message_of(check_time(presigned_at(kNoon, 1), kNoon, {.max_presigned_expires = 0})),
            "Presigned requests are not accepted here. Sign the request in its Authorization header.");
  EXPECT_TRUE(check_time(presigned_at(kNoon, 604'800), kNoon, {.max_presigned_expires = 604'800}));
}

TEST(SigV4Time, APresignedRequestThatSaysNothingLivesAsLongAsAllowed) {
  EXPECT_TRUE(check_time(presigned_at(kNoon, 0), kNoon.plus_seconds(300)));
  EXPECT_EQ(message_of(check_time(presigned_at(kNoon, 0), kNoon.plus_seconds(301))),
            "Signature expired: 20261122T120000Z is now earlier than 20261122T120001Z (20261122T120501Z - 5 min.)");
  EXPECT_NE(message_of(check_time(presigned_at(kNoon, 0), kNoon, {.max_presigned_expires = 0})), "accepted");
}

}  // namespace
}  // namespace kagimori
