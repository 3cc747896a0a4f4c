#include "server/record_subjects.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <optional>

#include "model/record_codec.h"

namespace kagimori {
namespace {

constexpr std::size_t kPage = 1'000;

// A part of a primary key (docs/formats/record.md). Size 0: a text with a zero byte behind it. One without a name says
// nothing to an operator.
struct Part {
  std::string_view name;
  std::size_t size = 0;
};
constexpr Part kAccount{"account", 12}, kRow{"row", 16}, kKeyId{"key"}, kAlias{"alias"}, kUserId{"user id"},
    kUserName{"user"}, kPolicy{"policy"}, kAccessKey{"access key"}, kObjectId{"object"}, kRole{"role"},
    kRoleId{"role id"}, kGroup{"group"}, kGroupId{"group id"}, kPolicyId{"policy id"}, kIdentity{"identity"},
    kWhen{"", 8}, kRegion{""}, kGrant{"grant", 64}, kGrantee{"grantee"}, kRetiree{"retiring principal"},
    kKeyStore{"custom key store"}, kXksKey{"external key"};

// What the primary keys of each table begin with. The tables that are not here hold nothing of an account.
struct Layout {
  Table table;
  std::array<const Part*, 3> parts;
};
constexpr Layout kLayouts[] = {
    {Table::kEpochs, {&kAccount}},
    {Table::kAccounts, {&kAccount}},
    {Table::kKeys, {&kAccount, &kRow}},
    {Table::kKeyIds, {&kAccount, &kRegion, &kKeyId}},
    {Table::kVersions, {&kAccount, &kRow}},
    {Table::kObjects, {&kAccount, &kRow}},
    {Table::kObjectIds, {&kAccount, &kObjectId}},
    {Table::kKeyPolicies, {&kAccount, &kRow}},
    {Table::kAliases, {&kAccount, &kRegion, &kAlias}},
    {Table::kKeyAliases, {&kAccount, &kRow, &kAlias}},
    {Table::kGrants, {&kAccount, &kRow, &kGrant}},
    {Table::kTransitions, {&kAccount, &kRow}},
    {Table::kTombstones, {&kAccount, &kRow}},
    {Table::kDue, {&kWhen, &kAccount, &kRow}},
    {Table::kKeyUsages, {&kAccount, &kRow}},
    {Table::kKeyUseCounts, {&kAccount, &kRow}},
    {Table::kUsageLimits, {&kAccount, &kRow}},
    {Table::kUsageReservations, {&kAccount, &kRow}},
    {Table::kAlarms, {&kWhen, &kAccount, &kRow}},
    {Table::kUsers, {&kAccount, &kUserId}},
    {Table::kUserNames, {&kAccount, &kUserName}},
    {Table::kUserPolicies, {&kAccount, &kUserId, &kPolicy}},
    {Table::kAccessKeys, {&kAccessKey}},
    {Table::kUserAccessKeys, {&kAccount, &kUserId, &kAccessKey}},
    {Table::kGrantGrantees, {&kAccount, &kRow, &kGrantee}},
    {Table::kGrantRetirees, {&kRetiree, &kRegion, &kGrant}},
    {Table::kGrantNames, {&kAccount, &kRow}},
    {Table::kGrantCounts, {&kAccount, &kRow}},
    {Table::kRoles, {&kAccount, &kRoleId}},
    {Table::kRoleNames, {&kAccount, &kRole}},
    {Table::kGroups, {&kAccount, &kGroupId}},
    {Table::kGroupNames, {&kAccount, &kGroup}},
    {Table::kGroupMembers, {&kAccount, &kGroupId, &kUserId}},
    {Table::kUserGroups, {&kAccount, &kUserId, &kGroupId}},
    {Table::kPolicies, {&kAccount, &kPolicyId}},
    {Table::kPolicyNames, {&kAccount, &kPolicy}},
    {Table::kPolicyVersions, {&kAccount, &kPolicyId}},
    {Table::kAttachedPolicies, {&kAccount, &kIdentity, &kPolicyId}},
    {Table::kPolicyEntities, {&kAccount, &kPolicyId, &kIdentity}},
    {Table::kSessions, {&kAccessKey}},
    {Table::kAccessKeyUses, {&kAccessKey}},
    {Table::kCustomKeyStores, {&kAccount, &kRegion, &kKeyStore}},
    {Table::kCustomKeyStoreCounts, {&kAccount, &kRegion}},
    {Table::kXksKeys, {&kAccount, &kKeyStore, &kXksKey}},
};

using Subject = std::map<std::string_view, std::string>;  // by the names of the parts

std::optional<std::string> take(ByteReader& in, const Part& part) {
  if (part.size != 0) {
    const auto bytes = in.take(part.size);
    return bytes ? std::optional(std::string(as_text(*bytes))) : std::nullopt;
  }
  std::string text;
  for (auto byte = in.u8(); byte; byte = in.u8()) {
    if (*byte == 0) return text;
    text += static_cast<char>(*byte);
  }
  return std::nullopt;
}

// As far as the primary key goes; it may be forged.
Subject subject_of(Table table, ByteView key) {
  Subject subject;
  const auto* const layout = std::ranges::find(kLayouts, table, &Layout::table);
  if (layout == std::end(kLayouts)) return subject;
  ByteReader in(key);
  for (const Part* part : layout->parts) {
    std::optional<std::string> value = part == nullptr ? std::nullopt : take(in, *part);
    if (!value) break;
    subject[part->name] = *std::move(value);
  }
  subject.erase("");
  return subject;
}

// Calls `use` for each record of the table that is authentic. A page that can't be read ends it.
void read_names(OpenedStore& opened, ReadTransaction& view, Table table,
                const std::function<void(Subject, ByteView content)>& use) {
  Bytes last;
  for (bool more = true; more;) {
    const auto page = view.scan(table, {}, last, kPage);
    if (!page) return;
    for (const StoredRecord& record : *page) {
      Subject subject = subject_of(table, record.key);
      const auto content = opened.keyrings->open_record(*opened.crypto, subject[kAccount.name], table, record);
      if (content) use(std::move(subject), *content);
    }
    more = page->size() == kPage;
    if (more) last = page->back().key;
  }
}

// Puts what `known` says in each subject that has this account and this value of `part`.
void complete(std::vector<Subject>& subjects, const Part& part, std::string_view value, const Subject& known) {
  for (Subject& subject : subjects) {
    const auto found = subject.find(part.name);
    if (found == subject.end() || found->second != value) continue;
    const auto account = subject.find(kAccount.name);
    if (account == subject.end() || account->second == known.at(kAccount.name))
      subject.insert(known.begin(), known.end());
  }
}

std::string phrase(const Subject& subject) {
  std::string text;
  for (const auto& [name, value] : subject) {
    if (name == kRow.name) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, value);
  }
  for (char& c : text) {
    if (c < ' ' || c > '~') c = '?';
  }
  return text;
}

}  // namespace

std::vector<std::string> record_subjects(OpenedStore& opened, ReadTransaction& view,
                                         const std::vector<RecordName>& records) {
  std::vector<Subject> subjects;
  for (const RecordName& record : records) subjects.push_back(subject_of(record.table, record.key));
  // Access keys before users, whom they lead to.
  read_names(opened, view, Table::kUserAccessKeys, [&subjects](const Subject& known, ByteView) {
    complete(subjects, kAccessKey, known.at(kAccessKey.name), known);
  });
  read_names(opened, view, Table::kUserNames, [&subjects](const Subject& known, ByteView user_id) {
    complete(subjects, kUserId, as_text(user_id), known);
  });
  read_names(opened, view, Table::kKeyIds, [&subjects](const Subject& known, ByteView content) {
    const auto row = decode_row(content);
    if (row) complete(subjects, kRow, as_text(row->bytes), known);
  });
  std::vector<std::string> texts;
  for (const Subject& subject : subjects) texts.push_back(phrase(subject));
  return texts;
}

}  // namespace kagimori
