#include "engine/tags.h"

#include <gtest/gtest.h>

#include "engine/key_house_test.h"

namespace kagimori {
namespace {

using engine_test::allow;
using engine_test::code_of;
using engine_test::KeyHouse;

class TagsTest : public testing::Test {
 protected:
  Status tag(const std::vector<Tag>& tags) {
    return house_.act([&](Transaction& t) { return tag_resource(t, id_, tags); });
  }
  Status untag(const std::vector<std::string>& keys) {
    return house_.act([&](Transaction& t) { return untag_resource(t, id_, keys); });
  }
  Result<TagList> list(std::size_t limit, std::optional<std::string_view> marker = std::nullopt) {
    return house_.ask<TagList>([&](Transaction& t) { return list_resource_tags(t, id_, limit, marker); });
  }

  KeyHouse house_;
  std::string id_ = house_.make_key();
};

TEST(CheckTagsTest, KnowsWhatIsForbidden) {
  const std::pair<std::vector<Tag>, bool> cases[] = {
      {{}, true},
      {{{"a", "1"}, {"A", "1"}}, true},
      {{{"a", "1"}, {"a", "2"}}, false},
      {{{"b", ""}, {"a", ""}, {"b", ""}}, false},
      {{{"aws:x", "1"}}, false},
      {{{"AwS:", "1"}}, false},
      {{{"aws", "1"}, {"awsx:", ""}, {"xaws:", ""}}, true},
      {{{"1", ""}, {"2", ""}, {"3", ""}, {"4", ""}}, false},  // over the quota
  };
  for (const auto& [tags, ok] : cases) {
    const Status checked = check_tags(tags, 3);
    EXPECT_EQ(code_of(checked), ok ? std::nullopt : std::optional(ErrorCode::kTag));
  }
}

TEST_F(TagsTest, AddsReplacesAndSorts) {
  ASSERT_TRUE(tag({{"b", "1"}, {"c", "1"}}));
  ASSERT_TRUE(tag({{"a", "2"}, {"b", "2"}}));
  EXPECT_EQ(house_.key(id_).tags, (std::vector<Tag>{{"a", "2"}, {"b", "2"}, {"c", "1"}}));
  ASSERT_TRUE(untag({"b", "none"}));
  EXPECT_EQ(house_.key(id_).tags, (std::vector<Tag>{{"a", "2"}, {"c", "1"}}));
  ASSERT_TRUE(untag({"none"})) << "what is not there is no fault";
}

TEST_F(TagsTest, TheQuotaCountsThoseThatAreThere) {
  house_.settings.quotas.tags_per_key = 3;
  ASSERT_TRUE(tag({{"a", ""}, {"b", ""}}));
  EXPECT_EQ(code_of(tag({{"c", ""}, {"d", ""}})), ErrorCode::kTag);
  EXPECT_TRUE(tag({{"a", "x"}, {"b", "x"}, {"c", "x"}})) << "replacing takes no room";
  EXPECT_EQ(house_.key(id_).tags.size(), 3u);
}

TEST_F(TagsTest, RefusesReservedKeysBothWays) {
  EXPECT_EQ(code_of(tag({{"aws:a", ""}})), ErrorCode::kTag);
  EXPECT_EQ(code_of(untag({"AWS:a"})), ErrorCode::kTag);
  EXPECT_TRUE(house_.key(id_).tags.empty());
}

TEST_F(TagsTest, NeedsThePermission) {
  const std::string reader = house_.make_user("reader", allow("kms:ListResourceTags"));
  EXPECT_EQ(code_of(house_.do_as(reader, [&](Transaction& t) { return tag_resource(t, id_, {{"a", ""}}); })),
            ErrorCode::kAccessDenied);
  EXPECT_EQ(code_of(house_.do_as(reader, [&](Transaction& t) { return untag_resource(t, id_, {"a"}); })),
            ErrorCode::kAccessDenied);
}

TEST_F(TagsTest, ListsInPages) {
  ASSERT_TRUE(tag({{"a", "1"}, {"b", "2"}, {"c", "3"}}));
  const auto first = list(2);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->tags, (std::vector<Tag>{{"a", "1"}, {"b", "2"}}));
  ASSERT_TRUE(first->next_marker);
  ASSERT_TRUE(untag({"b"}));
  const auto second = list(2, *first->next_marker);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->tags, (std::vector<Tag>{{"c", "3"}})) << "goes on although the marker's tag is gone";
  EXPECT_FALSE(second->next_marker);
  EXPECT_EQ(code_of(list(2, "b")), ErrorCode::kInvalidMarker);
}

}  // namespace
}  // namespace kagimori
