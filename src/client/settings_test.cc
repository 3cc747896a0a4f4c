#include "client/settings.h"

#include <gmock/gmock.h>

#include <map>

namespace kagimori {
namespace {

using Environment = std::map<std::string, std::string>;

const Environment kWhole = {{"AWS_ENDPOINT_URL", "https://localhost:8443"},
                            {"AWS_ACCESS_KEY_ID", "AKIAQQQQWWWWEEEERRRR"},
                            {"AWS_SECRET_ACCESS_KEY", "the secret"}};

Result<ClientSettings> settings_of(const Environment& environment, std::string_view endpoint = {}) {
  const Variables variables = [&environment](const char* name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    if (found == environment.end()) return std::nullopt;
    return found->second;
  };
  return client_settings(variables, endpoint);
}

Environment with(const std::string& name, const std::string& value) {
  Environment changed = kWhole;
  changed[name] = value;
  return changed;
}

TEST(ClientSettings, AreThoseOfTheEnvironment) {
  Environment all = with("AWS_CA_BUNDLE", "/ca.pem");
  all["AWS_DEFAULT_REGION"] = "eu-central-1";
  all["AWS_SESSION_TOKEN"] = "token";
  const auto settings = settings_of(all);
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->endpoint, "https://localhost:8443");
  EXPECT_EQ(settings->host, "localhost:8443");
  EXPECT_EQ(settings->ca_bundle, "/ca.pem");
  EXPECT_EQ(settings->region, "eu-central-1");
  EXPECT_EQ(settings->credentials.access_key_id, "AKIAQQQQWWWWEEEERRRR");
  EXPECT_EQ(as_text(settings->credentials.secret_access_key.expose()), "the secret");
  EXPECT_EQ(settings->credentials.session_token, "token");
}

TEST(ClientSettings, HaveDefaults) {
  const auto settings = settings_of(kWhole);
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->region, "us-east-1");
  EXPECT_EQ(settings->ca_bundle, "");
  EXPECT_EQ(settings->credentials.session_token, "");
}

TEST(ClientSettings, TheEndpointThatIsGivenWins) {
  EXPECT_EQ(settings_of(kWhole, "http://[::1]:99/")->host, "[::1]:99");
  EXPECT_EQ(settings_of(with("AWS_ENDPOINT_URL_KMS", "https://other"))->host, "localhost:8443");
  EXPECT_EQ(settings_of(with("AWS_ENDPOINT_URL", ""), "https://x")->host, "x");
}

TEST(ClientSettings, NameWhatIsMissing) {
  for (const char* name : {"AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}) {
    const auto settings = settings_of(with(name, ""));
    ASSERT_FALSE(settings) << name;
    EXPECT_EQ(settings.error().code, ErrorCode::kBadConfiguration);
    EXPECT_THAT(settings.error().message, testing::HasSubstr(name));
    EXPECT_THAT(settings.error().message, testing::Not(testing::HasSubstr("the secret")));
  }
}

TEST(ClientSettings, RefuseEndpointsThatAreNone) {
  for (const char* endpoint :
       {"localhost:8443", "ftp://localhost", "https://", "http:///", "https://user@host", "https://host/path",
        "https://host?query", "https://host#part", "https://ho st", "https://host\\path", "https://host\r\nX: y"}) {
    EXPECT_FALSE(settings_of(kWhole, endpoint)) << endpoint;
  }
}

}  // namespace
}  // namespace kagimori
