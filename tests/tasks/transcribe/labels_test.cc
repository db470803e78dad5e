#include "tasks/transcribe/labels.h"

#include <gtest/gtest.h>

namespace chronicler::tasks {
namespace {

// Composed or not, with any spaces: the same labels.
TEST(SpeechLabels, AreOfPlainText) {
  const std::vector<std::string> composed{"\u00FCber uns", "sch\u00F6n"};
  const std::vector<std::string> other{"u\u0308ber\u00A0uns", "scho\u0308n\u200B"};
  for (const bool as_written : {false, true}) {
    for (const char* level : {"word", "char"}) {
      const SpeechLabels labels = SpeechLabels::of(composed, level, as_written);
      EXPECT_EQ(SpeechLabels::of(other, level, as_written).names(), labels.names());
      EXPECT_EQ(labels.ids(labels.cleaned(other[0])), labels.ids(labels.cleaned(composed[0])));
      EXPECT_EQ(labels.cleaned(other[0]), "\u00FCber uns");
      EXPECT_EQ(labels.cleaned("\u00A0\u200B"), "");
    }
  }
}

}  // namespace
}  // namespace chronicler::tasks
