#include "chronicler/data/labelled_texts.h"

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/json.h"
#include "chronicler/base/error.h"
#include "chronicler/data/csv_rows.h"
#include "chronicler/data/text_lines.h"
#include "data/csv_cells.h"

namespace chronicler::data {
namespace {

constexpr std::array<std::string_view, 12> text_names{"text",    "review",  "sentence", "document",
                                                      "comment", "content", "message",  "tweet",
                                                      "body",    "phrase",  "name",     "title"};
constexpr std::array<std::string_view, 11> label_names{
    "label",  "sentiment", "class",   "category", "polarity",   "target",
    "rating", "stars",     "emotion", "language", "nationality"};

struct Row {
  std::vector<std::string> cells;
  std::int64_t line = 0;
};

// Gives the next row; false at the end.
using Rows = std::function<bool(Row&)>;

// So many rows tell what the columns hold.
constexpr std::size_t rows_to_look_at = 10'000;

// Cells of the first rows, column by column.
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
  for (const auto& column : cells.columns) first.emplace_back(trimmed(column.front()));
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

// The next line that holds anything.
bool next_line(TextLines& lines) {
  while (lines.next()) {
    lines.check();
    if (!trimmed(lines.line()).empty()) return true;
  }
  return false;
}

constexpr std::size_t longest_line = std::size_t{1} << 28U;

Rows tsv_rows(const std::filesystem::path& path) {
  return [lines = std::make_shared<TextLines>(path, longest_line),
          width = std::size_t{0}](Row& row) mutable {
    do {
      if (!lines->next()) return false;
      lines->check();
    } while (lines->line().empty());
    std::string_view line = lines->line();
    row.cells.clear();
    for (;;) {
      const std::size_t end = std::min(line.find('\t'), line.size());
      row.cells.emplace_back(line.substr(0, end));
      if (end == line.size()) break;
      line.remove_prefix(end + 1);
    }
    row.line = lines->number();
    if (width == 0) width = row.cells.size();
    if (row.cells.size() == width) return true;
    throw Error(
        fmt::format("{}: {} cells, the first line has {}", lines->place(), row.cells.size(), width),
        "each line is a text, a tab and a label; there is no tab within a text");
  };
}

// Cells between commas; between semicolons or tabs where the first line has no comma.
Rows csv_rows(const std::filesystem::path& path) {
  auto file = std::make_shared<CsvRows>(path, CsvRowsOptions{',', false});
  if (file->columns().size() == 1)
    file = std::make_shared<CsvRows>(path, CsvRowsOptions{'\0', false});
  return [file](Row& row) {
    if (!file->next()) return false;
    row.cells.assign(file->cells().begin(), file->cells().end());
    row.line = file->line();
    return true;
  };
}

Rows plain_rows(const std::filesystem::path& path) {
  return [lines = std::make_shared<TextLines>(path, longest_line)](Row& row) {
    if (!lines->next()) return false;
    lines->check();
    row.cells.assign(1, lines->line());
    row.line = lines->number();
    return true;
  };
}

std::string cell_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_null() ? std::string() : value.dump();
}

// Members that came up before are `names`, in whose order the cells are; others follow.
Rows json_rows(const std::filesystem::path& path,
               const std::shared_ptr<std::vector<std::string>>& names) {
  return [lines = std::make_shared<TextLines>(path, longest_line), names](Row& row) {
    if (!next_line(*lines)) return false;
    const std::string place = lines->place();
    if (lines->number() == 1 && trimmed(lines->line()).starts_with('['))
      throw Error(fmt::format("{}: a list, expected an object on each line", place),
                  R"(each line is like {"text": "...", "label": "..."}; jq -c '.[]' makes them)");
    const Json object = parse_json(lines->line(), place);
    if (!object.is_object())
      throw Error(fmt::format("{}: {} is not an object", place, shown(object)),
                  R"(each line is like {"text": "...", "label": "..."})");
    row.cells.assign(names->size(), std::string());
    row.line = lines->number();
    for (const auto& [name, value] : object.items()) {
      const auto found = std::find(names->begin(), names->end(), name);
      if (found == names->end()) {
        names->push_back(name);
        row.cells.push_back(cell_of(value));
      } else {
        row.cells[static_cast<std::size_t>(found - names->begin())] = cell_of(value);
      }
    }
    return true;
  };
}

Cells first_cells(const Rows& next) {
  Cells cells;
  Row row;
  while (cells.lines.size() < rows_to_look_at && next(row)) {
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
  const bool json = extension == ".jsonl" || extension == ".ndjson" || extension == ".json";
  const bool table = extension == ".csv" || extension == ".tsv";
  const bool plain = !json && !table && !options.needs_labels;
  const auto members = std::make_shared<std::vector<std::string>>();
  const Rows next = json                  ? json_rows(path, members)
                    : extension == ".csv" ? csv_rows(path)
                    : plain               ? plain_rows(path)
                                          : tsv_rows(path);
  Cells cells = first_cells(next);
  if (cells.lines.empty()) throw Error(fmt::format("{} is empty", file), "give some texts");
  if (json) cells.names = *members;
  if (plain) cells.names = {"text"};
  if (!json && (table || options.needs_labels)) take_header(cells, options);
  if (cells.lines.empty())
    throw Error(fmt::format("{} has a header, but no rows", file), "give some texts");
  if (cells.names.empty()) cells.names = numbered(cells.columns.size());
  if (options.needs_labels && cells.columns.size() < 2) {
    throw Error(fmt::format("{} has one column (\"{}\"), texts and labels need two", file,
                            cells.names.front()),
                "cells of .csv are separated by commas or semicolons, those of .tsv by tabs");
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

  const auto add = [&](std::string& content, std::string* name, std::int64_t line) {
    if (trimmed(content).empty() && options.needs_labels) {
      ++result.skipped;
      return;
    }
    if (name != nullptr) {
      const std::string_view plain_name = trimmed(*name);
      if (plain_name.empty() && options.needs_labels) {
        throw Error(
            fmt::format("{}:{}: no label in column \"{}\"", file, line, result.label_column),
            "label each text, or leave the row out");
      }
      result.labels.emplace_back(plain_name);
    }
    result.texts.push_back(std::move(content));
    result.lines.push_back(line);
  };
  for (std::size_t row = 0; row < cells.lines.size(); ++row)
    add(cells.columns[*text][row], label ? &cells.columns[*label][row] : nullptr, cells.lines[row]);
  const std::size_t width = cells.columns.size();
  cells = {};
  for (Row row; next(row);) {
    row.cells.resize(std::max(row.cells.size(), width));
    add(row.cells[*text], label ? &row.cells[*label] : nullptr, row.line);
  }
  if (result.texts.empty())
    throw Error(fmt::format("{}: column \"{}\" holds no text", file, result.text_column),
                "name the column with --text");
  return result;
}

}  // namespace chronicler::data
