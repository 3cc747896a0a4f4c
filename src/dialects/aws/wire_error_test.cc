#include "dialects/aws/wire_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "engine/audit_error_code.h"

namespace kagimori::aws {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr auto kLast = static_cast<std::uint16_t>(ErrorCode::kWrongRootKey);
constexpr std::string_view kRequestId = "22222222-2222-4222-8222-222222222222";
constexpr std::string_view kNamespace = "https://iam.amazonaws.com/doc/2010-05-08/";
constexpr std::string_view kInside = "/var/lib/kagimori/store.db is on fire";

// Codes whose sentences are for the server's log only.
const std::set<ErrorCode> kHouseOnly = {
    ErrorCode::kInternal,    ErrorCode::kBadConfiguration,
    ErrorCode::kCacheMiss,   ErrorCode::kCorrupt,
    ErrorCode::kCrypto,      ErrorCode::kIo,
    ErrorCode::kNewerSchema, ErrorCode::kStale,
    ErrorCode::kStorageFull, ErrorCode::kWrongRootKey,
};

std::vector<ErrorCode> all_codes() {
  std::vector<ErrorCode> codes;
  for (std::uint16_t i = 0; i <= kLast; ++i) codes.push_back(static_cast<ErrorCode>(i));
  return codes;
}
std::string header(const HttpResponse& response, std::string_view name) {
  for (const auto& field : response.headers) {
    if (field.name == name) return std::string(field.value);
  }
  return "(none)";
}

TEST(WireErrorTest, EveryCodeOfTheCallerHasARowOfItsOwn) {
  std::set<std::string_view> types;
  for (const ErrorCode code : all_codes()) {
    const WireError& wire = wire_error(code);
    if (kHouseOnly.contains(code)) {
      EXPECT_EQ(wire.json_type, "KMSInternalException") << error_code_name(code);
      EXPECT_EQ(wire.json_status, 500) << error_code_name(code);
      EXPECT_EQ(wire.query_code, "ServiceFailure") << error_code_name(code);
      EXPECT_EQ(wire.query_status, 500) << error_code_name(code);
      continue;
    }
    EXPECT_NE(wire.json_type, "KMSInternalException") << error_code_name(code);
    EXPECT_FALSE(wire.query_code.empty()) << error_code_name(code);
    if (code != ErrorCode::kServiceUnavailable) {
      EXPECT_TRUE(types.insert(wire.json_type).second) << wire.json_type << " twice";
    }
  }
}

// Who searches the audit log for what a client reported must find it.
TEST(WireErrorTest, TheAuditLogNamesAnErrorAsTheClientSawIt) {
  const std::set<ErrorCode> only_iam = {ErrorCode::kDeleteConflict,     ErrorCode::kEntityAlreadyExists,
                                        ErrorCode::kInvalidInput,       ErrorCode::kMalformedPolicy,
                                        ErrorCode::kNoSuchEntity,       ErrorCode::kPackedPolicyTooLarge,
                                        ErrorCode::kPolicyEvaluation,   ErrorCode::kPolicyNotAttachable,
                                        ErrorCode::kUnmodifiableEntity, ErrorCode::kEntityTemporarilyUnmodifiable};
  for (const ErrorCode code : all_codes()) {
    const WireError& wire = wire_error(code);
    if (code == ErrorCode::kAccessDenied) {
      EXPECT_EQ(audit_error_code(code), "AccessDenied");
    } else if (only_iam.contains(code)) {
      EXPECT_EQ(audit_error_code(code), std::string(wire.query_code) + "Exception");
    } else {
      EXPECT_EQ(audit_error_code(code), wire.json_type) << error_code_name(code);
    }
  }
}

TEST(WireErrorTest, TheCallersFaultsAre4xxAndKmsSays400) {
  for (const ErrorCode code : all_codes()) {
    const WireError& wire = wire_error(code);
    const bool servers_fault = kHouseOnly.contains(code) || code == ErrorCode::kDependencyTimeout ||
                               code == ErrorCode::kKeyUnavailable || code == ErrorCode::kPolicyEvaluation ||
                               code == ErrorCode::kServiceUnavailable;
    EXPECT_EQ(wire.json_status >= 500, servers_fault) << error_code_name(code);
    EXPECT_EQ(wire.query_status >= 500, servers_fault) << error_code_name(code);
    if (!servers_fault) {
      EXPECT_EQ(wire.json_status, 400) << error_code_name(code);
    }
  }
}

TEST(WireErrorTest, NoMessageOfTheHouseGetsOut) {
  for (const ErrorCode code : all_codes()) {
    const std::string json = json_error({code, std::string(kInside)}, kRequestId).body;
    const std::string xml = xml_error({code, std::string(kInside)}, kRequestId, kNamespace).body;
    const std::string query_json = query_json_error({code, std::string(kInside)}, kRequestId).body;
    if (kHouseOnly.contains(code)) {
      EXPECT_THAT(json, Not(HasSubstr(kInside))) << error_code_name(code);
      EXPECT_THAT(xml, Not(HasSubstr(kInside))) << error_code_name(code);
      EXPECT_THAT(query_json, Not(HasSubstr(kInside))) << error_code_name(code);
      EXPECT_THAT(json, HasSubstr("server")) << error_code_name(code) << ": says where to look";
    } else {
      EXPECT_THAT(json, HasSubstr(kInside)) << error_code_name(code);
      if (code == ErrorCode::kMissingAuthenticationToken) continue;  // the Query services have their own sentence
      EXPECT_THAT(xml, HasSubstr(kInside)) << error_code_name(code);
      EXPECT_THAT(query_json, HasSubstr(kInside)) << error_code_name(code);
    }
  }
}

TEST(WireErrorTest, JsonErrorsHaveTheirGoldenForm) {
  const HttpResponse found = json_error({ErrorCode::kNotFound, "Key 'x' \"y\""}, kRequestId);
  EXPECT_EQ(found.status, 400);
  EXPECT_EQ(found.content_type, "application/x-amz-json-1.1");
  EXPECT_EQ(found.body, R"({"__type":"NotFoundException","message":"Key 'x' \"y\""})");
  EXPECT_EQ(header(found, "x-amzn-RequestId"), kRequestId);
  EXPECT_EQ(header(found, "x-amzn-errortype"), "NotFoundException");
  EXPECT_EQ(json_error({ErrorCode::kAccessDenied, "no"}, kRequestId).body,
            R"({"__type":"AccessDeniedException","Message":"no"})");
  EXPECT_EQ(json_error({ErrorCode::kInvalidCiphertext, ""}, kRequestId).body,
            R"({"__type":"InvalidCiphertextException"})");
}

