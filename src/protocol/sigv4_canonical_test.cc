#include "protocol/sigv4_canonical.h"

#include <gtest/gtest.h>

namespace kagimori {
namespace {

std::string path_of(std::string_view path) {
  std::string out = "before/";  // a ".." must not reach what is there already
  append_canonical_path(out, path);
  return out.substr(7);
}

std::string query_of(std::string_view query, bool presigned = false) {
  SigV4Scratch scratch;
  std::string out;
  append_canonical_query(out, query, presigned, scratch);
  return out;
}

TEST(SigV4Canonical, NormalisesAndEncodesThePathOnceMore) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "/"},
      {"/", "/"},
      {"//", "/"},
      {"/.", "/"},
      {"/..", "/"},
      {"/../../x", "/x"},
      {"/a/../..", "/"},
      {"/a/b/..", "/a"},
      {"/a/b/../", "/a/"},
      {"/a//b/", "/a/b/"},
      {"/a/./b", "/a/b"},
      {"/...", "/..."},
      {"/a%2Fb", "/a%252Fb"},
      {"/a b", "/a%20b"},
      {"/%", "/%25"},
      {"/~x", "/~x"},
      {"/\xff", "/%FF"},
      {"a", "/a"},
      {"*", "/%2A"},
      {"/a/.", "/a"},
      {"/a+b", "/a%2Bb"},
      {"/a/..a", "/a/..a"},
  };
  for (const auto& [path, expected] : cases) EXPECT_EQ(path_of(path), expected) << path;
}

TEST(SigV4Canonical, SortsAndRespellsTheQuery) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", ""},
      {"a", "a="},
      {"b=2&a=1", "a=1&b=2"},
      {"a=2&a=1", "a=1&a=2"},
      {"a=%7e%2d", "a=~-"},
      {"a=%c3%bc", "a=%C3%BC"},
      {"a=b+c", "a=b%20c"},
      {"a=b%2Bc", "a=b%2Bc"},
      {"a=b=c", "a=b%3Dc"},
      {"%61=1", "a=1"},
      {"a=%", "a=%25"},
      {"a=%4", "a=%254"},
      {"a=%zz", "a=%25zz"},
      {"&&a=1&", "a=1"},
      {"=", "="},
      {"X-Amz-Signature=1&a=2", "X-Amz-Signature=1&a=2"},
      {"a-=1&a=2", "a=2&a-=1"},
  };
  for (const auto& [query, expected] : cases) EXPECT_EQ(query_of(query), expected) << query;
}

TEST(SigV4Canonical, LeavesItsOwnSignatureOutOfThePresignedQuery) {
  EXPECT_EQ(query_of("X-Amz-Signature=1&a=2", true), "a=2");
  EXPECT_EQ(query_of("a=2&X%2dAmz-Signature=1", true), "a=2");
  EXPECT_EQ(query_of("X-Amz-Signature", true), "");
  EXPECT_EQ(query_of("x-amz-signature=1&X-Amz-Signatures=2", true), "X-Amz-Signatures=2&x-amz-signature=1");
}

TEST(SigV4Canonical, TrimsCollapsesAndJoinsHeaderValues) {
  const HeaderView headers[] = {{"B", "  x  y\t\tz "}, {"a", "1"}, {"b", ""}, {"A", " 2 "}, {"c", " \t "}, {"d", "no"}};
  std::string out;
  append_canonical_headers(out, "a;b;c;gone", headers);
  EXPECT_EQ(out, "a:1,2\nb:x y z,\nc:\ngone:\n");
}

TEST(SigV4Canonical, BuildsTheWholeRequest) {
  const HeaderView headers[] = {{"Host", "h"}, {"X-Amz-Date", "20261122T095118Z"}};
  SigV4Evidence evidence;
  evidence.signed_headers = "host;x-amz-date";
  SigV4Scratch scratch;
  scratch.canonical = "left over";
  build_canonical_request(scratch, evidence, {"POST", "/a", "y=1&x=2", headers, {}}, "hash");
  EXPECT_EQ(scratch.canonical, "POST\n/a\nx=2&y=1\nhost:h\nx-amz-date:20261122T095118Z\n\nhost;x-amz-date\nhash");
}

}  // namespace
}  // namespace kagimori
