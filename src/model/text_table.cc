#include "model/text_table.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler {
namespace {

std::string_view code_of(StyledText::Style style) {
  switch (style) {
    case StyledText::Style::plain:
      return "";
    case StyledText::Style::bold:
      return "\x1b[1m";
    case StyledText::Style::symbol:
      return "\x1b[38;5;33m";
    case StyledText::Style::number:
      return "\x1b[38;5;34m";
    case StyledText::Style::none:
      return "\x1b[38;5;45m";
    case StyledText::Style::yes:
      return "\x1b[1;38;5;34m";
    case StyledText::Style::no:
      return "\x1b[1;38;5;9m";
  }
  return "";
}

bool starts_code_point(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }

// Where words start: each has the blanks behind it, the first also those in front.
std::vector<int> word_starts(const StyledText& text) {
  std::vector<int> starts;
  for (int i = 0; i < text.width(); ++i) {
    const bool starts_here = !text.is_blank(i) && (i == 0 || text.is_blank(i - 1));
    if (starts_here) starts.push_back(starts.empty() ? 0 : i);
  }
  return starts;
}

StyledText without_trailing_blanks(const StyledText& text) {
  int width = text.width();
  while (width > 0 && text.is_blank(width - 1)) --width;
  return text.part(0, width);
}

// Breaks between words; a word that fits no line gets one of its own and ends in an ellipsis.
std::vector<StyledText> wrapped(const StyledText& text, int width) {
  const std::vector<int> starts = word_starts(text);
  std::vector<int> breaks{0};
  int column = 0;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const int end = i + 1 < starts.size() ? starts[i + 1] : text.width();
    const StyledText word = text.part(starts[i], end - starts[i]);
    const int letters = without_trailing_blanks(word).width();
    if (width - column >= letters) {
      column += word.width();
    } else {
      if (starts[i] > 0) breaks.push_back(starts[i]);
      column = word.width();
    }
  }
  std::vector<StyledText> lines;
  for (std::size_t i = 0; i < breaks.size(); ++i) {
    const int end = i + 1 < breaks.size() ? breaks[i + 1] : text.width();
    StyledText line = without_trailing_blanks(text.part(breaks[i], end - breaks[i]));
    if (line.width() > width) line = line.part(0, width - 1).append("…");
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string blanks(int count) { return std::string(static_cast<std::size_t>(count), ' '); }

StyledText aligned(const StyledText& text, int width, TextTable::Align align) {
  const int room = width - text.width();
  const int before = align == TextTable::Align::left    ? 0
                     : align == TextTable::Align::right ? room
                                                        : room / 2;
  return StyledText(blanks(before)).append(text).append(blanks(room - before));
}

}  // namespace

StyledText& StyledText::append(std::string_view text, Style style) {
  for (const char c : text) {
    if (starts_code_point(c) || glyphs_.empty()) glyphs_.push_back({"", style});
    glyphs_.back().character += c;
  }
  return *this;
}

StyledText& StyledText::append(const StyledText& other) {
  glyphs_.insert(glyphs_.end(), other.glyphs_.begin(), other.glyphs_.end());
  return *this;
}

StyledText StyledText::part(int first, int count) const {
  StyledText part;
  part.glyphs_.assign(glyphs_.begin() + first, glyphs_.begin() + first + count);
  return part;
}

std::string StyledText::drawn(bool colour) const {
  std::string text;
  Style style = Style::plain;
  for (const Glyph& glyph : glyphs_) {
    if (colour && glyph.style != style) {
      if (style != Style::plain) text += "\x1b[0m";
      style = glyph.style;
      text += code_of(style);
    }
    text += glyph.character;
  }
  if (style != Style::plain) text += "\x1b[0m";
  return text;
}

TextTable::TextTable(std::vector<Column> columns, int width) : columns_(std::move(columns)) {
  int right = 0;
  for (const Column& column : columns_) {
    widths_.push_back(static_cast<int>(column.position * width) - right);
    right += widths_.back();
    if (widths_.back() >= 4) continue;
    throw Error(fmt::format("a summary of {} characters has no room for its {} columns", width,
                            columns_.size()),
                "give a greater line_length");
  }
  // Borders, and a blank on each side of a cell, are taken evenly from all columns.
  const int count = static_cast<int>(columns_.size());
  int excess = right + 2 * count - (width - count - 1);
  for (int i = 0; i < count; ++i) {
    const auto share = static_cast<int>(std::nearbyint(static_cast<double>(excess) / (count - i)));
    widths_[static_cast<std::size_t>(i)] -= share;
    excess -= share;
  }
}

void TextTable::add_row(std::vector<StyledText> cells) { rows_.push_back(std::move(cells)); }

std::vector<StyledText> TextTable::row_lines(const std::vector<StyledText>& cells,
                                             std::string_view edge) const {
  std::vector<std::vector<StyledText>> columns;
  std::size_t height = 1;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    columns.push_back(wrapped(cells[i], widths_[i]));
    height = std::max(height, columns.back().size());
  }
  std::vector<StyledText> lines;
  for (std::size_t row = 0; row < height; ++row) {
    StyledText line{edge};
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const StyledText text = row < columns[i].size() ? columns[i][row] : StyledText();
      line.append(" ").append(aligned(text, widths_[i], columns_[i].align)).append(" ");
      line.append(edge);
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

StyledText TextTable::rule(std::string_view left, std::string_view line, std::string_view joint,
                           std::string_view right) const {
  StyledText text{left};
  for (std::size_t i = 0; i < widths_.size(); ++i) {
    for (int j = 0; j < widths_[i] + 2; ++j) text.append(line);
    text.append(i + 1 < widths_.size() ? joint : right);
  }
  return text;
}

std::string TextTable::drawn(int limit, bool colour) const {
  std::vector<StyledText> titles;
  for (const Column& column : columns_) titles.emplace_back(column.title, StyledText::Style::bold);
  std::vector<StyledText> lines{rule("┏", "━", "┳", "┓")};
  for (StyledText& line : row_lines(titles, "┃")) lines.push_back(std::move(line));
  lines.push_back(rule("┡", "━", "╇", "┩"));
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (i > 0) lines.push_back(rule("├", "─", "┼", "┤"));
    for (StyledText& line : row_lines(rows_[i], "│")) lines.push_back(std::move(line));
  }
  lines.push_back(rule("└", "─", "┴", "┘"));
  std::string text;
  for (const StyledText& line : lines)
    text += line.part(0, std::min(limit, line.width())).drawn(colour) + "\n";
  return text;
}

}  // namespace chronicler
