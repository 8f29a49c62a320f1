// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/prefix/page_contents.hpp>

namespace kvfolio::test {
namespace {

constexpr prefix::media_key no_media{};
constexpr prefix::media_key image{3, 4};
constexpr prefix::media_key other_image{3, 5};

class page_contents : public testing::Test {
 protected:
  page_contents() {
    contents_.tokens().write(page_id{0}, 0, held_);
    contents_.tokens().write(page_id{1}, 0, held_);
  }
  std::vector<token_id> held_{1, 2};
  prefix::page_contents contents_{2, 2};
};

TEST_F(page_contents, a_page_of_text_holds_its_tokens_and_no_media) {
  contents_.describe(page_id{0}, no_media);
  const std::vector<token_id> other{1, 3};
  EXPECT_TRUE(contents_.holds(page_id{0}, held_.data(), no_media));
  EXPECT_FALSE(contents_.holds(page_id{0}, other.data(), no_media));
  EXPECT_FALSE(contents_.holds(page_id{0}, held_.data(), image));
  EXPECT_FALSE(contents_.any_media());
}

TEST_F(page_contents, the_first_page_of_a_prefix_has_a_realm) {
  contents_.place(page_id{0}, {1, 2, 3, 4});
  EXPECT_EQ(contents_.realm(page_id{0}), (realm_words{1, 2, 3, 4}));
  contents_.place(page_id{0}, {2, 0, 0, 0});
  EXPECT_EQ(contents_.realm(page_id{0}), (realm_words{2, 0, 0, 0}));
}

TEST_F(page_contents, media_are_compared_where_there_are_some) {
  contents_.describe(page_id{0}, no_media);
  contents_.describe(page_id{1}, image);
  EXPECT_TRUE(contents_.holds(page_id{0}, held_.data(), no_media));
  EXPECT_FALSE(contents_.holds(page_id{0}, held_.data(), image));
  EXPECT_TRUE(contents_.any_media());
  EXPECT_TRUE(contents_.holds(page_id{1}, held_.data(), image));
  EXPECT_FALSE(contents_.holds(page_id{1}, held_.data(), other_image));
  EXPECT_FALSE(contents_.holds(page_id{1}, held_.data(), no_media));
}

TEST_F(page_contents, a_page_that_is_used_again_forgets_its_media) {
  contents_.describe(page_id{1}, image);
  contents_.describe(page_id{1}, no_media);
  EXPECT_TRUE(contents_.holds(page_id{1}, held_.data(), no_media));
  EXPECT_FALSE(contents_.holds(page_id{1}, held_.data(), image));
}

}  // namespace
}  // namespace kvfolio::test
