#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kagimori {

// The modelled constraints of AWS's members (AWS KMS API reference) and the error that violating them gives:
//   2 validation errors detected: Value '' at 'keyId' failed to satisfy constraint: Member must have length greater
//   than or equal to 1; Value null at 'aliasName' failed to satisfy constraint: Member must not be null
// Limits that the service checks by itself with an error of its own stand in `service_limit`.

// A text member: its length in characters, and what it is made of.
struct TextConstraint {
  std::size_t min_length = 0;
  std::size_t max_length = 0;
  std::string_view pattern = {};                // as AWS shows it; empty for none
  bool (*matches)(std::string_view) = nullptr;  // for valid UTF-8
};
// A blob: its length in bytes. Its value is never shown.
struct BlobConstraint {
  std::size_t min_size = 0;
  std::size_t max_size = 0;
};
struct NumberConstraint {
  std::int64_t min = 0;
  std::int64_t max = 0;
};

bool matches_alias_name(std::string_view text);            // ^[a-zA-Z0-9:/_-]+$
bool matches_policy_text(std::string_view text);           // [\u0009\u000A\u000D\u0020-\u00FF]+
bool matches_word(std::string_view text);                  // [\w]+
bool matches_marker(std::string_view text);                // [\u0020-\u00FF]*
bool matches_region(std::string_view text);                // ^([a-z]+-){2,3}\d+$
bool matches_xks_key_id(std::string_view text);            // ^[a-zA-Z0-9-_.]+$
bool matches_principal_id(std::string_view text);          // ^[\w+=,.@:/-]+$
bool matches_service_principal(std::string_view text);     // three or more labels of A-Z a-z 0-9 - with dots between
bool matches_source_arn(std::string_view text);            // ^arn:aws[a-z0-9-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:.+$
bool matches_material_id(std::string_view text);           // ^[a-f0-9]+$
bool matches_material_description(std::string_view text);  // ^[a-zA-Z0-9:/_\s.-]+$
bool matches_xks_uri_endpoint(std::string_view text);      // ^https://[a-zA-Z0-9.-]+$
bool matches_xks_uri_path(std::string_view text);          // [/prefix]/kms/xks/v and one or two digits
bool matches_cluster_id(std::string_view text);            // cluster-[2-7a-zA-Z]{11,16}
bool matches_vpc_service_name(std::string_view text);      // (com|eu).amazonaws.vpce.region.vpce-svc-id
bool matches_account_id(std::string_view text);            // ^[0-9]{12}$
bool matches_base32(std::string_view text);                // ^[A-Z2-7]+$
bool matches_base64(std::string_view text);                // ^[a-zA-Z0-9/+=]+$

namespace member {
inline constexpr TextConstraint kKeyId{1, 2048};
inline constexpr TextConstraint kAliasName{1, 256, "^[a-zA-Z0-9:/_-]+$", matches_alias_name};
inline constexpr TextConstraint kDescription{0, 8192};
inline constexpr TextConstraint kPolicy{1, 131072, "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+", matches_policy_text};
inline constexpr TextConstraint kPolicyName{1, 128, "[\\w]+", matches_word};
inline constexpr TextConstraint kGrantToken{1, 8192};
inline constexpr TextConstraint kGrantId{1, 128};
inline constexpr TextConstraint kGrantName{1, 256, "^[a-zA-Z0-9:/_-]+$", matches_alias_name};
inline constexpr TextConstraint kPrincipalId{1, 256, "^[\\w+=,.@:/-]+$", matches_principal_id};
inline constexpr TextConstraint kServicePrincipal{
    1, 128, "^([A-Za-z0-9\\-]+)\\.([A-Za-z0-9\\-]+)(\\.[A-Za-z0-9\\-]+)+$", matches_service_principal};
inline constexpr TextConstraint kSourceArn{20, 512, "^arn:aws[a-z0-9-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:.+$",
                                           matches_source_arn};
inline constexpr TextConstraint kMarker{1, 1024, "[\\u0020-\\u00FF]*", matches_marker};
inline constexpr TextConstraint kTagKey{1, 128};
inline constexpr TextConstraint kTagValue{0, 256};
inline constexpr TextConstraint kCustomKeyStoreId{1, 64};
inline constexpr TextConstraint kCustomKeyStoreName{1, 256};
inline constexpr TextConstraint kCloudHsmClusterId{19, 24, "cluster-[2-7a-zA-Z]{11,16}", matches_cluster_id};
inline constexpr TextConstraint kTrustAnchorCertificate{1, 5000};
inline constexpr TextConstraint kKeyStorePassword{7, 32};
inline constexpr TextConstraint kXksProxyUriEndpoint{10, 128, "^https://[a-zA-Z0-9.-]+$", matches_xks_uri_endpoint};
inline constexpr TextConstraint kXksProxyUriPath{
    10, 128, "^(/[a-zA-Z0-9\\/_-]+/kms/xks/v\\d{1,2})$|^(/kms/xks/v\\d{1,2})$", matches_xks_uri_path};
inline constexpr TextConstraint kXksVpcServiceName{
    20, 64, "^(com|eu)\\.amazonaws\\.vpce\\.([a-z]+-){2,3}\\d+\\.vpce-svc-[0-9a-z]+$", matches_vpc_service_name};
inline constexpr TextConstraint kAccountId{12, 12, "[0-9]{12}", matches_account_id};
inline constexpr TextConstraint kXksAccessKeyId{20, 30, "^[A-Z2-7]+$", matches_base32};
inline constexpr TextConstraint kXksSecretAccessKey{43, 64, "^[a-zA-Z0-9\\/+=]+$", matches_base64};
inline constexpr TextConstraint kXksKeyId{1, 128, "^[a-zA-Z0-9-_.]+$", matches_xks_key_id};
inline constexpr TextConstraint kRegion{1, 32, "^([a-z]+-){2,3}\\d+$", matches_region};
inline constexpr TextConstraint kKeyMaterialId{64, 64, "^[a-f0-9]+$", matches_material_id};
inline constexpr TextConstraint kKeyMaterialDescription{0, 256, "^[a-zA-Z0-9:/_\\s.-]+$", matches_material_description};
inline constexpr BlobConstraint kPlaintext{1, 4096};
inline constexpr BlobConstraint kCiphertext{1, 6144};
inline constexpr BlobConstraint kPublicKey{1, 8192};
inline constexpr BlobConstraint kAttestationDocument{1, 262144};
inline constexpr NumberConstraint kLimit{1, 1000};
inline constexpr NumberConstraint kNumberOfBytes{1, 1024};
inline constexpr NumberConstraint kPendingWindowInDays{1, 365};
inline constexpr NumberConstraint kRotationPeriodInDays{90, 2560};
inline constexpr NumberConstraint kGrantTokenCount{0, 10};
inline constexpr NumberConstraint kResourceOwnerCount{1, 2};
}  // namespace member

