// From a text to what a classifier's network takes: ids of its pieces, scores of its bags.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "chronicler/data/pieces.h"
#include "chronicler/tasks/bag_of_words.h"
#include "chronicler/tasks/text_classifier.h"

namespace chronicler::tasks {

// A piece of a text and where it stands.
struct TextPiece {
  std::string text;
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

// A text as the network sees it.
struct Sample {
  std::vector<std::int32_t> ids;  // 0 is padding and does not occur, 1 is unknown
  std::vector<float> wide;        // for each bag two numbers a class; empty without bags
};

class TextReader {
 public:
  static constexpr std::int32_t unknown = 1;

  static constexpr std::int64_t shortest_spelling = 3;

  // Learns vocabulary and sub-words from texts, not yet the bags. Options are complete.
  TextReader(std::span<const std::string_view> texts, const TextClassifierOptions& options);
  // From what bytes() gave.
  explicit TextReader(std::string_view bytes);
  std::string bytes() const;

  const std::string& level() const { return level_; }
  std::int64_t vocabulary_size() const { return static_cast<std::int64_t>(words_.size()) + 2; }
  // Of the words, in the order of their ids, from 2 on.
  const std::vector<std::string>& words() const { return words_; }

  // A text as the pieces stand in it: plain (data/plain_text.h).
  std::string plain(std::string_view text) const;
  std::vector<TextPiece> pieces(std::string_view text) const;
  Bag bag(std::span<const TextPiece> pieces) const;
  Bag spellings(std::span<const TextPiece> pieces) const;
  // The ids, of too long a text those of its first and last half.
  std::vector<std::int32_t> ids(std::span<const TextPiece> pieces) const;
  // What the bags say, for the network: about as large for long texts as for short ones.
  std::vector<float> wide(std::span<const TextPiece> pieces) const;

  const BagOfWords& bag_of_words() const { return bag_of_words_; }
  void set_bag_of_words(BagOfWords bag) { bag_of_words_ = std::move(bag); }
  bool has_spellings() const { return spelling_ > 0; }
  const BagOfWords& bag_of_spellings() const { return bag_of_spellings_; }
  void set_bag_of_spellings(BagOfWords bag) { bag_of_spellings_ = std::move(bag); }

 private:
  void index_words();

  std::string level_;
  std::int64_t ngrams_ = 2;
  std::int64_t spelling_ = 0;
  std::int64_t longest_ = 0;
  std::vector<std::string> words_;
  std::unordered_map<std::string_view, std::int32_t> ids_;
  std::optional<data::Pieces> subwords_;
  std::u32string unplain_;  // characters of the words (Pieces::unplain)
  BagOfWords bag_of_words_;
  BagOfWords bag_of_spellings_;
};

}  // namespace chronicler::tasks
