#include "tasks/sentiment/text_reader.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "base/json.h"
#include "chronicler/base/error.h"
#include "chronicler/data/plain_text.h"
#include "chronicler/data/words.h"
#include "data/utf8.h"

namespace chronicler::tasks {
namespace {

// Begin and end of a text of characters: what stands there says more than the same in the middle.
constexpr std::string_view text_begin = "\x02";
constexpr std::string_view text_end = "\x03";

std::vector<TextPiece> characters_of(std::string_view text) {
  std::vector<TextPiece> pieces{{std::string(text_begin), 0, 0}};
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = std::max<std::size_t>(data::utf8_length(text.substr(i)), 1);
    pieces.push_back({std::string(text.substr(i, length)), static_cast<std::int64_t>(i),
                      static_cast<std::int64_t>(i + length)});
    i += length;
  }
  const auto size = static_cast<std::int64_t>(text.size());
  pieces.push_back({std::string(text_end), size, size});
  return pieces;
}

std::vector<std::string> texts_of(std::span<const TextPiece> pieces) {
  std::vector<std::string> texts;
  texts.reserve(pieces.size());
  for (const TextPiece& piece : pieces) texts.push_back(piece.text);
  return texts;
}

// By its logistic regression and by naive Bayes, each centred.
void add_scores(const BagOfWords& words, const Bag& bag, std::vector<float>& to) {
  std::vector<float> bayes = words.naive_bayes(bag);
  const float scale = 1.0F / std::sqrt(static_cast<float>(std::max<std::size_t>(bag.size(), 1)));
  for (float& score : bayes) score *= scale;
  for (const std::vector<float>& scores : {words.logistic(bag), bayes}) {
    const float mean =
        std::accumulate(scores.begin(), scores.end(), 0.0F) / static_cast<float>(scores.size());
    for (const float score : scores) to.push_back(score - mean);
  }
}

std::string in_one_line(std::string_view text) {
  std::string line(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

}  // namespace

TextReader::TextReader(std::span<const std::string_view> texts,
                       const TextClassifierOptions& options)
    : level_(options.level),
      ngrams_(options.ngrams),
      spelling_(*options.spelling),
      longest_(options.longest) {
  if (level_ == "subword") {
    std::string all;
    for (const std::string_view text : texts) all += in_one_line(data::plain_text(text)) + "\n";
    subwords_ = data::Pieces::subwords(all, options.vocabulary);
  }
  std::unordered_map<std::string, std::int64_t> counts;
  for (const std::string_view text : texts) {
    for (const TextPiece& piece : pieces(text)) ++counts[piece.text];
  }
  std::vector<std::pair<std::string, std::int64_t>> kept;
  for (const auto& [word, count] : counts) {
    if (count >= options.min_count) kept.emplace_back(word, count);
  }
  std::sort(kept.begin(), kept.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  if (kept.size() > static_cast<std::size_t>(options.vocabulary))
    kept.resize(static_cast<std::size_t>(options.vocabulary));
  for (auto& [word, count] : kept) words_.push_back(std::move(word));
  index_words();
}

void TextReader::index_words() {
  std::int32_t id = unknown;
  std::string all;
  for (const std::string& word : words_) {
    ids_.emplace(word, ++id);
    all += word;
  }
  unplain_ = data::unplain_characters(all);
}

TextReader::TextReader(std::string_view bytes) {
  const std::size_t end = std::min(bytes.find('\n'), bytes.size());
  const Json json = parse_json(bytes.substr(0, end), "its vocabulary");
  const JsonPlace place(json, "its vocabulary");
  level_ = place["level"].text();
  constexpr std::int64_t longest_gram = 64;
  const auto length = [&](std::string_view member, std::int64_t least) {
    const std::int64_t number = place[member].whole();
    if (number < least || number > longest_gram)
      place[member].refuse(fmt::format("{} to {}", least, longest_gram));
    return number;
  };
  ngrams_ = length("ngrams", 1);
  longest_ = place["longest"].whole();
  if (place.find("spelling")) spelling_ = length("spelling", 0);  // older files have none
  for (const JsonPlace& word : place["words"].items()) words_.push_back(word.text());
  index_words();
  if (level_ == "subword")
    subwords_ = data::Pieces::from_bytes(bytes.substr(std::min(end + 1, bytes.size())));
}

std::string TextReader::bytes() const {
  const Json json{{"level", level_},
                  {"ngrams", ngrams_},
                  {"spelling", spelling_},
                  {"longest", longest_},
                  {"words", words_}};
  return to_text(json) + "\n" + (subwords_ ? subwords_->bytes() : std::string());
}

std::string TextReader::plain(std::string_view text) const {
  return data::plain_text(text, subwords_ ? subwords_->unplain() : std::u32string_view(unplain_));
}

std::vector<TextPiece> TextReader::pieces(std::string_view written) const {
  const std::string text = plain(written);
  if (level_ == "char") return characters_of(text);
  std::vector<TextPiece> pieces;
  if (level_ == "word") {
    for (data::Word& word : data::words_of(text))
      pieces.push_back({std::move(word.text), word.begin, word.end});
    return pieces;
  }
  std::int64_t at = 0;
  for (const data::Pieces::Id id : subwords_->ids(in_one_line(text))) {
    std::string piece = subwords_->text(id);
    const std::int64_t end = at + static_cast<std::int64_t>(piece.size());
    // A byte of a character that the sub-words do not have is no text by itself.
    if (data::utf8_length(piece) == 0) piece = fmt::format("<{}>", id);
    pieces.push_back({std::move(piece), at, end});
    at = end;
  }
  return pieces;
}

Bag TextReader::bag(std::span<const TextPiece> pieces) const {
  return bag_of(texts_of(pieces), ngrams_);
}

Bag TextReader::spellings(std::span<const TextPiece> pieces) const {
  return spellings_of(texts_of(pieces), shortest_spelling, spelling_);
}

std::vector<std::int32_t> TextReader::ids(std::span<const TextPiece> pieces) const {
  const auto size = static_cast<std::int64_t>(pieces.size());
  std::vector<std::int32_t> ids;
  for (std::int64_t i = 0; i < size; ++i) {
    if (size > longest_ && i >= longest_ / 2 && i < size - longest_ / 2) continue;
    const auto found = ids_.find(pieces[static_cast<std::size_t>(i)].text);
    ids.push_back(found == ids_.end() ? unknown : found->second);
  }
  if (ids.empty()) ids.push_back(unknown);
  return ids;
}

std::vector<float> TextReader::wide(std::span<const TextPiece> pieces) const {
  std::vector<float> scores;
  add_scores(bag_of_words_, bag(pieces), scores);
  if (has_spellings()) add_scores(bag_of_spellings_, spellings(pieces), scores);
  return scores;
}

}  // namespace chronicler::tasks
