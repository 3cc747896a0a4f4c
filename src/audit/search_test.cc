#include "audit/search.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <sstream>

#include "audit/log.h"
#include "audit/segment_index.h"
#include "audit/segment_keeper.h"
#include "store/temporary_store.h"

namespace kagimori::audit {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Numbers = std::vector<std::uint64_t>;

// 1,000 events, a second each from 2026-11-22T00:00:00Z on, in four segments of which three are closed.
class SearchTest : public testing::Test {
 protected:
  SearchTest() : folder_{store_.folder() / "audit"} {
    const auto log = *Log::open({folder_.path, Durability::kWrite, 1000});
    for (int i = 0; i < 1000; ++i) EXPECT_TRUE(log->append(line(i) + "\n"));
    for (const std::uint64_t first : {0, 256, 512}) EXPECT_TRUE(index_segment(*crypto_, folder_, first));
  }
  static std::string line(int i) {
    return fmt::format(
        R"({{"userIdentity":{{"arn":"arn:aws:iam::1:user/u{}"}},"eventTime":"{}","eventName":"{}",)"
        R"({}"requestParameters":{{"keyId":"alias/k{}"}},"requestID":"r{}","eventID":"e{}","resources":[{{"ARN":)"
        R"("arn:aws:kms:{}:1:key/k{}"}}]}})",
        i % 7, to_iso8601_micros(Timestamp::from_seconds(1'795'305'600 + i)), i % 2 == 0 ? "Encrypt" : "Decrypt",
        i % 10 == 0 ? R"("errorCode":"AccessDeniedException",)" : "", i % 100, i, i, i % 3 == 0 ? "a" : "b", i % 100);
  }
  Numbers search(const SearchQuery& query, std::size_t limit = 100'000) {
    Numbers numbers;
    const OnFound take = [&](const FoundEventView& found) -> Result<bool> {
      EXPECT_EQ(found.line, line(static_cast<int>(found.index)));
      numbers.push_back(found.index);
      return numbers.size() < limit;
    };
    const auto report = search_log(*crypto_, folder_, query, take);
    EXPECT_TRUE(report) << report.error().message;
    report_ = report.value_or(SearchReport{});
    return numbers;
  }
  // Both ways find the same.
  Numbers found(SearchQuery query) {
    query.newest_first = false;
    query.use_indexes = false;
    const Numbers by_scan = search(query);
    EXPECT_EQ(report_.indexed, 0u);
    query.use_indexes = true;
    EXPECT_EQ(search(query), by_scan);
    EXPECT_EQ(report_.indexed, 3u);
    query.newest_first = true;
    EXPECT_EQ(search(query), Numbers(by_scan.rbegin(), by_scan.rend()));
    return by_scan;
  }
  static Numbers where(const std::function<bool(int)>& condition) {
    Numbers numbers;
    for (int i = 0; i < 1000; ++i) {
      if (condition(i)) numbers.push_back(static_cast<std::uint64_t>(i));
    }
    return numbers;
  }
  static SearchQuery with(std::vector<Term> terms) {
    SearchQuery query;
    query.terms = std::move(terms);
    return query;
  }
  static SearchQuery between(std::string from, std::string to, std::vector<Term> terms = {}) {
    SearchQuery query = with(std::move(terms));
    query.from = std::move(from);
    query.to = std::move(to);
    return query;
  }
  static SearchQuery oldest_first(SearchQuery query) {
    query.newest_first = false;
    return query;
  }
  static std::string time(int second) { return to_iso8601_micros(Timestamp::from_seconds(1'795'305'600 + second)); }

  TemporaryStore store_;
  std::unique_ptr<CryptoContext> crypto_ = *CryptoContext::create();
  LogFolder folder_;
  SearchReport report_;
};

TEST_F(SearchTest, FindsByEachTermAndByAllOfThem) {
  EXPECT_EQ(found({}).size(), 1000u);
  EXPECT_EQ(found(with({{TermKind::kEvent, "e300"}})), Numbers{300});
  EXPECT_EQ(found(with({{TermKind::kRequest, "r999"}})), Numbers{999});
  EXPECT_EQ(found(with({{TermKind::kOperation, "Decrypt"}})), where([](int i) { return i % 2 == 1; }));
  EXPECT_EQ(found(with({{TermKind::kPrincipal, "u3"}})), where([](int i) { return i % 7 == 3; }));
  EXPECT_EQ(found(with({{TermKind::kPrincipal, "arn:aws:iam::1:user/u3"}})), where([](int i) { return i % 7 == 3; }));
  for (const std::string_view error : {"AccessDeniedException", "denied", "failed"}) {
    EXPECT_EQ(found(with({{TermKind::kError, std::string(error)}})), where([](int i) { return i % 10 == 0; }));
  }
  EXPECT_EQ(found(with({key_term("k5")})), where([](int i) { return i % 100 == 5; }));
  EXPECT_EQ(found(with({key_term("alias/k5")})), where([](int i) { return i % 100 == 5; }));
  SearchQuery of_arn = with({key_term("arn:aws:kms:a:1:key/k5")});
  of_arn.key_arn = "arn:aws:kms:a:1:key/k5";
  EXPECT_EQ(found(of_arn), where([](int i) { return i % 100 == 5 && i % 3 == 0; }));
  EXPECT_EQ(
      found(with({{TermKind::kOperation, "Encrypt"}, {TermKind::kPrincipal, "u0"}, {TermKind::kError, "denied"}})),
      where([](int i) { return i % 70 == 0; }));
}

TEST_F(SearchTest, TextsInOtherPlacesAreNoMatch) {
  EXPECT_THAT(found(with({{TermKind::kOperation, "e300"}})), IsEmpty());
  EXPECT_THAT(found(with({{TermKind::kPrincipal, "user"}})), IsEmpty());
  EXPECT_THAT(found(with({{TermKind::kEvent, ""}})), IsEmpty());
  EXPECT_THAT(found(with({{TermKind::kPrincipal, "\"\\\n"}})), IsEmpty());
}

TEST_F(SearchTest, FindsByTime) {
  EXPECT_EQ(found(between(time(250), time(262))), where([](int i) { return i >= 250 && i < 262; }));
  EXPECT_EQ(found(between(time(995), "")), where([](int i) { return i >= 995; }));
  EXPECT_EQ(found(between("", time(2))), (Numbers{0, 1}));
  EXPECT_THAT(found(between(time(2), time(2))), IsEmpty());
  EXPECT_EQ(found(between(time(100), time(103), {{TermKind::kOperation, "Decrypt"}})), Numbers{101});
}

TEST_F(SearchTest, StopsWhenEnoughWasFound) {
  EXPECT_THAT(search({}, 3), ElementsAre(999, 998, 997));
  EXPECT_EQ(report_.segments, 1u);
  EXPECT_THAT(search(oldest_first({}), 2), ElementsAre(0, 1));
}

TEST_F(SearchTest, ADamagedIndexIsNotBelieved) {
  const std::string path = folder_.index(256).string();
  const auto size = std::filesystem::file_size(path);
  for (std::uintmax_t at = 0; at < size; at += 97) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const char old = static_cast<char>(file.get());
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(old ^ 0x10));
    file.close();
    EXPECT_EQ(search(with({{TermKind::kEvent, "e300"}})), Numbers{300}) << at;
    EXPECT_EQ(search(oldest_first(with({{TermKind::kPrincipal, "u3"}}))), where([](int i) { return i % 7 == 3; }));
    file.open(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(at));
    file.put(old);
  }
  std::filesystem::resize_file(path, size - 1);
  EXPECT_EQ(search(with({{TermKind::kEvent, "e300"}})), Numbers{300});
  // Of a segment that has become longer.
  EXPECT_TRUE(index_segment(*crypto_, folder_, 256));
  EXPECT_FALSE(SegmentIndex::open(*crypto_, folder_, 256, std::filesystem::file_size(folder_.segment(256)) + 1));
}

// Its digests are right: somebody made it so.
TEST_F(SearchTest, AnIndexWithALineOfNoBytesIsNotBelieved) {
  SegmentIndexBuilder builder(*crypto_);
  EventParser parser;
  const std::string first = line(256);
  builder.add(parser.parse(first).value(), std::filesystem::file_size(folder_.segment(256)));
  builder.add(parser.parse(first).value(), 0);
  ASSERT_TRUE(replace_log_file(folder_.index(256), std::move(builder).finish(), Durable::kNo));
  EXPECT_EQ(search(with({{TermKind::kEvent, "e256"}})), Numbers{256});
  EXPECT_EQ(report_.indexed, 2u);
}

TEST_F(SearchTest, LinesThatAreNoEventsAreCounted) {
  std::ofstream(folder_.segment(768), std::ios::app) << "no event\n{\"eventName\":\n";
  EXPECT_EQ(search({}).size(), 1000u);
  EXPECT_EQ(report_.unreadable, 2u);
}

TEST_F(SearchTest, SaysWhenThereIsNoLog) {
  const auto report = search_log(*crypto_, {store_.folder() / "none"}, {}, {});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kNotFound);
}

// The layout: docs/formats/audit-log.md, "Indexes".
TEST_F(SearchTest, AnIndexIsTheGoldenOne) {
  const auto read = [](const std::filesystem::path& file) {
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    return text.str();
  };
  const std::filesystem::path source(KAGIMORI_SOURCE_DIR);
  EXPECT_TRUE(read(folder_.index(256)) == read(source / "src" / "audit" / "testdata" / "segment-index.v1"));
}

}  // namespace
}  // namespace kagimori::audit
