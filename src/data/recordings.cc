#include "chronicler/data/recordings.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <span>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "chronicler/base/error.h"
#include "chronicler/base/runtime.h"
#include "chronicler/data/labelled_texts.h"
#include "data/utf8.h"

namespace chronicler::data {
namespace {

constexpr std::array<std::string_view, 6> path_names{"path",  "file", "filename",
                                                     "audio", "wav",  "audio_filepath"};
constexpr std::array<std::string_view, 7> text_names{
    "text", "transcript", "sentence", "transcription", "word", "label", "words"};

// The first of these names that stands in the list's first line, as a cell or a JSON member.
std::string usual_column(const std::filesystem::path& list, std::string_view what,
                         std::span<const std::string_view> names) {
  std::ifstream file(list);
  std::string first;
  std::getline(file, first);
  const bool is_json = list.extension() == ".jsonl" || list.extension() == ".ndjson";
  std::vector<std::string> cells{{}};
  for (const char c : first) {
    if (!is_json && (c == '\t' || c == ',' || c == ';' || c == '\r')) {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  for (const std::string_view name : names) {
    for (std::string cell : cells) {
      if (cell.starts_with(byte_order_mark)) cell.erase(0, byte_order_mark.size());
      const bool found = is_json ? cell.find(fmt::format("\"{}\"", name)) != std::string::npos
                                 : cell == name || cell == fmt::format("\"{}\"", name);
      if (found) return std::string(name);
    }
  }
  throw Error(fmt::format("\"{}\" has no column for {}: its first line is \"{}\"", list.string(),
                          what, first.substr(0, 200)),
              fmt::format("name the columns in the first line ({}), or say which it is",
                          fmt::join(names, ", ")));
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
  constexpr std::array<std::string_view, 4> kinds{".tsv", ".csv", ".jsonl", ".ndjson"};
  if (std::find(kinds.begin(), kinds.end(), list.extension().string()) == kinds.end()) {
    throw Error(fmt::format("\"{}\" is not a list of recordings by its name", list.string()),
                "a list ends in .tsv, .csv or .jsonl");
  }
  LabelledTextsOptions columns;
  columns.text = options.path.empty() ? usual_column(list, "paths", path_names) : options.path;
  columns.label = options.text.empty() ? usual_column(list, "texts", text_names) : options.text;
  columns.needs_labels = false;
  const LabelledTexts rows = read_labelled_texts(list, columns);
  if (rows.label_column != columns.label) {
    throw Error(fmt::format("\"{}\" has no column \"{}\"", list.string(), columns.label),
                "its first line names the columns");
  }
  const std::size_t count = rows.texts.size();
  std::vector<Recording> read(count);
  std::vector<std::string> reasons(count);
  Runtime::global().parallel(static_cast<std::int64_t>(count), [&](std::int64_t row) {
    const auto i = static_cast<std::size_t>(row);
    const auto skip = [&](const std::string& reason) {
      reasons[i] = fmt::format("{}:{}: {}", list.string(), rows.lines[i], reason);
    };
    read[i].text = rows.labels.empty() ? std::string() : rows.labels[i];
    if (read[i].text.find_first_not_of(" \t") == std::string::npos)
      return skip(fmt::format("no text for \"{}\"", rows.texts[i]));
    read[i].name = fmt::format("{}:{} ({})", list.string(), rows.lines[i], rows.texts[i]);
    try {
      const std::filesystem::path path = list.parent_path() / rows.texts[i];
      if (rows.texts[i] == "-") throw Error("a list cannot name standard input");
      read[i].audio = read_audio(path, options.audio);
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
