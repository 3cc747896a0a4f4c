#include "base/encoding.h"
#include "base/log.h"
#include "engine/cache_key.h"
#include "engine/engine.h"
#include "engine/grant_records.h"
#include "engine/loader.h"

// What the workers' caches are filled with.

namespace kagimori {
namespace {

std::vector<std::string_view> split_item(std::string_view item) {
  std::vector<std::string_view> parts;
  while (parts.size() < 3) {
    const std::size_t bar = item.find('|');
    if (bar == std::string_view::npos) break;
    parts.push_back(item.substr(0, bar));
    item.remove_prefix(bar + 1);
  }
  parts.push_back(item);
  return parts;
}

Result<RowId> row_of(std::string_view hex) {
  RowId row;
  TRY_ASSIGN(const Bytes bytes, hex_decode(hex));
  if (bytes.size() == row.bytes.size()) std::copy(bytes.begin(), bytes.end(), row.bytes.begin());
  return row;
}

}  // namespace

void Engine::fill(EngineWorker& worker, std::function<void(Status)> then) {
  const std::string item = std::move(worker.missing);
  EngineWorker::Fill& fill = worker.fills[item];
  fill.waiting.push_back(std::move(then));
  if (fill.waiting.size() == 1) return start_fill(worker, item);
  worker.documents.erase(item);  // the fill under way has it
}

void Engine::start_fill(EngineWorker& worker, const std::string& item) {
  WorkerPort* const port = port_.load(std::memory_order_acquire);
  if (port == nullptr) {
    end_fill(worker, item, fail(ErrorCode::kServiceUnavailable, "The server is starting. Try again."));
    return;
  }
  if (item.starts_with(cache_key::kAllowance)) return start_reservation(worker, item);
  worker.fills[item].identity_seen = worker.owner_drops.latest();
  auto document = worker.documents.extract(item);
  const bool is_read = document.empty();
  const auto load = [this, port, &worker, item,
                     attested = document ? std::move(document.mapped()) : Bytes()](PoolThread& thread) {
    auto loaded = std::make_shared<Result<CacheEntry>>(attested.empty() ? load_item(thread, item)
                                                                        : load_recipient(thread, item, attested));
    port->post(worker.index, [this, &worker, item, loaded] { end_fill(worker, item, std::move(*loaded)); });
  };
  if (is_read) return pool_->submit_internal(load);
  // Documents take milliseconds each, and whoever may call at all may send new ones.
  if (const Status queued = pool_->submit(load); !queued) end_fill(worker, item, fail(queued.error()));
}

void Engine::end_fill(EngineWorker& worker, const std::string& item, Result<CacheEntry> loaded) {
  const auto found = worker.fills.find(item);
  if (loaded && loaded->identity != nullptr) {
    loaded->identity_seen = found->second.identity_seen;
    found->second.stale |= !worker.owner_drops.holds(loaded->identity->owners, loaded->identity_seen);
  }
  if (found->second.stale) {
    found->second.stale = false;
    start_fill(worker, item);
    return;
  }
  const std::vector<std::function<void(Status)>> waiting = std::move(found->second.waiting);
  worker.fills.erase(found);
  const bool is_fault = loaded && !loaded->recipient_fault.empty();
  Status status;
  if (loaded) {
    worker.cache.insert(*std::move(loaded));
  } else {
    if (loaded.error().code != ErrorCode::kThrottling) {
      LogLine(LogLevel::kError, "cannot read a record").field("item", item).field("reason", loaded.error().message);
    }
    status = fail(loaded.error());
  }
  for (const auto& then : waiting) then(status);
  // All that waited have read what was wrong with the document; that need not be so for ever: clocks go on.
  if (is_fault) worker.cache.erase(item);
}

Result<CacheEntry> Engine::load_recipient(PoolThread& thread, const std::string& item, ByteView document) {
  CacheEntry entry;
  entry.name = item;
  auto recipient = verify_attestation(*thread.crypto, parts_.settings.attestation, parts_.clock.now(), document);
  if (recipient) {
    entry.recipient = *std::move(recipient);
  } else if (recipient.error().code == ErrorCode::kValidation) {
    entry.recipient_fault = recipient.error().message;
  } else {
    return fail(std::move(recipient).error());
  }
  return entry;
}

Result<CacheEntry> Engine::load_item(PoolThread& thread, const std::string& item) {
  TRY_ASSIGN(const auto read, parts_.store.read());
  RecordReader reader(*thread.crypto, parts_.keyrings, *read);
  CacheEntry entry;
  entry.name = item;
  if (item.starts_with("R|")) return fail(ErrorCode::kInternal, "An attestation document is not there to be verified.");
  const auto parts = split_item(item);
  if (item.starts_with("I|")) {
    TRY_ASSIGN(entry.identity, load_identity(reader, std::string_view(item).substr(2)));
  } else if (item.starts_with("K|")) {
    TRY_ASSIGN(entry.key, load_key(reader, parts_.lifecycle_clock, parts[1], parts[2], parts[3]));
    if (entry.key != nullptr) entry.keyed.resize(entry.key->versions.size());
  } else if (item.starts_with("S|")) {
    TRY_ASSIGN(entry.key_store, load_key_store(reader, parts[1], parts[2], parts[3]));
  } else if (item.starts_with("G|")) {
    TRY_ASSIGN(const RowId row, row_of(parts[2]));
    TRY_ASSIGN(entry.grants, load_grant_rights(reader, parts[1], row, parts[3]));
  } else if (item.starts_with("T|")) {
    TRY_ASSIGN(const RowId row, row_of(parts[2]));
    TRY_ASSIGN(entry.grant_token_key, load_grant_token_key(reader, parts[1], row, parts[3]));
  } else {
    TRY_ASSIGN(const auto alias, load_alias(reader, parts[1], parts[2], parts[3]));
    if (alias) entry.alias_target = alias->target_key_id;
  }
  return entry;
}

}  // namespace kagimori
