// The pieces of both sides of a translation, in one table.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "chronicler/data/pieces.h"

namespace chronicler::tasks {

using PieceId = std::int32_t;

// How one side is cut into pieces, numbered from 0, which is what was not learnt.
class SideVocabulary {
 public:
  // level: "subword", "char" or "word".
  static SideVocabulary learn(const std::string& level, std::span<const std::string> texts,
                              std::int64_t subwords);
  static SideVocabulary from_bytes(std::string_view bytes);
  std::string bytes() const;

  std::int64_t size() const;
  // A text as those that it was learnt from: in one line, and plain (plain_text.h).
  std::string line(std::string_view text) const;
  std::vector<PieceId> ids(std::string_view text) const;
  // The text of a piece as it stands among others, spaces before words included.
  std::string piece(PieceId id) const;
  // What each of ids(text) was in the text, unknown ones too.
  std::vector<std::string> pieces(std::string_view text, std::span<const PieceId> ids) const;

 private:
  void index_words();

  std::optional<data::Pieces> pieces_;
  std::vector<std::string> words_;  // instead; the first is empty
  std::unordered_map<std::string, PieceId> word_ids_;
  std::u32string unplain_;  // characters of the words (Pieces::unplain)
};

class TranslationVocabulary {
 public:
  static constexpr PieceId padding = 0;
  static constexpr PieceId start = 1;
  static constexpr PieceId end = 2;

  // Both sides in sub-words share them.
  TranslationVocabulary(std::string source_level, std::string target_level,
                        std::span<const std::string> sources, std::span<const std::string> targets,
                        std::int64_t subwords);
  // From source_bytes() and target_bytes(); no target bytes: shared.
  TranslationVocabulary(std::string_view source_bytes, std::string_view target_bytes);
  std::string source_bytes() const { return source_.bytes(); }
  std::string target_bytes() const { return target_ ? target_->bytes() : std::string(); }

  std::int64_t size() const;
  std::string source_line(std::string_view text) const { return source_.line(text); }
  std::vector<PieceId> source_ids(std::string_view text) const;  // the end included
  std::vector<PieceId> target_ids(std::string_view text) const;  // without start and end
  bool is_unknown_source(PieceId id) const { return id == first; }
  bool is_unknown_target(PieceId id) const { return id == target_offset(); }
  std::vector<std::string> source_pieces(std::string_view text) const;  // the end included
  std::string target_piece(PieceId id) const;
  // Pieces put together.
  static std::string text(std::span<const std::string> pieces);

 private:
  static constexpr PieceId first = 3;
  PieceId target_offset() const {
    return target_ ? first + static_cast<PieceId>(source_.size()) : first;
  }
  const SideVocabulary& target() const { return target_ ? *target_ : source_; }

  SideVocabulary source_;
  std::optional<SideVocabulary> target_;
};

}  // namespace chronicler::tasks
