#include "chronicler/data/sentence_pairs.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/data/text_lines.h"

namespace chronicler::data {
namespace {

using Cells = std::vector<std::string>;

constexpr std::size_t most_notes = 5;

// A cell in quotes may hold the separator, and quotes as two of them.
Cells cells_of(std::string_view line, char separator, bool quoted) {
  Cells cells(1);
  bool inside = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '"') {
      if (inside && i + 1 < line.size() && line[i + 1] == '"') {
        cells.back() += c;
        ++i;
      } else {
        inside = !inside;
      }
    } else if (c == separator && !inside) {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  return cells;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view space = " \t\r";
  const std::size_t begin = text.find_first_not_of(space);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(space) - begin + 1);
}

struct Columns {
  std::size_t source = 0;
  std::size_t target = 1;
  bool has_header = false;
};

std::optional<std::size_t> number_of(const std::string& column) {
  std::size_t number = 0;
  const char* end = column.data() + column.size();
  const auto [at, reason] = std::from_chars(column.data(), end, number);
  if (reason != std::errc() || at != end || number == 0) return std::nullopt;
  return number - 1;
}

Columns find_columns(const Cells& first, const SentencePairsOptions& options,
                     const std::string& file) {
  Columns columns;
  const auto find = [&](const std::string& wanted, std::size_t& place) {
    if (wanted.empty()) return;
    const auto found = std::find(first.begin(), first.end(), wanted);
    if (found != first.end()) {
      place = static_cast<std::size_t>(found - first.begin());
      columns.has_header = true;
      return;
    }
    const std::optional<std::size_t> number = number_of(wanted);
    if (number && *number < first.size()) {
      place = *number;
      return;
    }
    std::string all;
    for (const std::string& cell : first) {
      constexpr std::size_t shown = 30;
      all += fmt::format("{}\"{}\"", all.empty() ? "" : ", ",
                         cell.size() > shown ? cell.substr(0, shown) + "..." : cell);
    }
    throw Error(fmt::format("{} has no column \"{}\"", file, wanted),
                fmt::format("name one of its first row ({}), or give its number, 1 to {}", all,
                            first.size()));
  };
  find(options.source, columns.source);
  if (!options.source.empty() && columns.source == 1) columns.target = 0;
  find(options.target, columns.target);
  if (options.source.empty() && !options.target.empty() && columns.target == 0) columns.source = 1;
  if (columns.source == columns.target)
    throw Error(fmt::format("{}: source and target are the same column", file),
                "name two columns with --source and --target");
  return columns;
}

}  // namespace

SentencePairs read_sentence_pairs(const std::filesystem::path& path,
                                  const SentencePairsOptions& options) {
  const std::string file = path == "-" ? "standard input" : path.string();
  TextLines lines(path);
  const bool is_csv = path.extension() == ".csv";
  SentencePairs pairs;
  std::optional<Columns> columns;
  while (lines.next()) {
    const auto skip = [&](std::string_view why) {
      if (++pairs.skipped <= static_cast<std::int64_t>(most_notes))
        pairs.notes.push_back(fmt::format("{}: {}", lines.place(), why));
    };
    if (!lines.fault().empty()) {
      skip(lines.fault());
      continue;
    }
    if (trimmed(lines.line()).empty()) continue;
    const Cells cells = cells_of(lines.line(), is_csv ? ',' : '\t', is_csv);
    if (!columns) {
      columns = find_columns(cells, options, file);
      if (columns->has_header) continue;
    }
    const std::size_t needed = std::max(columns->source, columns->target);
    if (cells.size() <= needed) {
      skip(fmt::format("{} cell{} where at least {} are needed", cells.size(),
                       cells.size() == 1 ? "" : "s", needed + 1));
      continue;
    }
    const std::string_view source = trimmed(cells[columns->source]);
    const std::string_view target = trimmed(cells[columns->target]);
    if (source.empty() || target.empty()) {
      skip(source.empty() ? "the source is empty" : "the target is empty");
      continue;
    }
    pairs.sources.emplace_back(source);
    pairs.targets.emplace_back(target);
  }
  if (pairs.sources.empty()) {
    throw Error(pairs.notes.empty() ? fmt::format("{} is empty", file)
                                    : fmt::format("{} has no pair ({})", file, pairs.notes.front()),
                "each line is a text, a tab and its translation");
  }
  return pairs;
}

ReferencedSentences by_source(const SentencePairs& pairs) {
  ReferencedSentences result;
  std::unordered_map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < pairs.sources.size(); ++i) {
    const auto [found, is_new] = places.emplace(pairs.sources[i], result.sources.size());
    if (is_new) {
      result.sources.push_back(pairs.sources[i]);
      result.references.emplace_back();
    }
    result.references[found->second].push_back(pairs.targets[i]);
  }
  return result;
}

}  // namespace chronicler::data
