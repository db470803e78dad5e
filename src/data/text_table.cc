#include "data/text_table.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/json.h"
#include "chronicler/base/error.h"
#include "chronicler/data/csv_rows.h"
#include "chronicler/data/plain_text.h"
#include "chronicler/data/text_lines.h"
#include "data/csv_cells.h"

namespace chronicler::data {

class TextTable::Source {
 public:
  Source() = default;
  virtual ~Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  virtual bool next(TextRow& row) = 0;
  const std::vector<std::string>& members() const { return members_; }

 protected:
  std::vector<std::string> members_;
};

class TextTable::CsvSource : public Source {
 public:
  CsvSource(const std::filesystem::path& path, const TextTableOptions& options) {
    CsvRowsOptions rows{.header = false, .gives_faults = options.gives_faults};
    if (options.kind == TextTableKind::tsv) {
      rows.delimiter = '\t';
      rows.quotes = false;
      rows.longest = options.longest_line;
    }
    // An empty file is a table without rows.
    if (!is_empty(path)) rows_ = std::make_unique<CsvRows>(path, rows);
  }

  bool next(TextRow& row) override {
    if (!rows_ || !rows_->next()) return false;
    row.cells.assign(rows_->cells().begin(), rows_->cells().end());
    row.line = rows_->line();
    row.fault = rows_->fault();
    return true;
  }

 private:
  static bool is_empty(const std::filesystem::path& path) {
    std::error_code reason;
    return std::filesystem::is_regular_file(path, reason) &&
           std::filesystem::file_size(path, reason) == 0;
  }

  std::unique_ptr<CsvRows> rows_;
};

class TextTable::LineSource : public Source {
 public:
  LineSource(const std::filesystem::path& path, const TextTableOptions& options)
      : lines_(path, options.longest_line), gives_faults_(options.gives_faults) {}

  bool next(TextRow& row) override {
    if (!next_line()) return false;
    row.line = lines_.number();
    row.fault = lines_.fault();
    row.cells.clear();
    if (row.fault.empty()) take(row);
    return true;
  }

 protected:
  virtual bool next_line() {
    if (!lines_.next()) return false;
    if (!gives_faults_) lines_.check();
    return true;
  }
  virtual void take(TextRow& row) { row.cells.assign(1, lines_.line()); }

  TextLines lines_;
  bool gives_faults_;
};

class TextTable::JsonSource : public LineSource {
 public:
  using LineSource::LineSource;

 protected:
  bool next_line() override {
    do {
      if (!LineSource::next_line()) return false;
    } while (lines_.fault().empty() && !has_text(lines_.line()));
    return true;
  }

  void take(TextRow& row) override {
    if (lines_.number() == 1 && lines_.line().find_first_not_of(" \t") == lines_.line().find('['))
      throw Error(fmt::format("{}: a list, expected an object on each line", lines_.place()),
                  R"(each line is like {"text": "...", "label": "..."}; jq -c '.[]' makes them)");
    if (!gives_faults_) {
      take_object(row);
      return;
    }
    try {
      take_object(row);
    } catch (const Error& error) {
      row.cells.clear();
      const std::string place = lines_.place() + ": ";
      row.fault = error.message().starts_with(place) ? error.message().substr(place.size())
                                                     : error.message();
    }
  }

 private:
  void take_object(TextRow& row) {
    const std::string place = lines_.place();
    const Json object = parse_json(lines_.line(), place);
    if (!object.is_object())
      throw Error(fmt::format("{}: {} is not an object", place, shown(object)),
                  R"(each line is like {"text": "...", "label": "..."})");
    row.cells.assign(members_.size(), std::string());
    for (const auto& [member, value] : object.items()) {
      const std::string name = plain_name(member);
      const auto found = std::find(members_.begin(), members_.end(), name);
      if (found == members_.end()) {
        members_.push_back(name);
        row.cells.push_back(cell_of(value));
      } else {
        row.cells[static_cast<std::size_t>(found - members_.begin())] = cell_of(value);
      }
    }
  }

  static std::string cell_of(const Json& value) {
    if (value.is_string()) return value.get<std::string>();
    return value.is_null() ? std::string() : value.dump();
  }
};

TextTable::TextTable(const std::filesystem::path& path, const TextTableOptions& options)
    : name_(path == "-" ? "standard input" : path.string()) {
  switch (options.kind) {
    case TextTableKind::csv:
    case TextTableKind::tsv:
      source_ = std::make_unique<CsvSource>(path, options);
      break;
    case TextTableKind::json:
      source_ = std::make_unique<JsonSource>(path, options);
      break;
    case TextTableKind::lines:
      source_ = std::make_unique<LineSource>(path, options);
      break;
  }
}

TextTable::~TextTable() = default;

bool TextTable::next() { return source_->next(row_); }
TextRow& TextTable::row() { return row_; }
const std::vector<std::string>& TextTable::members() const { return source_->members(); }
std::string TextTable::place() const { return data::place(name_, row_.line); }

TextTableKind table_kind(const std::filesystem::path& path, TextTableKind otherwise) {
  constexpr std::array<std::pair<std::string_view, TextTableKind>, 5> kinds{
      {{".csv", TextTableKind::csv},
       {".tsv", TextTableKind::tsv},
       {".jsonl", TextTableKind::json},
       {".ndjson", TextTableKind::json},
       {".json", TextTableKind::json}}};
  const std::string ending = lower_case(path.extension().string());
  const auto* const found = std::find_if(kinds.begin(), kinds.end(),
                                         [&](const auto& kind) { return kind.first == ending; });
  return found == kinds.end() ? otherwise : found->second;
}

std::string lower_case(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::optional<std::size_t> column_place(const std::vector<std::string>& names,
                                        std::string_view wanted) {
  const auto found = std::find(names.begin(), names.end(), plain_name(wanted));
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  std::size_t number = 0;
  const char* end = wanted.data() + wanted.size();
  const auto [at, reason] = std::from_chars(wanted.data(), end, number);
  if (reason != std::errc() || at != end || number < 1 || number > names.size())
    return std::nullopt;
  return number - 1;
}

std::string names_shown(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names)
    all += fmt::format("{}{}", all.empty() ? "" : ", ", in_quotes(name));
  return all;
}

}  // namespace chronicler::data
