#include "tasks/text_reader.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "base/json.h"
#include "chronicler/base/error.h"
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

std::string in_one_line(std::string_view text) {
  std::string line(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

}  // namespace

TextReader::TextReader(std::span<const std::string_view> texts,
                       const TextClassifierOptions& options)
    : level_(options.level), ngrams_(options.ngrams), longest_(options.longest) {
  if (level_ == "subword") {
    std::string all;
    for (const std::string_view text : texts) all += in_one_line(text) + "\n";
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
  for (const std::string& word : words_) ids_.emplace(word, ++id);
}

TextReader::TextReader(std::string_view bytes) {
  const std::size_t end = std::min(bytes.find('\n'), bytes.size());
  const Json json = parse_json(bytes.substr(0, end), "its vocabulary");
  const JsonPlace place(json, "its vocabulary");
  level_ = place["level"].text();
  ngrams_ = place["ngrams"].whole();
  longest_ = place["longest"].whole();
  for (const JsonPlace& word : place["words"].items()) words_.push_back(word.text());
  index_words();
  if (level_ == "subword")
    subwords_ = data::Pieces::from_bytes(bytes.substr(std::min(end + 1, bytes.size())));
}

std::string TextReader::bytes() const {
  const Json json{{"level", level_}, {"ngrams", ngrams_}, {"longest", longest_}, {"words", words_}};
  return to_text(json) + "\n" + (subwords_ ? subwords_->bytes() : std::string());
}

std::vector<TextPiece> TextReader::pieces(std::string_view text) const {
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
  std::vector<std::string> texts;
  texts.reserve(pieces.size());
  for (const TextPiece& piece : pieces) texts.push_back(piece.text);
  return bag_of(texts, ngrams_);
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

std::vector<float> TextReader::wide(const BagOfWords& words, const Bag& bag) const {
  std::vector<float> bayes = words.naive_bayes(bag);
  std::vector<float> logistic = words.logistic(bag);
  const float scale = 1.0F / std::sqrt(static_cast<float>(std::max<std::size_t>(bag.size(), 1)));
  for (float& score : bayes) score *= scale;
  std::vector<float> both;
  for (std::vector<float>* scores : {&logistic, &bayes}) {
    const float mean =
        std::accumulate(scores->begin(), scores->end(), 0.0F) / static_cast<float>(scores->size());
    for (const float score : *scores) both.push_back(score - mean);
  }
  return both;
}

}  // namespace chronicler::tasks
