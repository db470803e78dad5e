#include "chronicler/data/labelled_texts.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/json.h"
#include "chronicler/base/error.h"
#include "chronicler/data/csv.h"
#include "chronicler/data/text_file.h"

namespace chronicler::data {
namespace {

constexpr std::array<std::string_view, 12> text_names{"text",    "review",  "sentence", "document",
                                                      "comment", "content", "message",  "tweet",
                                                      "body",    "phrase",  "name",     "title"};
constexpr std::array<std::string_view, 11> label_names{
    "label",  "sentiment", "class",   "category", "polarity",   "target",
    "rating", "stars",     "emotion", "language", "nationality"};

// Cells of a file, column by column.
struct Cells {
  std::vector<std::string> names;  // of the columns; empty: the file says none
  std::vector<std::vector<std::string>> columns;
  std::vector<std::int64_t> lines;
};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

bool is_usual(std::string_view name) {
  const std::string small = lower(name);
  return std::find(text_names.begin(), text_names.end(), small) != text_names.end() ||
         std::find(label_names.begin(), label_names.end(), small) != label_names.end();
}

bool is_known(const std::vector<std::string>& names, const std::string& wanted) {
  return wanted.empty() || std::find(names.begin(), names.end(), wanted) != names.end();
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
  for (const auto& column : cells.columns) first.push_back(column.front());
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

// ---- files

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

Cells read_tsv(const std::filesystem::path& path) {
  const std::string text = read_text(path);
  Cells cells;
  std::int64_t number = 0;
  for (std::string_view line : lines_of(text)) {
    ++number;
    if (line.empty()) continue;
    std::vector<std::string_view> row;
    for (;;) {
      const std::size_t end = std::min(line.find('\t'), line.size());
      row.push_back(line.substr(0, end));
      if (end == line.size()) break;
      line.remove_prefix(end + 1);
    }
    if (cells.columns.empty()) cells.columns.resize(row.size());
    if (row.size() != cells.columns.size()) {
      throw Error(fmt::format("{}:{}: {} cells, the first line has {}", path.string(), number,
                              row.size(), cells.columns.size()),
                  "each line is a text, a tab and a label; there is no tab within a text");
    }
    for (std::size_t i = 0; i < row.size(); ++i) cells.columns[i].emplace_back(row[i]);
    cells.lines.push_back(number);
  }
  return cells;
}

Cells read_comma_separated(const std::filesystem::path& path) {
  const Table table = read_csv(path, {.header = false});
  Cells cells;
  for (const std::string& name : table.columns()) cells.columns.push_back(table.text(name));
  for (std::int64_t row = 1; row <= table.rows(); ++row) cells.lines.push_back(row);
  return cells;
}

Cells read_plain(const std::filesystem::path& path) {
  const std::string text = read_text(path);
  Cells cells;
  cells.names = {"text"};
  cells.columns.resize(1);
  std::int64_t number = 0;
  for (const std::string_view line : lines_of(text)) {
    ++number;
    cells.columns[0].emplace_back(line);
    cells.lines.push_back(number);
  }
  return cells;
}

std::string cell_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_null() ? std::string() : value.dump();
}

Cells read_json_lines(const std::filesystem::path& path) {
  const std::string text = read_text(path);
  Cells cells;
  std::int64_t number = 0;
  for (const std::string_view line : lines_of(text)) {
    ++number;
    if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
    const std::string place = fmt::format("{}:{}", path.string(), number);
    const Json object = parse_json(line, place);
    if (!object.is_object())
      throw Error(fmt::format("{}: {} is not an object", place, shown(object)),
                  R"(each line is like {"text": "...", "label": "..."})");
    const std::size_t rows = cells.lines.size();
    for (const auto& [name, value] : object.items()) {
      const auto found = std::find(cells.names.begin(), cells.names.end(), name);
      const auto index = static_cast<std::size_t>(found - cells.names.begin());
      if (found == cells.names.end()) {
        cells.names.push_back(name);
        cells.columns.emplace_back(rows);
      }
      cells.columns[index].push_back(cell_of(value));
    }
    for (auto& column : cells.columns) column.resize(rows + 1);
    cells.lines.push_back(number);
  }
  return cells;
}

// ---- columns

std::optional<std::size_t> usual_column(const Cells& cells,
                                        std::span<const std::string_view> usual) {
  for (const std::string_view name : usual) {
    for (std::size_t i = 0; i < cells.names.size(); ++i) {
      if (lower(cells.names[i]) == name) return i;
    }
  }
  return std::nullopt;
}

std::size_t named_column(const Cells& cells, const std::string& name, const std::string& file) {
  const auto found = std::find(cells.names.begin(), cells.names.end(), name);
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

}  // namespace

LabelledTexts read_labelled_texts(const std::filesystem::path& path,
                                  const LabelledTextsOptions& options) {
  const std::string extension = lower(path.extension().string());
  const std::string file = path == "-" ? "standard input" : path.string();
  const bool json = extension == ".jsonl" || extension == ".ndjson";
  const bool table = extension == ".csv" || extension == ".tsv";
  Cells cells = json                   ? read_json_lines(path)
                : extension == ".csv"  ? read_comma_separated(path)
                : extension == ".tsv"  ? read_tsv(path)
                : options.needs_labels ? read_tsv(path)
                                       : read_plain(path);
  if (cells.lines.empty()) throw Error(fmt::format("{} has no rows", file), "give some texts");
  if (!json && (table || options.needs_labels)) take_header(cells, options);
  if (cells.lines.empty())
    throw Error(fmt::format("{} has a header, but no rows", file), "give some texts");
  if (cells.names.empty()) cells.names = numbered(cells.columns.size());
  if (options.needs_labels && cells.columns.size() < 2) {
    throw Error(fmt::format("{} has one column (\"{}\"), texts and labels need two", file,
                            cells.names.front()),
                "cells of .csv are separated by commas, those of .tsv by tabs");
  }

  LabelledTexts result;
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
  result.text_column = cells.names[*text];
  if (label) result.label_column = cells.names[*label];

  for (std::size_t row = 0; row < cells.lines.size(); ++row) {
    std::string& content = cells.columns[*text][row];
    if (content.find_first_not_of(" \t") == std::string::npos && options.needs_labels) {
      ++result.skipped;
      continue;
    }
    if (label) {
      std::string& name = cells.columns[*label][row];
      if (name.empty() && options.needs_labels) {
        throw Error(fmt::format("{}:{}: no label in column \"{}\"", file, cells.lines[row],
                                result.label_column),
                    "label each text, or leave the row out");
      }
      result.labels.push_back(std::move(name));
    }
    result.texts.push_back(std::move(content));
    result.lines.push_back(cells.lines[row]);
  }
  if (result.texts.empty())
    throw Error(fmt::format("{}: column \"{}\" holds no text", file, result.text_column),
                "name the column with --text");
  return result;
}

}  // namespace chronicler::data
