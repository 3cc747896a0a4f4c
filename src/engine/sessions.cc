#include "engine/sessions.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "crypto/digest.h"
#include "engine/cache_key.h"
#include "engine/new_access_key.h"

namespace kagimori {
namespace {

constexpr std::size_t kTokenBytes = 96;
// So long whoever comes with ended credentials is told that they have ended.
constexpr std::int64_t kRememberedSeconds = 86'400;
constexpr std::int64_t kRootSeconds = 3'600;

Timestamp forgotten_at(const Session& session) { return session.expires.plus_seconds(kRememberedSeconds); }

}  // namespace

Result<NewSession> start_session(Transaction& transaction, Session record, std::int64_t seconds) {
  NewSession made;
  made.record = std::move(record);
  Session& session = made.record;
  session.access_key_id = make_session_key_id(transaction.random());
  session.created = transaction.now();
  session.expires = transaction.lifecycle_now().plus_seconds(seconds);
  SecretBytes entropy(kSecretAccessKeySize / 4 * 3);
  transaction.random().fill_private(entropy.expose_mutable());
  made.secret = SecretBytes(kSecretAccessKeySize);
  base64_encode_into(entropy.expose(), made.secret.expose_mutable());
  TRY_ASSIGN(session.secret,
             transaction.keyrings().wrap(transaction.crypto(), material_binding(session), made.secret.expose()));
  Bytes token(kTokenBytes);
  transaction.random().fill_private(token);
  made.token = base64_encode(token);
  const Sha256Digest hash = sha256(transaction.crypto(), as_bytes(made.token));
  session.token_hash.assign(hash.begin(), hash.end());

  // Somebody may have tried this id before it existed.
  transaction.invalidate(cache_key::identity(session.access_key_id));
  TRY(transaction.put_new(kSystemAccount, Table::kSessions, record_key::access_key(session.access_key_id),
                          encode(session)));
  TRY(transaction.put_new(kSystemAccount, Table::kDue,
                          record_key::due(forgotten_at(session), session.account, session_row(session.access_key_id),
                                          static_cast<std::uint8_t>(DueKind::kSessionExpiry)),
                          {}));
  transaction.trail()
      .response("accessKeyId", session.access_key_id)
      .response("expiration", to_iso8601(session.expires));
  return made;
}

Result<NewSession> get_session_token(Transaction& transaction, std::int64_t seconds) {
  transaction.trail().parameter_json("durationSeconds", std::to_string(seconds));
  const IdentitySnapshot& who = *transaction.caller().identity;
  if (who.session) {
    return fail(ErrorCode::kAccessDenied, "Cannot call GetSessionToken with session credentials");
  }
  Session session;
  session.account = who.account();
  session.principal_id = who.unique_id();
  return start_session(transaction, std::move(session), who.is_root() ? std::min(seconds, kRootSeconds) : seconds);
}

Status end_session(Transaction& transaction, const DueEntry& due) {
  const std::string id = session_of_row(due.row);
  const Bytes key = record_key::access_key(id);
  TRY_ASSIGN(const auto session, transaction.get<Session>(kSystemAccount, Table::kSessions, key));
  if (session && forgotten_at(*session) <= transaction.lifecycle_now()) {
    transaction.invalidate(cache_key::identity(id));
    TRY(transaction.erase(Table::kSessions, key));
  }
  return transaction.erase(
      Table::kDue, record_key::due(due.when, due.account, due.row, static_cast<std::uint8_t>(DueKind::kSessionExpiry)));
}

Result<std::string> account_of_access_key(Transaction& transaction, std::string_view access_key_id) {
  transaction.trail().parameter("accessKeyId", access_key_id);
  const IdentitySnapshot& who = *transaction.caller().identity;
  if (who.session && !who.is_role_session()) {
    return fail(ErrorCode::kAccessDenied, "Cannot call GetAccessKeyInfo with session credentials");
  }
  TRY(transaction.authorize({"sts:GetAccessKeyInfo", "*", nullptr, false, {}}));
  const Bytes key = record_key::access_key(access_key_id);
  TRY_ASSIGN(const auto access_key, transaction.get<AccessKey>(kSystemAccount, Table::kAccessKeys, key));
  if (access_key) return access_key->account;
  TRY_ASSIGN(const auto session, transaction.get<Session>(kSystemAccount, Table::kSessions, key));
  if (session) return session->account;
  return fail(ErrorCode::kValidation, fmt::format("There is no access key with id {}.", access_key_id));
}

}  // namespace kagimori
