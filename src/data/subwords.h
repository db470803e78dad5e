// Sub-words by SentencePiece, the one place that knows that library.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chronicler::data {

// Id 0 is SentencePiece's unknown piece, id 1 a newline.
class Subwords {
 public:
  using Id = std::uint16_t;

  // See Pieces::subwords.
  static std::unique_ptr<Subwords> learn(std::string_view text, std::int64_t count);
  static std::unique_ptr<Subwords> from_bytes(std::string_view bytes);

  virtual ~Subwords() = default;
  virtual std::string bytes() const = 0;
  virtual std::int64_t size() const = 0;
  virtual std::vector<Id> ids(std::string_view text) const = 0;
  virtual std::string text(std::span<const Id> ids) const = 0;
};

}  // namespace chronicler::data
