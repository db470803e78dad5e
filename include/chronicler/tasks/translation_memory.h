// What needs no network: the translation of the most similar sentence that is already translated.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chronicler::tasks {

// Similarity is the cosine of words weighed by their rarity (tf-idf). Of equals the earlier pair
// counts.
class TranslationMemory {
 public:
  TranslationMemory(std::span<const std::string> sources, std::span<const std::string> targets);
  ~TranslationMemory();
  TranslationMemory(TranslationMemory&&) noexcept;
  TranslationMemory& operator=(TranslationMemory&&) noexcept;

  // The target of the most similar source; empty if no word is known.
  std::string run(std::string_view source) const;
  std::vector<std::string> run(std::span<const std::string> sources) const;

 private:
  struct Index;
  std::unique_ptr<const Index> index_;
};

}  // namespace chronicler::tasks
