#include "chronicler/data/recordings.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <span>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "chronicler/base/error.h"
#include "chronicler/base/runtime.h"
#include "chronicler/data/plain_text.h"
#include "data/csv_cells.h"
#include "data/text_table.h"

namespace chronicler::data {
namespace {

constexpr std::array<std::string_view, 6> path_names{"path",  "file", "filename",
                                                     "audio", "wav",  "audio_filepath"};
constexpr std::array<std::string_view, 7> text_names{
    "text", "transcript", "sentence", "transcription", "word", "label", "words"};

// The place of a column: of the name that was asked for, or of the first of the usual ones.
std::size_t find_column(const std::vector<std::string>& names, const std::string& asked,
                        std::string_view what, std::span<const std::string_view> usual,
                        const std::string& list) {
  if (!asked.empty()) {
    if (const auto found = column_place(names, asked)) return *found;
    throw Error(fmt::format("\"{}\" has no column \"{}\"", list, asked),
                "its first line names the columns");
  }
  for (const std::string_view name : usual) {
    const auto found = std::find_if(names.begin(), names.end(), [&](const std::string& column) {
      return lower_case(column) == name;
    });
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  }
  throw Error(fmt::format("\"{}\" has no column for {}: its first line is {}", list, what,
                          names_shown(names)),
              fmt::format("name the columns in the first line ({}), or say which it is",
                          fmt::join(usual, ", ")));
}

struct ListRow {
  std::string file;
  std::string text;
  std::int64_t line = 0;
  std::string fault;
};

// The rows of a list, with a reason where one cannot be read.
std::vector<ListRow> rows_of(const std::filesystem::path& list, const RecordingsOptions& options) {
  const TextTableKind kind = table_kind(list, TextTableKind::lines);
  if (kind == TextTableKind::lines) {
    throw Error(fmt::format("\"{}\" is not a list of recordings by its name", list.string()),
                "a list ends in .tsv, .csv or .jsonl");
  }
  TextTable table(list, {.kind = kind, .gives_faults = true});
  std::vector<ListRow> rows;
  bool is_first = true;
  std::size_t path_column = 0;
  std::size_t text_column = 0;
  while (table.next()) {
    const TextRow& row = table.row();
    const bool is_header = is_first && kind != TextTableKind::json;
    if (is_first && row.fault.empty()) {
      std::vector<std::string> names = table.members();
      if (is_header) {
        for (const std::string& cell : row.cells) names.push_back(plain_name(cell));
      }
      path_column = find_column(names, options.path, "paths", path_names, list.string());
      text_column = find_column(names, options.text, "texts", text_names, list.string());
    } else if (is_header) {
      throw Error(fmt::format("{}: {}", table.place(), row.fault),
                  "its first line names the columns");
    }
    is_first = is_first && !row.fault.empty();
    if (is_header) continue;
    const auto cell = [&](std::size_t place) {
      return place < row.cells.size() ? std::string(trimmed(row.cells[place])) : std::string();
    };
    rows.push_back({cell(path_column), cell(text_column), row.line, row.fault});
  }
  return rows;
}

}  // namespace

Recordings read_recordings(const std::filesystem::path& list, const RecordingsOptions& options) {
  if (list == "-") {
    throw Error("a list of recordings cannot come from standard input",
                "its paths are relative to its folder: give a file");
  }
  if (!std::ifstream(list) || std::filesystem::is_directory(list)) {
    throw Error(fmt::format("cannot read \"{}\"", list.string()),
                "give a list of recordings: a TSV file with the columns path and text");
  }
  const std::vector<ListRow> rows = rows_of(list, options);
  const std::size_t count = rows.size();
  std::vector<Recording> read(count);
  std::vector<std::string> reasons(count);
  Runtime::global().parallel(static_cast<std::int64_t>(count), [&](std::int64_t number) {
    const auto i = static_cast<std::size_t>(number);
    const ListRow& row = rows[i];
    const auto skip = [&](const std::string& reason) {
      reasons[i] = fmt::format("{}:{}: {}", list.string(), row.line, reason);
    };
    if (!row.fault.empty()) return skip(row.fault);
    if (!has_text(row.file)) return skip("no path of a recording");
    if (!has_text(row.text)) return skip(fmt::format("no text for \"{}\"", row.file));
    read[i].text = row.text;
    read[i].name = fmt::format("{}:{} ({})", list.string(), row.line, row.file);
    try {
      if (row.file == "-") throw Error("a list cannot name standard input");
      read[i].audio = read_audio(list.parent_path() / row.file, options.audio);
    } catch (const Error& error) {
      skip(error.message());
    }
  });
  Recordings result;
  for (std::size_t i = 0; i < count; ++i) {
    if (reasons[i].empty()) {
      result.recordings.push_back(std::move(read[i]));
    } else {
      result.skipped.push_back(reasons[i]);
    }
  }
  if (!result.recordings.empty()) return result;
  throw Error(fmt::format("\"{}\" leaves no recording: {}", list.string(),
                          result.skipped.empty() ? "it has no rows" : result.skipped.front()),
              "the list needs paths of WAV, FLAC or OGG files, from its own folder");
}

}  // namespace chronicler::data
