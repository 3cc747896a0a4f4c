#include "engine/iam_record.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/cache_key.h"
#include "engine/marker.h"
#include "engine/principals.h"
#include "model/arn.h"

namespace kagimori {
namespace {

// Records that one list looks at: a path prefix that fits nothing must not read the whole account.
constexpr std::size_t kMaxExamined = 1'000;

template <typename R>
tl::unexpected<Error> missing_record(std::string_view id) {
  return fail(ErrorCode::kCorrupt,
              fmt::format("The record of {} {} is missing from the store; restore it from a backup.",
                          IamRecord<R>::kLower, id));
}

template <typename R>
Bytes record_of(const R& record) {
  return record_key::iam_entity(record.account, id_of(record));
}
template <typename R>
Bytes name_of(const R& record) {
  return record_key::iam_name(record.account, lower_case(record.name));
}

std::vector<Tag> tags_of(const Group&) { return {}; }
template <typename R>
std::vector<Tag> tags_of(const R& record) {
  return record.tags;
}
template <typename R>
std::string_view boundary_of(const R&) {
  return {};
}
std::string_view boundary_of(const User& user) { return user.permissions_boundary; }
std::string_view boundary_of(const Role& role) { return role.permissions_boundary; }

constexpr std::string_view kBoundaryKey = "iam:permissionsboundary";

}  // namespace

template <typename R>
std::string named_arn(const R& record) {
  return iam_arn(record.account, IamRecord<R>::kLower, record.path, record.name);
}

template <typename R>
Result<std::optional<R>> read_named(Transaction& transaction, std::string_view account, std::string_view name) {
  using Record = IamRecord<R>;
  TRY_ASSIGN(const auto id,
             transaction.get<Bytes>(account, Record::kNames, record_key::iam_name(account, lower_case(name))));
  if (!id) return std::optional<R>{};
  TRY_ASSIGN(auto found, transaction.get<R>(account, Record::kTable, record_key::iam_entity(account, as_text(*id))));
  if (!found) return missing_record<R>(as_text(*id));
  return found;
}

template <typename R>
Status authorize_for(Transaction& transaction, const R& record, std::string_view action, const RequestFacts& facts) {
  RequestFacts all = facts;
  const std::vector<Tag> tags = tags_of(record);
  all.resource_tags = tags;
  std::vector<ConditionFact> extra(facts.extra.begin(), facts.extra.end());
  const bool sets_boundary =
      std::ranges::any_of(extra, [](const ConditionFact& fact) { return fact.key == kBoundaryKey; });
  if (!sets_boundary && !boundary_of(record).empty()) extra.push_back({kBoundaryKey, boundary_of(record)});
  all.extra = extra;
  const std::string arn = named_arn(record);
  return transaction.authorize({action, arn, nullptr, false, all});
}

template <typename R>
Result<R> find_named(Transaction& transaction, std::string_view name, std::string_view action,
                     const RequestFacts& facts) {
  TRY_ASSIGN(auto found, read_named<R>(transaction, transaction.account(), name));
  if (found) {
    TRY(authorize_for(transaction, *found, action, facts));
    return *std::move(found);
  }
  const std::string arn = iam_arn(transaction.account(), IamRecord<R>::kLower, "/", name);
  TRY(transaction.authorize({action, arn, nullptr, false, facts}));
  return fail(ErrorCode::kNoSuchEntity,
              fmt::format("The {} with name {} cannot be found.", IamRecord<R>::kLower, name));
}

template <typename R>
Status authorize_creation(Transaction& transaction, const R& record, const std::vector<Tag>& tags,
                          std::string_view permissions_boundary) {
  RequestFacts facts;
  facts.request_tags = tags;
  const ConditionFact boundary{kBoundaryKey, permissions_boundary};
  if (!permissions_boundary.empty()) facts.extra = std::span(&boundary, 1);
  const std::string arn = named_arn(record);
  TRY(transaction.authorize({iam_action<R>("Create"), arn, nullptr, false, facts}));
  if (tags.empty()) return {};
  return transaction.authorize({iam_action<R>("Tag"), arn, nullptr, false, facts});
}

template <typename R>
Status check_name_is_free(Transaction& transaction, std::string_view name) {
  TRY_ASSIGN(const auto existing, read_named<R>(transaction, transaction.account(), name));
  if (!existing) return {};
  if constexpr (std::is_same_v<R, ManagedPolicy>) {
    return fail(ErrorCode::kEntityAlreadyExists,
                fmt::format("A policy called {} already exists. Duplicate names are not allowed.", name));
  }
  return fail(ErrorCode::kEntityAlreadyExists,
              fmt::format("{} with name {} already exists.", IamRecord<R>::kName, name));
}

template <typename R>
Status check_count(Transaction& transaction, std::size_t quota) {
  TRY_ASSIGN(const auto names, transaction.reader().transaction().scan(
                                   IamRecord<R>::kNames, record_key::iam_names_of(transaction.account()), {}, quota));
  if (names.size() < quota) return {};
  constexpr std::string_view kPlural = std::is_same_v<R, ManagedPolicy> ? "Policies" : "";
  return fail(ErrorCode::kLimitExceeded,
              fmt::format("Cannot exceed quota for {}PerAccount: {}",
                          kPlural.empty() ? std::string(IamRecord<R>::kName) + "s" : std::string(kPlural), quota));
}

template <typename R>
Status save_new_named(Transaction& transaction, const R& record) {
  TRY(transaction.put(record.account, IamRecord<R>::kNames, name_of(record), as_bytes(id_of(record))));
  return transaction.put_new(record.account, IamRecord<R>::kTable, record_of(record), encode(record));
}

template <typename R>
Status save_named(Transaction& transaction, const R& record) {
  transaction.invalidate(cache_key::identities_of(id_of(record)));
  return transaction.put(record.account, IamRecord<R>::kTable, record_of(record), encode(record));
}

template <typename R>
Status rename_named(Transaction& transaction, const R& before, const R& after) {
  if (lower_case(before.name) != lower_case(after.name)) {
    TRY(transaction.erase(IamRecord<R>::kNames, name_of(before)));
    TRY(transaction.put(after.account, IamRecord<R>::kNames, name_of(after), as_bytes(id_of(after))));
  }
  return save_named(transaction, after);
}

template <typename R>
Status erase_named(Transaction& transaction, const R& record) {
  transaction.invalidate(cache_key::identities_of(id_of(record)));
  TRY(transaction.erase(IamRecord<R>::kNames, name_of(record)));
  return transaction.erase(IamRecord<R>::kTable, record_of(record));
}

template <typename R>
Result<NamedPage<R>> list_named(Transaction& transaction, const NamedQuery& query) {
  transaction.trail().parameter("pathPrefix", query.path_prefix);
  const std::string& account = transaction.account();
  const std::string_view prefix_path = query.path_prefix.empty() ? "/" : query.path_prefix;
  const std::string resource = iam_arn(account, IamRecord<R>::kLower, prefix_path, "");
  TRY(transaction.authorize({std::string("iam:").append(query.operation), resource, nullptr, false, {}}));
  const Bytes prefix = record_key::iam_names_of(account);
  const ListMarkers markers(transaction.crypto(), query.operation, prefix);
  Bytes after;
  if (query.marker) {
    TRY_ASSIGN(const std::string last, markers.open(*query.marker));
    after = record_key::iam_name(account, last);
  }
  RecordReader& reader = transaction.reader();
  TRY_ASSIGN(const auto names, reader.scan<Bytes>(account, IamRecord<R>::kNames, prefix, after, kMaxExamined + 1));
  NamedPage<R> page;
  std::string last_examined;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i == kMaxExamined || page.records.size() == query.limit) {
      page.next_marker = markers.make(last_examined);
      break;
    }
    const std::string_view id = as_text(names[i].record);
    TRY_ASSIGN(auto found, reader.get<R>(account, IamRecord<R>::kTable, record_key::iam_entity(account, id)));
    if (!found) return missing_record<R>(id);
    last_examined = lower_case(found->record.name);
    if (found->record.path.starts_with(query.path_prefix)) page.records.push_back(std::move(found->record));
  }
  return page;
}