TEST(WireErrorTest, XmlErrorsNameTheSideAtFault) {
  const HttpResponse sender = xml_error({ErrorCode::kNoSuchEntity, "no <user> & co"}, kRequestId, kNamespace);
  EXPECT_EQ(sender.status, 404);
  EXPECT_EQ(sender.content_type, "text/xml");
  EXPECT_THAT(sender.body, HasSubstr("<Type>Sender</Type>"));
  EXPECT_THAT(sender.body, HasSubstr("<Code>NoSuchEntity</Code>"));
  EXPECT_THAT(sender.body, HasSubstr("no &lt;user&gt; &amp; co"));
  EXPECT_THAT(sender.body, HasSubstr(kRequestId));
  EXPECT_THAT(sender.body, HasSubstr(kNamespace));
  EXPECT_THAT(xml_error({ErrorCode::kIo, ""}, kRequestId, kNamespace).body, HasSubstr("<Type>Receiver</Type>"));
}

TEST(WireErrorTest, QueryErrorsInJsonHaveTheirGoldenForm) {
  const HttpResponse sender = query_json_error({ErrorCode::kMissingAuthenticationToken, "as KMS says it"}, "1-2");
  EXPECT_EQ(sender.status, 403);
  EXPECT_EQ(sender.content_type, "application/json");
  EXPECT_EQ(sender.body,
            R"({"Error":{"Code":"MissingAuthenticationToken","Message":"Request is missing Authentication Token",)"
            R"("Type":"Sender"},"RequestId":"1-2"})");
  EXPECT_THAT(query_json_error({ErrorCode::kIo, ""}, kRequestId).body, HasSubstr(R"("Type":"Receiver")"));
}

TEST(WireErrorTest, SuccessCarriesTheRequestId) {
  EXPECT_EQ(json_success("{}", kRequestId).status, 200);
  EXPECT_EQ(header(json_success("{}", kRequestId), "x-amzn-RequestId"), kRequestId);
  EXPECT_EQ(header(json_success("{}", kRequestId), "x-amzn-errortype"), "(none)");
  EXPECT_EQ(xml_success("<a/>", kRequestId).content_type, "text/xml");
}

}  // namespace
}  // namespace kagimori::aws
