// Tables of characters, laid out as Keras's summaries are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace chronicler {

// Text with colours and weight, drawn as terminal codes or left out.
class StyledText {
 public:
  enum class Style : unsigned char { plain, bold, symbol, number, none, yes, no };

  StyledText() = default;
  StyledText(std::string_view text, Style style = Style::plain) { append(text, style); }
  StyledText& append(std::string_view text, Style style = Style::plain);
  StyledText& append(const StyledText& other);

  int width() const { return static_cast<int>(glyphs_.size()); }
  StyledText part(int first, int count) const;
  bool is_blank(int at) const { return glyphs_[static_cast<std::size_t>(at)].character == " "; }
  std::string drawn(bool colour) const;

 private:
  struct Glyph {
    std::string character;  // one code point
    Style style;
  };
  std::vector<Glyph> glyphs_;
};

class TextTable {
 public:
  enum class Align { left, right, centre };
  struct Column {
    std::string title;
    Align align;
    double position;  // of the column's right edge, as a part of the table's width
  };

  // `width` characters for all columns together. Throws Error if one would have less than four.
  TextTable(std::vector<Column> columns, int width);
  void add_row(std::vector<StyledText> cells);
  // The table's lines, each ended; what is wider than `limit` is cut.
  std::string drawn(int limit, bool colour) const;

 private:
  std::vector<StyledText> row_lines(const std::vector<StyledText>& cells,
                                    std::string_view edge) const;
  StyledText rule(std::string_view left, std::string_view line, std::string_view joint,
                  std::string_view right) const;

  std::vector<Column> columns_;
  std::vector<int> widths_;  // of the cells' text, without the space on each side
  std::vector<std::vector<StyledText>> rows_;
};

}  // namespace chronicler
