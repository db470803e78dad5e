#include "chronicler/data/spoken_text.h"

#include <gtest/gtest.h>

namespace chronicler::data {
namespace {

TEST(SpokenText, KeepsWhatIsSaid) {
  EXPECT_EQ(spoken_text("Okay - it\xE2\x80\x99s ON!"), "okay it's on");
  EXPECT_EQ(spoken_text("  'Quoted', \"twice\"\tand 3.5 "), "quoted twice and 3 5");
  EXPECT_EQ(spoken_text("\xC3\x89l\xC3\xA8ve"), "\xC3\xA9l\xC3\xA8ve");
  EXPECT_EQ(spoken_text("..."), "");
  EXPECT_EQ(spoken_text("dogs' tails"), "dogs tails");
}

}  // namespace
}  // namespace chronicler::data
