#include "client/refusal.h"

#include <gmock/gmock.h>

namespace kagimori {
namespace {

using testing::HasSubstr;

TEST(Refusal, SaysWhatTheServerSaidAndWhatToDo) {
  const Error error = refusal("DeleteConflict", "Cannot delete entity, must delete policies first.");
  EXPECT_EQ(error.code, ErrorCode::kDeleteConflict);
  EXPECT_EQ(error.message,
            "The server refused this (DeleteConflict): Cannot delete entity, must delete policies first. Delete the "
            "user's access keys and policies first.");
}

TEST(Refusal, EndsEachSentence) {
  EXPECT_EQ(refusal("NoSuchEntity", "No user x").message,
            "The server refused this (NoSuchEntity): No user x. The `list` commands tell what there is.");
}

TEST(Refusal, PassesOnWhatItDoesNotKnow) {
  const Error error = refusal("BrandNew", "Something happened");
  EXPECT_EQ(error.code, ErrorCode::kValidation);
  EXPECT_EQ(error.message, "The server refused this (BrandNew): Something happened.");
}

TEST(Refusal, DoesNotAdviseOnPermissionsWhereTheEndpointIsWrong) {
  const Error error = refusal("AccessDenied", "This listener does not. Use another endpoint of the server.");
  EXPECT_EQ(error.code, ErrorCode::kAccessDenied);
  EXPECT_EQ(error.message,
            "The server refused this (AccessDenied): This listener does not. Use another endpoint of the server.");
}

TEST(Refusal, NeedsNoWords) { EXPECT_EQ(refusal("BrandNew", "").message, "The server refused this (BrandNew)."); }

TEST(StrangeAnswer, TellsABusyServerFromAnotherProgram) {
  EXPECT_EQ(strange_answer(503).code, ErrorCode::kServiceUnavailable);
  EXPECT_EQ(strange_answer(429).code, ErrorCode::kServiceUnavailable);
  EXPECT_EQ(strange_answer(404).code, ErrorCode::kIo);
  EXPECT_THAT(strange_answer(404).message, HasSubstr("404"));
}

}  // namespace
}  // namespace kagimori
