// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdint>
#include <set>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/prefix/by_sha256.hpp>
#include <kvfolio/prefix/identity.hpp>

namespace kvfolio::test {
namespace {

template <class Identity>
class prefix_identity_of : public testing::Test {
 protected:
  [[nodiscard]] typename Identity::key_type of(const std::vector<token_id>& tokens,
                                               const prefix_realm& realm = {},
                                               std::size_t first = 0) const {
    return names_.next(realm, names_.root(realm), first, tokens);
  }

  Identity names_{7};
};
using identities = testing::Types<prefix::verified, prefix::by_128_bit, prefix::by_sha256>;
TYPED_TEST_SUITE(prefix_identity_of, identities);

TYPED_TEST(prefix_identity_of, every_part_of_a_prefix_changes_the_key) {
  std::set<typename TypeParam::key_type> keys{this->names_.root({}), this->of({1, 2, 3, 4})};
  const std::array scopes{key_scope{.salt = 1}, key_scope{.adapter = 1},
                          key_scope{.adapter_version = 1}};
  for (const auto& scope : scopes) {
    EXPECT_TRUE(keys.insert(this->names_.root({.scope = scope})).second);
    EXPECT_TRUE(keys.insert(this->of({1, 2, 3, 4}, {.scope = scope})).second);
  }
  EXPECT_TRUE(keys.insert(this->of({1, 2, 3, 4}, {.epoch = 1})).second);
  EXPECT_TRUE(keys.insert(this->of({1, 2, 3})).second);
  EXPECT_TRUE(keys.insert(this->of({1, 2, 4, 3})).second);
  const auto second = this->names_.next({}, this->of({1, 2}), 2, std::vector<token_id>{3, 4});
  EXPECT_TRUE(keys.insert(second).second) << "the same tokens in other pages";
  const TypeParam same{7};
  const TypeParam other{8};
  const std::vector<token_id> page{1, 2, 3, 4};
  EXPECT_FALSE(keys.insert(same.next({}, same.root({}), 0, page)).second);
  EXPECT_TRUE(keys.insert(other.next({}, other.root({}), 0, page)).second) << "another seed";
}

TYPED_TEST(prefix_identity_of, media_count_where_they_overlap_and_relative_to_the_page) {
  const std::array image{media_span{6, 4, {1, 2}}};
  const std::array elsewhere{media_span{106, 4, {1, 2}}};
  const std::array longer{media_span{6, 5, {1, 2}}};
  const std::array other{media_span{6, 4, {1, 3}}};
  const std::array two{media_span{6, 4, {1, 2}}, media_span{7, 4, {1, 2}}};
  const std::vector<token_id> page{9, 9, 9, 9};
  const auto key = [&](std::span<const media_span> media, std::size_t first) {
    return this->of(page, {.media = media}, first);
  };
  EXPECT_EQ(key(image, 0), key({}, 0)) << "it begins later";
  EXPECT_EQ(key(image, 12), key({}, 12)) << "it ended before";
  EXPECT_EQ(key(image, 4), key(elsewhere, 104));
  EXPECT_NE(key(image, 4), key({}, 4));
  EXPECT_NE(key(image, 4), key(image, 8));
  EXPECT_NE(key(image, 4), key(longer, 4));
  EXPECT_NE(key(image, 4), key(other, 4));
  EXPECT_NE(key(image, 4), key(two, 4));
}

}  // namespace
}  // namespace kvfolio::test
