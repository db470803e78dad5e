#include "chronicler/data/sentence_pairs.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/data/plain_text.h"
#include "data/csv_cells.h"
#include "data/text_table.h"

namespace chronicler::data {
namespace {

constexpr std::size_t most_notes = 5;
constexpr std::size_t longest_line = std::size_t{1} << 20U;
// So many rows show whether the first one names the columns.
constexpr std::size_t rows_to_look_at = 100;

// ---- what may name a column of texts

constexpr std::array<std::string_view, 42> roles{
    "source",    "target",     "src",    "tgt",      "trg",      "text",          "texts",
    "sentence",  "sentences",  "input",  "output",   "original", "translation",   "translated",
    "reference", "from",       "to",     "question", "answer",   "query",         "response",
    "prompt",    "completion", "word",   "words",    "spelling", "pronunciation", "phonemes",
    "phones",    "sounds",     "quelle", "ziel",     "texte",    "traduction",    "frage",
    "antwort",   "language",   "lang",   "segment",  "phrase",   "context",       "article"};
constexpr std::array<std::string_view, 75> languages{
    "afrikaans",  "albanian",  "arabic",     "armenian",   "basque",    "belarusian", "bengali",
    "bulgarian",  "catalan",   "chinese",    "croatian",   "czech",     "danish",     "dutch",
    "english",    "esperanto", "estonian",   "finnish",    "french",    "galician",   "georgian",
    "german",     "greek",     "gujarati",   "hebrew",     "hindi",     "hungarian",  "icelandic",
    "indonesian", "irish",     "italian",    "japanese",   "kazakh",    "khmer",      "korean",
    "latin",      "latvian",   "lithuanian", "macedonian", "malay",     "malayalam",  "maltese",
    "mandarin",   "marathi",   "mongolian",  "nepali",     "norwegian", "persian",    "polish",
    "portuguese", "punjabi",   "romanian",   "russian",    "serbian",   "sinhala",    "slovak",
    "slovenian",  "somali",    "spanish",    "swahili",    "swedish",   "tagalog",    "tamil",
    "telugu",     "thai",      "turkish",    "ukrainian",  "urdu",      "uzbek",      "vietnamese",
    "welsh",      "yiddish",   "deutsch",    "englisch",   "francais"};
constexpr std::array<std::string_view, 77> language_codes{
    "ar",  "bg",  "bn",  "ca",  "cs",  "cy",  "da",  "de",  "el",  "en",  "eo",  "es",  "et",
    "eu",  "fa",  "fi",  "fr",  "ga",  "gl",  "gu",  "he",  "hi",  "hr",  "hu",  "hy",  "is",
    "it",  "ja",  "ka",  "kk",  "ko",  "lt",  "lv",  "mk",  "ml",  "mr",  "ms",  "nb",  "nl",
    "no",  "pl",  "pt",  "ro",  "ru",  "sk",  "sl",  "sq",  "sr",  "sv",  "ta",  "th",  "tr",
    "uk",  "ur",  "vi",  "zh",  "ara", "ces", "cmn", "dan", "deu", "ell", "eng", "fin", "fra",
    "ger", "fre", "hun", "ita", "jpn", "kor", "nld", "pol", "por", "rus", "spa", "swe"};

bool holds(std::span<const std::string_view> words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// "English", "source_text", "en-US", "sentence 1": what names a role or a language.
bool is_usual_name(const std::string& name) {
  std::string_view rest = name;
  bool is_first = true;
  const std::string lower = lower_case(name);
  rest = lower;
  while (!rest.empty()) {
    constexpr std::string_view between = " _-./:()0123456789";
    const std::size_t end = std::min(rest.find_first_of(between), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (word.empty()) continue;
    const bool is_region = !is_first && word.size() == 2;
    if (!is_region && !holds(roles, word) && !holds(languages, word) &&
        !holds(language_codes, word))
      return false;
    is_first = false;
  }
  return !is_first;
}

std::size_t words_in(std::string_view text) {
  std::size_t count = 0;
  bool in_word = false;
  for (const char c : text) {
    const bool is_space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    count += !is_space && !in_word ? 1 : 0;
    in_word = !is_space;
  }
  return count;
}

// One word that ends no sentence.
bool is_bare_word(std::string_view cell) {
  constexpr std::size_t longest = 32;
  return words_in(cell) == 1 && cell.size() <= longest &&
         cell.find_first_of(".!?,;:\"") == std::string_view::npos;
}

// ---- columns

struct Columns {
  std::size_t source = 0;
  std::size_t target = 1;
  bool has_header = false;
  std::string source_name;
  std::string target_name;

  std::size_t needed() const { return std::max(source, target) + 1; }
};

// Whether the first row's cell stands in another one, too: the name of a column rarely does.
bool occurs_below(std::span<const TextRow> rows, std::size_t column) {
  const std::string cell = lower_case(rows.front().cells[column]);
  return std::any_of(rows.begin() + 1, rows.end(), [&](const TextRow& row) {
    return column < row.cells.size() &&
           lower_case(row.cells[column]).find(cell) != std::string::npos;
  });
}

// Whether single words that occur nowhere else stand above a file of sentences.
bool is_above_sentences(std::span<const TextRow> rows, const Columns& columns) {
  const auto& first = rows.front().cells;
  if (!is_bare_word(first[columns.source]) || !is_bare_word(first[columns.target])) return false;
  std::size_t all = 0;
  std::size_t sentences = 0;
  for (const TextRow& row : rows.subspan(1)) {
    if (row.cells.size() < columns.needed()) continue;
    ++all;
    const bool are_sentences =
        words_in(row.cells[columns.source]) > 1 && words_in(row.cells[columns.target]) > 1;
    sentences += are_sentences ? 1 : 0;
  }
  constexpr std::size_t least = 3;
  return all >= least && sentences * 10 >= all * 9 && !occurs_below(rows, columns.source) &&
         !occurs_below(rows, columns.target);
}

bool is_header(std::span<const TextRow> rows, const Columns& columns, TextTableKind kind) {
  const auto& first = rows.front().cells;
  if (first.size() < columns.needed()) return false;
  const std::string source = plain_name(first[columns.source]);
  const std::string target = plain_name(first[columns.target]);
  if (source == target) return false;
  if (is_usual_name(source) && is_usual_name(target)) return true;
  return kind == TextTableKind::csv && is_above_sentences(rows, columns);
}

// `names`: the cells of the first row, or the members of JSON objects.
Columns find_columns(const std::vector<std::string>& names, const SentencePairsOptions& options,
                     const std::string& file) {
  Columns columns;
  const auto find = [&](const std::string& wanted, std::size_t& place) {
    if (wanted.empty()) return;
    const std::optional<std::size_t> found = column_place(names, wanted);
    if (!found) {
      throw Error(fmt::format("{} has no column \"{}\"", file, wanted),
                  fmt::format("name one of its first row ({}), or give its number, 1 to {}",
                              names_shown(names), names.size()));
    }
    place = *found;
    columns.has_header = columns.has_header || names[place] == plain_name(wanted);
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

// Columns that are called source and target, or alike; else of more than two columns those two, in
// their order, that are called like texts; nothing if others are, too.
std::optional<std::pair<std::size_t, std::size_t>> usual_columns(
    const std::vector<std::string>& names) {
  using Pair = std::pair<std::string_view, std::string_view>;
  for (const auto& [source, target] :
       {Pair{"source", "target"}, Pair{"src", "tgt"}, Pair{"src", "trg"}, Pair{"input", "output"},
        Pair{"question", "answer"}, Pair{"from", "to"}}) {
    const auto place = [&](std::string_view wanted) {
      return static_cast<std::size_t>(
          std::find_if(names.begin(), names.end(),
                       [&](const std::string& name) { return lower_case(name) == wanted; }) -
          names.begin());
    };
    if (place(source) < names.size() && place(target) < names.size())
      return std::pair{place(source), place(target)};
  }
  std::vector<std::size_t> usual;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (is_usual_name(names[i])) usual.push_back(i);
  }
  if (names.size() < 3 || usual.size() != 2 || names[usual[0]] == names[usual[1]])
    return std::nullopt;
  return std::pair{usual[0], usual[1]};
}

// Which columns, and whether the first of these rows names them.
Columns columns_of(std::span<const TextRow> rows, const TextTable& table, TextTableKind kind,
                   const SentencePairsOptions& options, const std::string& file) {
  const bool is_json = kind == TextTableKind::json;
  std::vector<std::string> names;
  if (is_json) {
    names = table.members();
  } else {
    for (const std::string& cell : rows.front().cells) names.push_back(plain_name(cell));
  }
  Columns columns = find_columns(names, options, file);
  if (options.source.empty() && options.target.empty()) {
    if (const auto usual = usual_columns(names)) {
      columns.source = usual->first;
      columns.target = usual->second;
    }
  }
  if (is_json) {
    columns.has_header = false;
  } else if (!columns.has_header) {
    columns.has_header = is_header(rows, columns, kind);
  }
  const auto name_of = [&](std::size_t place) {
    return (columns.has_header || is_json) && place < names.size() ? in_quotes(names[place])
                                                                   : fmt::format("{}", place + 1);
  };
  columns.source_name = name_of(columns.source);
  columns.target_name = name_of(columns.target);
  return columns;
}

}  // namespace

SentencePairs read_sentence_pairs(const std::filesystem::path& path,
                                  const SentencePairsOptions& options) {
  const std::string file = path == "-" ? "standard input" : path.string();
  const TextTableKind kind = table_kind(path, TextTableKind::tsv);
  TextTable table(path, {.kind = kind, .gives_faults = true, .longest_line = longest_line});
  SentencePairs pairs;
  const auto skip = [&](const TextRow& row, std::string_view why) {
    if (++pairs.skipped <= static_cast<std::int64_t>(most_notes))
      pairs.notes.push_back(fmt::format("{}: {}", place(file, row.line), why));
  };
  std::vector<TextRow> first_rows;
  while (first_rows.size() < rows_to_look_at && table.next()) first_rows.push_back(table.row());
  const auto first = std::find_if(first_rows.begin(), first_rows.end(),
                                  [](const TextRow& row) { return row.fault.empty(); });
  Columns columns;
  if (first != first_rows.end())
    columns = columns_of({first, first_rows.end()}, table, kind, options, file);
  pairs.source_column = columns.source_name;
  pairs.target_column = columns.target_name;

  const auto take = [&](const TextRow& row) {
    if (!row.fault.empty()) return skip(row, row.fault);
    const std::size_t count = row.cells.size();
    if (count < columns.needed()) {
      return skip(row, fmt::format("{} cell{} where at least {} are needed", count,
                                   count == 1 ? "" : "s", columns.needed()));
    }
    const std::string& source = row.cells[columns.source];
    const std::string& target = row.cells[columns.target];
    if (!has_text(source) && !has_text(target) && kind != TextTableKind::csv) return;
    if (!has_text(source))
      return skip(row, fmt::format("the source is empty (column {})", columns.source_name));
    if (!has_text(target))
      return skip(row, fmt::format("the target is empty (column {})", columns.target_name));
    pairs.sources.emplace_back(trimmed(source));
    pairs.targets.emplace_back(trimmed(target));
  };
  for (auto row = first_rows.begin(); row != first_rows.end(); ++row) {
    if (row != first || !columns.has_header) take(*row);
  }
  first_rows = {};
  while (table.next()) take(table.row());
  if (pairs.sources.empty()) {
    throw Error(pairs.notes.empty() ? fmt::format("{} is empty", file)
                                    : fmt::format("{} has no pair ({})", file, pairs.notes.front()),
                kind == TextTableKind::csv ? "each row is a text and its translation"
                                           : "each line is a text, a tab and its translation");
  }
  return pairs;
}

ReferencedSentences by_source(const SentencePairs& pairs) {
  ReferencedSentences result;
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < pairs.sources.size(); ++i) {
    const auto [found, is_new] =
        places.emplace(plain_name(pairs.sources[i]), result.sources.size());
    if (is_new) {
      result.sources.push_back(pairs.sources[i]);
      result.references.emplace_back();
    }
    result.references[found->second].push_back(pairs.targets[i]);
  }
  return result;
}

}  // namespace chronicler::data