namespace service_limit {
inline constexpr std::size_t kPolicyBytes = 32768;  // LimitExceeded
inline constexpr NumberConstraint kPendingWindowInDays{7, 30};
inline constexpr std::int64_t kDefaultPendingWindowInDays = 30;
inline constexpr std::int64_t kDefaultRotationPeriodInDays = 365;
inline constexpr std::size_t kTagsPerKey = 50;           // Tag
inline constexpr std::size_t kAliasesPerKey = 50;        // LimitExceeded
inline constexpr std::uint16_t kOnDemandRotations = 25;  // LimitExceeded
// Effective page sizes (aws-kms.md 1.6) and what a request without Limit gets.
struct Page {
  std::int64_t max = 0;
  std::int64_t standard = 0;
};
inline constexpr Page kAliasPage{100, 50};
inline constexpr Page kCustomKeyStorePage{1000, 100};
inline constexpr Page kGrantPage{100, 50};
inline constexpr Page kKeyPage{1000, 100};
inline constexpr Page kKeyPolicyPage{1000, 100};
inline constexpr Page kKeyRotationPage{1000, 100};
inline constexpr Page kTagPage{50, 50};
}  // namespace service_limit

// Gathers the constraint failures of one request. `path` is the member's path in lower camel case ("keyId";
// member_path() for members of lists). A text that is absent passes: require() asks for it.
class Validator {
 public:
  void require(std::string_view path, bool present);
  void text(std::string_view path, std::optional<std::string_view> value, const TextConstraint& constraint);
  // As text(), for what must not be repeated in an answer: "Value at 'x' failed ...".
  void hidden_text(std::string_view path, std::optional<std::string_view> value, const TextConstraint& constraint);
  void blob(std::string_view path, std::size_t size, const BlobConstraint& constraint);
  void number(std::string_view path, std::int64_t value, const NumberConstraint& constraint);
  // The number of items of a list.
  void count(std::string_view path, std::size_t size, const NumberConstraint& constraint);
  // `values` in the order in which AWS declares them.
  void one_of(std::string_view path, std::string_view value, std::span<const std::string_view> values);

  // Adds the failures that another one gathered.
  void absorb(const Validator& other);

  bool ok() const { return failures_ == 0; }
  // kValidation with every failure (the first 100 are spelled out), or success.
  Status status() const;

 private:
  void add(std::string_view path, std::optional<std::string_view> shown, std::string_view constraint);
  void check_text(std::string_view path, std::string_view value, const TextConstraint& constraint, bool shown);
  void check_size(std::string_view path, std::optional<std::string_view> shown, std::size_t size, std::size_t min,
                  std::size_t max);

  std::string text_;
  std::size_t failures_ = 0;
};

// The path of item `index` (from 0) of a list, or of a member of it: "tags.1.member.tagKey".
std::string member_path(std::string_view list, std::size_t index, std::string_view member = {});

}  // namespace kagimori
