#include "chronicler/data/labelled_texts.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/data/plain_text.h"
#include "data/text_table.h"

namespace chronicler::data {
namespace {

constexpr std::array<std::string_view, 12> text_names{"text",    "review",  "sentence", "document",
                                                      "comment", "content", "message",  "tweet",
                                                      "body",    "phrase",  "name",     "title"};
constexpr std::array<std::string_view, 11> label_names{
    "label",  "sentiment", "class",   "category", "polarity",   "target",
    "rating", "stars",     "emotion", "language", "nationality"};

// So many rows show what the columns hold.
constexpr std::size_t rows_to_look_at = 10'000;

// Cells of the first rows, column by column.
struct Cells {
  std::vector<std::string> names;  // of the columns; empty: the file says none
  std::vector<std::vector<std::string>> columns;
  std::vector<std::int64_t> lines;
};

bool is_usual(std::string_view name) {
  const std::string small = lower_case(name);
  return std::find(text_names.begin(), text_names.end(), small) != text_names.end() ||
         std::find(label_names.begin(), label_names.end(), small) != label_names.end();
}

bool is_known(const std::vector<std::string>& names, const std::string& wanted) {
  return wanted.empty() || std::find(names.begin(), names.end(), plain_name(wanted)) != names.end();
}

std::vector<std::string> numbered(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 1; i <= count; ++i) names.push_back(fmt::format("column_{}", i));
  return names;
}

// The first row names the columns if the user or custom knows one of its names. Else it does not
// unless its cells occur nowhere below them: a label does.
void take_header(Cells& cells, const LabelledTextsOptions& options) {
  std::vector<std::string> first;
  for (const auto& column : cells.columns) first.push_back(plain_name(column.front()));
  const bool by_number = (!options.text.empty() || !options.label.empty()) &&
                         is_known(numbered(first.size()), options.text) &&
                         is_known(numbered(first.size()), options.label);
  if (by_number) return;
  const bool asked = !options.text.empty() || !options.label.empty();
  bool is_header = asked || std::any_of(first.begin(), first.end(), is_usual);
  if (!is_header && first.size() > 1 && cells.lines.size() > 3) {
    const auto occurs_again = [&](std::size_t i) {
      const auto& column = cells.columns[i];
      return std::find(column.begin() + 1, column.end(), first[i]) != column.end();
    };
    is_header = true;
    for (std::size_t i = 0; i < first.size(); ++i)
      is_header = is_header && !occurs_again(i) && first[i].size() <= 32;
  }
  if (!is_header) return;
  cells.names = first;
  for (auto& column : cells.columns) column.erase(column.begin());
  cells.lines.erase(cells.lines.begin());
}

Cells first_cells(TextTable& table) {
  Cells cells;
  while (cells.lines.size() < rows_to_look_at && table.next()) {
    TextRow& row = table.row();
    if (row.cells.size() > cells.columns.size()) {
      cells.columns.resize(row.cells.size(), std::vector<std::string>(cells.lines.size()));
    }
    row.cells.resize(cells.columns.size());
    for (std::size_t i = 0; i < row.cells.size(); ++i)
      cells.columns[i].push_back(std::move(row.cells[i]));
    cells.lines.push_back(row.line);
  }
  return cells;
}

// ---- columns

std::optional<std::size_t> usual_column(const Cells& cells,
                                        std::span<const std::string_view> usual) {
  for (const std::string_view name : usual) {
    for (std::size_t i = 0; i < cells.names.size(); ++i) {
      if (lower_case(cells.names[i]) == name) return i;
    }
  }
  return std::nullopt;
}

std::size_t named_column(const Cells& cells, const std::string& name, const std::string& file) {
  const auto found = std::find(cells.names.begin(), cells.names.end(), plain_name(name));
  if (found != cells.names.end()) return static_cast<std::size_t>(found - cells.names.begin());
  std::string all;
  for (const std::string& known : cells.names)
    all += fmt::format("{}\"{}\"", all.empty() ? "" : ", ", known);
  const std::vector<std::string_view> views(cells.names.begin(), cells.names.end());
  const std::vector<std::string> nearest = nearest_names(name, views);
  throw Error(fmt::format("{} has no column \"{}\"", file, name),
              nearest.empty()
                  ? fmt::format("it has {}", all)
                  : fmt::format("did you mean \"{}\"? It has {}", nearest.front(), all));
}

std::size_t longest_column(const Cells& cells, std::optional<std::size_t> but) {
  std::size_t best = 0;
  std::size_t most = 0;
  for (std::size_t i = 0; i < cells.columns.size(); ++i) {
    if (but == i) continue;
    std::size_t size = 1;
    for (const std::string& cell : cells.columns[i]) size += cell.size();
    if (size <= most) continue;
    most = size;
    best = i;
  }
  return best;
}

// Of those other than the text, the one with fewest different cells.
std::size_t plainest_column(const Cells& cells, std::size_t text) {
  std::optional<std::size_t> best;
  std::size_t fewest = 0;
  for (std::size_t i = 0; i < cells.columns.size(); ++i) {
    if (i == text) continue;
    const std::set<std::string_view> different(cells.columns[i].begin(), cells.columns[i].end());
    if (best && different.size() >= fewest) continue;
    best = i;
    fewest = different.size();
  }
  return *best;
}

// Names and first rows of a table that has texts, and labels if they are needed.
Cells named_cells(TextTable& table, TextTableKind kind, const LabelledTextsOptions& options,
                  const std::string& file) {
  Cells cells = first_cells(table);
  if (cells.lines.empty()) throw Error(fmt::format("{} is empty", file), "give some texts");
  if (kind == TextTableKind::json) cells.names = table.members();
  if (kind == TextTableKind::lines) cells.names = {"text"};
  if (kind == TextTableKind::csv || kind == TextTableKind::tsv) take_header(cells, options);
  if (cells.lines.empty())
    throw Error(fmt::format("{} has a header, but no rows", file), "give some texts");
  if (cells.names.empty()) cells.names = numbered(cells.columns.size());
  if (!options.needs_labels || cells.columns.size() >= 2) return cells;
  throw Error(fmt::format("{} has one column (\"{}\"), texts and labels need two", file,
                          cells.names.front()),
              "cells of .csv are separated by commas or semicolons, those of .tsv by tabs");
}

struct TextColumns {
  std::size_t text = 0;
  std::optional<std::size_t> label = {};
};

// The columns that the options name, or else those with usual names or contents.
TextColumns columns_of(const Cells& cells, const LabelledTextsOptions& options,
                       const std::string& file) {
  std::optional<std::size_t> label;
  if (!options.label.empty() && (options.needs_labels || is_known(cells.names, options.label))) {
    label = named_column(cells, options.label, file);
  } else {
    label = usual_column(cells, label_names);
  }
  std::optional<std::size_t> text;
  if (!options.text.empty()) {
    text = named_column(cells, options.text, file);
  } else {
    text = usual_column(cells, text_names);
    if (!text || text == label) text = longest_column(cells, label);
  }
  if (label == text && options.label.empty()) label.reset();
  if (!label && options.needs_labels) label = plainest_column(cells, *text);
  return {*text, label};
}

}  // namespace