#define KAGIMORI_IAM_RECORD(R)                                                                              \
  template std::string named_arn<R>(const R&);                                                              \
  template Result<std::optional<R>> read_named<R>(Transaction&, std::string_view, std::string_view);        \
  template Result<R> find_named<R>(Transaction&, std::string_view, std::string_view, const RequestFacts&);  \
  template Status authorize_for<R>(Transaction&, const R&, std::string_view, const RequestFacts&);          \
  template Status authorize_creation<R>(Transaction&, const R&, const std::vector<Tag>&, std::string_view); \
  template Status check_name_is_free<R>(Transaction&, std::string_view);                                    \
  template Status check_count<R>(Transaction&, std::size_t);                                                \
  template Status save_new_named<R>(Transaction&, const R&);                                                \
  template Status save_named<R>(Transaction&, const R&);                                                    \
  template Status rename_named<R>(Transaction&, const R&, const R&);                                        \
  template Status erase_named<R>(Transaction&, const R&);                                                   \
  template Result<NamedPage<R>> list_named<R>(Transaction&, const NamedQuery&);
KAGIMORI_IAM_RECORD(User)
KAGIMORI_IAM_RECORD(Role)
KAGIMORI_IAM_RECORD(Group)
KAGIMORI_IAM_RECORD(ManagedPolicy)
#undef KAGIMORI_IAM_RECORD

}  // namespace kagimori
