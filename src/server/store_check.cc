#include "server/store_check.h"

#include <fmt/format.h>

#include "seal/epoch_table.h"
#include "seal/root_opening.h"
#include "server/record_links.h"
#include "server/record_subjects.h"

namespace kagimori {
namespace {

constexpr std::size_t kPage = 1'000;
constexpr std::size_t kMaxFindings = 100;

// The findings as they are made.
struct Findings {
  void note(const Error& error, std::optional<RecordName> record = std::nullopt) {
    ++count;
    if (first.size() < kMaxFindings) first.push_back({error.message, std::move(record)});
  }

  struct Finding {
    std::string sentence;
    std::optional<RecordName> record;  // that the sentence names by its primary key only
  };
  std::vector<Finding> first;
  std::size_t count = 0;
};

// The content, empty for records that the root key authenticates.
Result<ByteView> open_record(OpenedStore& opened, const RootGenerations& roots, Table table,
                             const StoredRecord& record) {
  if (table == Table::kMeta || table == Table::kEnvelopes) {
    TRY(roots.open_record(*opened.crypto, table, record));
    return ByteView();
  }
  if (table == Table::kEpochs) {
    TRY(EpochTable(roots).open(*opened.crypto, record));
    return ByteView();
  }
  TRY_ASSIGN(const std::string account, account_of_record(table, record));
  return opened.keyrings->open_record(*opened.crypto, account, table, record);
}

void check_record(OpenedStore& opened, const RootGenerations& roots, ReadTransaction& view, Table table,
                  const StoredRecord& record, Findings& findings) {
  const Result<ByteView> content = open_record(opened, roots, table, record);
  if (!content) return findings.note(content.error(), RecordName{table, record.key});
  if (const Status linked = check_links(view, table, *content); !linked) findings.note(linked.error());
}

Status check_table(OpenedStore& opened, const RootGenerations& roots, ReadTransaction& view, TableCount& count,
                   Findings& findings) {
  Bytes last;
  for (bool more = true; more;) {
    TRY_ASSIGN(const auto page, view.scan(count.table, {}, last, kPage));
    more = page.size() == kPage;
    count.records += page.size();
    for (const StoredRecord& record : page) check_record(opened, roots, view, count.table, record, findings);
    if (more) last = page.back().key;
  }
  return {};
}

// Costs a reading of all names; so only where something is damaged.
std::vector<std::string> sentences(OpenedStore& opened, ReadTransaction& view, const Findings& findings) {
  std::vector<RecordName> records;
  for (const auto& finding : findings.first) {
    if (finding.record) records.push_back(*finding.record);
  }
  std::vector<std::string> subjects;
  if (!records.empty()) subjects = record_subjects(opened, view, records);
  auto subject = subjects.begin();
  std::vector<std::string> texts;
  for (const auto& finding : findings.first) {
    std::string& text = texts.emplace_back(finding.sentence);
    if (!finding.record) continue;
    if (!subject->empty()) text += fmt::format(" It belongs to {}.", *subject);
    ++subject;
  }
  return texts;
}

}  // namespace

Result<StoreCheck> check_store(OpenedStore& opened) {
  StoreCheck check;
  Findings findings;
  if (const Status whole = opened.store->check_integrity(); !whole) findings.note(whole.error());
  TRY_ASSIGN(const OpenedRoot root, open_root_keys(*opened.crypto, *opened.store, *opened.envelope));
  TRY_ASSIGN(const auto view, opened.store->read());
  for (const Table table : kAllTables) {
    TableCount& count = check.tables.emplace_back(TableCount{table});
    // A page that can't be read ends its table, not the check.
    const Status read = check_table(opened, root.generations, *view, count, findings);
    if (!read) findings.note(read.error());
  }
  check.damaged = findings.count;
  check.findings = sentences(opened, *view, findings);
  return check;
}

}  // namespace kagimori
