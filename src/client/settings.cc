#include "client/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace kagimori {
namespace {

constexpr std::string_view kDefaultRegion = "us-east-1";
constexpr std::string_view kAdvice =
    "The file `env` of a data folder sets all that is needed: run `. var/env` first (or that of your folder).";

Result<std::string> required(const Variables& variables, const char* name) {
  std::optional<std::string> value = variables(name);
  if (value && !value->empty()) return *std::move(value);
  return fail(ErrorCode::kBadConfiguration, fmt::format("{} is not set. {}", name, kAdvice));
}

Result<std::string> endpoint_of(const Variables& variables, std::string_view given) {
  if (!given.empty()) return std::string(given);
  for (const char* name : {"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_KMS"}) {
    if (const auto value = variables(name); value && !value->empty()) return *value;
  }
  return fail(ErrorCode::kBadConfiguration,
              fmt::format("Nothing says where the server is: give --endpoint, or set AWS_ENDPOINT_URL. {}", kAdvice));
}

Status split_endpoint(ClientSettings& settings) {
  std::string_view rest = settings.endpoint;
  while (rest.ends_with('/')) rest.remove_suffix(1);
  settings.endpoint.resize(rest.size());
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!rest.starts_with(scheme)) continue;
    settings.host = rest.substr(scheme.size());
    const bool plain = std::ranges::all_of(settings.host, [](char c) {
      return c > ' ' && c <= '~' && std::string_view("/?#@\\").find(c) == std::string_view::npos;
    });
    if (plain && !settings.host.empty()) return {};
  }
  return fail(
      ErrorCode::kBadConfiguration,
      fmt::format("'{}' is no endpoint. Write it as https://localhost:8443, without a path.", settings.endpoint));
}

}  // namespace

Variables process_variables() {
  return [](const char* name) -> std::optional<std::string> {
    const char* const value = std::getenv(name);
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
}

Result<ClientSettings> client_settings(const Variables& variables, std::string_view endpoint) {
  ClientSettings settings;
  TRY_ASSIGN(settings.endpoint, endpoint_of(variables, endpoint));
  TRY(split_endpoint(settings));
  settings.ca_bundle = variables("AWS_CA_BUNDLE").value_or("");
  settings.region = variables("AWS_DEFAULT_REGION").value_or(variables("AWS_REGION").value_or(""));
  if (settings.region.empty()) settings.region = kDefaultRegion;
  TRY_ASSIGN(settings.credentials.access_key_id, required(variables, "AWS_ACCESS_KEY_ID"));
  TRY_ASSIGN(std::string secret, required(variables, "AWS_SECRET_ACCESS_KEY"));
  settings.credentials.secret_access_key = SecretBytes::copy_of(as_bytes(secret));
  secure_wipe({reinterpret_cast<std::uint8_t*>(secret.data()), secret.size()});
  settings.credentials.session_token = variables("AWS_SESSION_TOKEN").value_or("");
  return settings;
}

}  // namespace kagimori
