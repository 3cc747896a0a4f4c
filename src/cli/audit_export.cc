#include <fmt/format.h>

#include <optional>

#include "audit/checkpoint.h"
#include "audit/event_csv.h"
#include "audit/log_reader.h"
#include "audit/range_proof.h"
#include "audit/search.h"
#include "audit/segment_reader.h"
#include "audit/verifier.h"
#include "cli/audit_files.h"
#include "cli/audit_search.h"
#include "cli/audit_time.h"
#include "cli/output.h"
#include "server/data_folder.h"

namespace kagimori::cli {
namespace {

constexpr std::string_view kCsv = "csv";

// The number of the first or of the last event of the time.
Result<std::optional<std::uint64_t>> outermost(CryptoContext& crypto, const audit::LogFolder& folder,
                                               audit::SearchQuery query, bool last, std::uint64_t below) {
  query.newest_first = last;
  std::optional<std::uint64_t> found;
  const audit::OnFound take = [&found, below](const audit::FoundEventView& event) -> Result<bool> {
    if (event.index >= below) return true;
    found = event.index;
    return false;
  };
  TRY(audit::search_log(crypto, folder, query, take));
  return found;
}

struct EventRange {
  std::uint64_t first = 0, events = 0;
};
Result<EventRange> range_of(CryptoContext& crypto, const audit::LogFolder& folder, const ExportAuditOptions& options) {
  TRY_ASSIGN(const FolderCheckpoint newest, checkpoint_of(folder));
  audit::SearchQuery query;
  const Timestamp now = SystemClock().now();
  TRY_ASSIGN(query.from, audit_time("--from", options.from, now));
  TRY_ASSIGN(query.to, audit_time("--to", options.to, now));
  TRY_ASSIGN(const auto first, outermost(crypto, folder, query, false, newest.checkpoint.size));
  TRY_ASSIGN(const auto last, outermost(crypto, folder, query, true, newest.checkpoint.size));
  if (!first || !last) return fail(ErrorCode::kNotFound, "No signed event of the audit log is of that time.");
  return EventRange{*first, *last - *first + 1};
}

Result<bool> is_csv(const ExportAuditOptions& options) {
  const std::string format = options.format.empty() ? options.output.extension().string().erase(0, 1) : options.format;
  if (format == kCsv) return true;
  if (format.empty() || format == "jsonl" || format == "json") return false;
  return fail(ErrorCode::kValidation, fmt::format("'{}' is no format of an export: --format is jsonl or csv.", format));
}

Status write_range(CryptoContext& crypto, const audit::LogFolder& folder, const audit::RangeProof& proof, bool csv,
                   PrivateFileWriter& out) {
  TRY_ASSIGN(audit::LogReader reader, audit::LogReader::open(folder, proof.first));
  audit::RangeCheck check(crypto, proof);
  audit::EventParser parser;
  std::string row(csv ? audit::csv_head() : "");
  while (check.next() < proof.first + proof.events) {
    TRY_ASSIGN(const auto line, reader.next());
    if (!line) break;
    if (line->index < proof.first) continue;
    check.add(line->text);
    if (csv) {
      TRY_ASSIGN(const audit::EventView event, parser.parse(line->text));
      audit::append_csv_row(row, line->index, event, line->text);
    } else {
      row.append(line->text).push_back('\n');
    }
    TRY(out.write(row));
    row.clear();
  }
  TRY_ASSIGN(const audit::Checkpoint checkpoint, checkpoint_in(proof.checkpoint));
  if (check.leads_to(checkpoint.size, checkpoint.root)) return {};
  return fail(ErrorCode::kCorrupt, fmt::format("The events can't be proved: some were changed, or their hashes were. "
                                               "`kagimori audit verify {}` tells more.",
                                               folder.path.string()));
}

tl::unexpected<Error> not_exported(std::uint64_t event) {
  return fail(ErrorCode::kCorrupt,
              fmt::format("The export was changed: the row of event {} is not what that event says.", event));
}

// Hashes the lines of an export, or the last columns of its rows, whose others must be what these say.
Status check_lines(const std::filesystem::path& file, audit::RangeCheck& check) {
  TRY_ASSIGN(const audit::OpenFile opened, audit::open_for_reading(file));
  audit::SegmentReader reader(opened.file.get(), 0, opened.bytes);
  audit::EventParser parser;
  std::string_view line;
  TRY_ASSIGN(bool more, reader.next(line));
  const bool csv = more && line == audit::csv_head().substr(0, audit::csv_head().size() - 1);
  if (csv) {
    TRY_ASSIGN(more, reader.next(line));
  }
  while (more) {
    if (csv) {
      TRY_ASSIGN(const std::string event_line, audit::event_of_csv_row(line));
      const Result<audit::EventView> event = parser.parse(event_line);
      std::string row;
      if (event) audit::append_csv_row(row, check.next(), *event, event_line);
      if (row != std::string(line) + "\n") return not_exported(check.next());
      check.add(event_line);
    } else {
      check.add(line);
    }
    TRY_ASSIGN(more, reader.next(line));
  }
  if (reader.position() != opened.bytes) return fail(ErrorCode::kCorrupt, "The export's last line was cut off.");
  return {};
}

}  // namespace

Status export_audit_log(const ExportAuditOptions& options) {
  TRY_ASSIGN(const bool csv, is_csv(options));
  const audit::LogFolder folder{options.folder};
  TRY_ASSIGN(const auto crypto, CryptoContext::create());
  TRY_ASSIGN(const EventRange range, range_of(*crypto, folder, options));
  TRY_ASSIGN(const audit::RangeProof proof, audit::prove_range(*crypto, folder, range.first, range.events));
  TRY_ASSIGN(PrivateFileWriter out, PrivateFileWriter::open(options.output));
  TRY(write_range(*crypto, folder, proof, csv, out));
  const std::string proof_file = options.output.string() + ".range-proof";
  TRY(write_private_file(proof_file, audit::format_range_proof(proof)));
  TRY(out.finish());
  return print(
      fmt::format("Wrote events {} to {} to {}, and the proof that they are all of them to {}. Check it "
                  "anywhere:\n"
                  "  kagimori audit verify-export --export {} --proof {} --public-key KEY\n",
                  range.first, range.first + range.events - 1, options.output.string(), proof_file,
                  options.output.string(), proof_file));
}

Status verify_audit_export(const VerifyExportOptions& options) {
  TRY_ASSIGN(const auto crypto, CryptoContext::create());
  TRY_ASSIGN(const std::string proof_text, read_small_file(options.proof));
  TRY_ASSIGN(const audit::RangeProof proof, audit::parse_range_proof(proof_text));
  TRY_ASSIGN(const ProofCheckpoint signed_by, proof_checkpoint(*crypto, proof.checkpoint, options.public_key));
  const audit::Checkpoint& checkpoint = signed_by.checkpoint;
  audit::RangeCheck check(*crypto, proof);
  TRY(check_lines(options.file, check));
  if (!check.leads_to(checkpoint.size, checkpoint.root)) {
    return fail(ErrorCode::kCorrupt,
                "The events of the export are not those that the proof is of: some were changed, removed, inserted or "
                "reordered, or the proof was.");
  }
  return print(fmt::format("The export holds the events {} to {} of the log {}, all of them, signed with {}.\n",
                           proof.first, proof.first + proof.events - 1, checkpoint.origin, signed_by.key));
}

}  // namespace kagimori::cli
