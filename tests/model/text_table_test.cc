#include "model/text_table.h"

#include <gtest/gtest.h>

#include "support/conformance.h"

namespace chronicler {
namespace {

TEST(TextTable, WrapsBetweenWordsAndCutsLongOnes) {
  TextTable table({{"a", TextTable::Align::left, 0.5}, {"b", TextTable::Align::right, 1.0}}, 20);
  table.add_row({StyledText("one two three"), StyledText("12")});
  table.add_row({StyledText("incomprehensible"), StyledText("")});
  EXPECT_EQ(table.drawn(20, false),
            "┏━━━━━━━━┳━━━━━━━━━┓\n"
            "┃ a      ┃       b ┃\n"
            "┡━━━━━━━━╇━━━━━━━━━┩\n"
            "│ one    │      12 │\n"
            "│ two    │         │\n"
            "│ three  │         │\n"
            "├────────┼─────────┤\n"
            "│ incom… │         │\n"
            "└────────┴─────────┘\n");
}

TEST(TextTable, NeedsRoom) {
  EXPECT_EQ(
      test::error_of([] {
        TextTable({{"a", TextTable::Align::left, 0.1}, {"b", TextTable::Align::left, 1.0}}, 20);
      }),
      "a summary of 20 characters has no room for its 2 columns: give a greater line_length");
}

}  // namespace
}  // namespace chronicler
