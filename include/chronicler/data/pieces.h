// What a text is cut into for a language model: characters, or sub-words.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chronicler::data {

// A vocabulary learnt from a text, and the way from texts to ids and back. Texts are taken as they
// are: what is not plain (plain_text.h) has pieces of its own. A value: copies share
// what was learnt. Id 0 is what was not in that text; it stands for no text.
class Pieces {
 public:
  using Id = std::uint16_t;

  // The characters (code points) of a text, in their order; of more than `most` the rarest are left
  // out. Throws Error for a text without any.
  static Pieces characters(std::string_view text, std::int64_t most = 10'000);
  // About `count` sub-words (SentencePiece, Kudo and Richardson 2018: byte pairs, no normalisation;
  // rare characters fall back to bytes, so that nothing is unknown). Newlines are pieces of their
  // own. Throws Error if the text is too short for so many, or this build has no SentencePiece.
  static Pieces subwords(std::string_view text, std::int64_t count);
  // From what bytes() gave. Throws Error for other bytes.
  static Pieces from_bytes(std::string_view bytes);
  std::string bytes() const;

  bool are_characters() const;
  // The characters in it that plain_text would not leave: vocabularies of older files have some,
  // and texts keep them (plain_text.h).
  std::u32string_view unplain() const;
  std::int64_t size() const;  // ids are below it
  std::vector<Id> ids(std::string_view text) const;
  std::string text(std::span<const Id> ids) const;
  // Of one id: may be part of a character where sub-words fall back to bytes.
  std::string text(Id id) const { return text(std::span(&id, 1)); }

 private:
  struct Content;
  explicit Pieces(std::shared_ptr<const Content> content) : content_(std::move(content)) {}
  std::shared_ptr<const Content> content_;
};

}  // namespace chronicler::data