LabelledTexts read_labelled_texts(const std::filesystem::path& path,
                                  const LabelledTextsOptions& options) {
  const std::string file = path == "-" ? "standard input" : path.string();
  const TextTableKind kind =
      table_kind(path, options.needs_labels ? TextTableKind::tsv : TextTableKind::lines);
  TextTable table(path, {.kind = kind});
  Cells cells = named_cells(table, kind, options, file);
  const TextColumns columns = columns_of(cells, options, file);
  const std::size_t text = columns.text;
  const std::optional<std::size_t>& label = columns.label;
  LabelledTexts result;
  result.text_column = cells.names[text];
  if (label) result.label_column = cells.names[*label];

  const auto add = [&](std::string& content, std::string* name, std::int64_t line) {
    if (options.needs_labels && !has_text(content)) {
      ++result.skipped;
      return;
    }
    if (name != nullptr) {
      std::string label_name = plain_name(*name);
      if (options.needs_labels && !has_text(label_name)) {
        if (options.may_lack_labels) {
          ++result.unlabelled;
          return;
        }
        throw Error(
            fmt::format("{}:{}: no label in column \"{}\"", file, line, result.label_column),
            "label each text, or leave the row out");
      }
      result.labels.push_back(std::move(label_name));
    }
    result.texts.push_back(std::move(content));
    result.lines.push_back(line);
  };
  for (std::size_t row = 0; row < cells.lines.size(); ++row)
    add(cells.columns[text][row], label ? &cells.columns[*label][row] : nullptr, cells.lines[row]);
  const std::size_t width = cells.columns.size();
  cells = {};
  while (table.next()) {
    TextRow& row = table.row();
    row.cells.resize(std::max(row.cells.size(), width));
    add(row.cells[text], label ? &row.cells[*label] : nullptr, row.line);
  }
  if (result.texts.empty())
    throw Error(fmt::format("{}: column \"{}\" holds no text", file, result.text_column),
                "name the column with --text");
  return result;
}

}  // namespace chronicler::data
