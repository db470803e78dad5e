#include "tasks/translate/vocabulary.h"

#include <algorithm>
#include <map>

#include "chronicler/base/error.h"
#include "chronicler/data/plain_text.h"

namespace chronicler::tasks {
namespace {

constexpr std::string_view words_mark = "words\n";
constexpr std::size_t most_words = 30'000;

std::vector<std::string_view> words_in(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::string joined(std::span<const std::string> texts, std::string_view before) {
  std::string all;
  for (const std::string& text : texts) {
    all += before;
    all += text;
    all += '\n';
  }
  return all;
}

}  // namespace

SideVocabulary SideVocabulary::learn(const std::string& level, std::span<const std::string> texts,
                                     std::int64_t subwords) {
  SideVocabulary side;
  if (level == "subword") {
    // A space before each sentence: a word is the same piece wherever it stands.
    side.pieces_ = data::Pieces::subwords(joined(texts, " "), subwords);
  } else if (level == "char") {
    std::string all;
    for (const std::string& text : texts) all += text;
    side.pieces_ = data::Pieces::characters(all);
  } else {
    std::map<std::string_view, std::int64_t> counts;
    for (const std::string& text : texts) {
      for (const std::string_view word : words_in(text)) ++counts[word];
    }
    std::vector<std::pair<std::string_view, std::int64_t>> kept(counts.begin(), counts.end());
    std::stable_sort(kept.begin(), kept.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    if (kept.size() > most_words) kept.resize(most_words);
    // Of many words those that occur once stay unknown, so that unknown ones are learnt too.
    constexpr std::size_t many = 1'000;
    side.words_ = {""};
    for (const auto& [word, count] : kept) {
      if (kept.size() > many && count == 1) break;
      side.words_.emplace_back(word);
    }
    side.index_words();
  }
  return side;
}

void SideVocabulary::index_words() {
  unplain_ = data::unplain_characters(joined(words_, ""));
  for (std::size_t i = 1; i < words_.size(); ++i)
    word_ids_.emplace(words_[i], static_cast<PieceId>(i));
}

SideVocabulary SideVocabulary::from_bytes(std::string_view bytes) {
  SideVocabulary side;
  if (!bytes.starts_with(words_mark)) {
    side.pieces_ = data::Pieces::from_bytes(bytes);
    return side;
  }
  bytes.remove_prefix(words_mark.size());
  side.words_ = {""};
  while (!bytes.empty()) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    side.words_.emplace_back(bytes.substr(0, end));
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  side.index_words();
  return side;
}

std::string SideVocabulary::bytes() const {
  if (pieces_) return pieces_->bytes();
  return std::string(words_mark) + joined(std::span(words_).subspan(1), "");
}

std::int64_t SideVocabulary::size() const {
  return pieces_ ? pieces_->size() : static_cast<std::int64_t>(words_.size());
}

std::string SideVocabulary::line(std::string_view text) const {
  return data::plain_line(text, pieces_ ? pieces_->unplain() : std::u32string_view(unplain_));
}

std::vector<PieceId> SideVocabulary::ids(std::string_view text) const {
  std::vector<PieceId> ids;
  if (!pieces_) {
    for (const std::string_view word : words_in(text)) {
      const auto found = word_ids_.find(std::string(word));
      ids.push_back(found == word_ids_.end() ? 0 : found->second);
    }
    return ids;
  }
  const std::string begun = pieces_->are_characters() ? std::string(text) : " " + std::string(text);
  for (const data::Pieces::Id id : pieces_->ids(begun)) ids.push_back(id);
  return ids;
}

std::string SideVocabulary::piece(PieceId id) const {
  if (pieces_) return pieces_->text(static_cast<data::Pieces::Id>(id));
  return " " + words_[static_cast<std::size_t>(id)];
}

std::vector<std::string> SideVocabulary::pieces(std::string_view text,
                                                std::span<const PieceId> ids) const {
  std::vector<std::string> pieces;
  for (const PieceId id : ids) pieces.push_back(piece(id));
  if (!pieces_) {
    const std::vector<std::string_view> words = words_in(text);
    for (std::size_t i = 0; i < ids.size(); ++i) pieces[i] = " " + std::string(words[i]);
  } else if (pieces_->are_characters()) {
    // One piece a character, known or not.
    std::size_t at = 0;
    for (std::string& piece : pieces) {
      std::size_t next = at + 1;
      while (next < text.size() && (static_cast<unsigned char>(text[next]) & 0xC0U) == 0x80) ++next;
      piece = std::string(text.substr(at, next - at));
      at = next;
    }
  }
  return pieces;
}

TranslationVocabulary::TranslationVocabulary(std::string source_level, std::string target_level,
                                             std::span<const std::string> sources,
                                             std::span<const std::string> targets,
                                             std::int64_t subwords) {
  if (source_level == "subword" && target_level == "subword") {
    std::vector<std::string> both(sources.begin(), sources.end());
    both.insert(both.end(), targets.begin(), targets.end());
    source_ = SideVocabulary::learn(source_level, both, subwords);
    return;
  }
  source_ = SideVocabulary::learn(source_level, sources, subwords);
  target_ = SideVocabulary::learn(target_level, targets, subwords);
}

TranslationVocabulary::TranslationVocabulary(std::string_view source_bytes,
                                             std::string_view target_bytes)
    : source_(SideVocabulary::from_bytes(source_bytes)) {
  if (!target_bytes.empty()) target_ = SideVocabulary::from_bytes(target_bytes);
}

std::int64_t TranslationVocabulary::size() const {
  return first + source_.size() + (target_ ? target_->size() : 0);
}

std::vector<PieceId> TranslationVocabulary::source_ids(std::string_view text) const {
  std::vector<PieceId> ids = source_.ids(text);
  for (PieceId& id : ids) id += first;
  ids.push_back(end);
  return ids;
}

std::vector<PieceId> TranslationVocabulary::target_ids(std::string_view text) const {
  std::vector<PieceId> ids = target().ids(text);
  for (PieceId& id : ids) id += target_offset();
  return ids;
}

std::vector<std::string> TranslationVocabulary::source_pieces(std::string_view text) const {
  std::vector<std::string> pieces = source_.pieces(text, source_.ids(text));
  pieces.emplace_back();
  return pieces;
}

std::string TranslationVocabulary::target_piece(PieceId id) const {
  const PieceId own = id - target_offset();
  return own >= 0 && own < target().size() ? target().piece(own) : std::string();
}

std::string TranslationVocabulary::text(std::span<const std::string> pieces) {
  std::string text;
  for (const std::string& piece : pieces) text += piece;
  if (text.starts_with(' ')) text.erase(0, 1);
  return text;
}

}  // namespace chronicler::tasks
