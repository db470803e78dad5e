// How a text is cut into tokens, as TensorFlow's string functions do it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "chronicler/layers/text_vectorization.h"

namespace chronicler {

// Memory that is used again from text to text.
struct TokenScratch {
  std::string clean;
  std::string joined;
  std::vector<std::string_view> tokens;
};

// Without n-grams. The tokens are valid until the scratch is used again.
void cut_into_tokens(const layers::TextVectorizationOptions& options, std::string_view text,
                     TokenScratch& scratch);
// Joins tokens [begin, end) with blanks.
std::string_view joined_tokens(std::size_t begin, std::size_t end, TokenScratch& scratch);

// function(token) for each token, n-grams of one length after those of another.
template <class Function>
void for_each_token(const layers::TextVectorizationOptions& options, std::string_view text,
                    TokenScratch& scratch, const Function& function) {
  cut_into_tokens(options, text, scratch);
  const std::size_t count = scratch.tokens.size();
  const auto runs_of = [&](std::size_t length) {
    for (std::size_t begin = 0; begin + length <= count; ++begin)
      function(length == 1 ? scratch.tokens[begin] : joined_tokens(begin, begin + length, scratch));
  };
  const std::vector<double>& lengths = options.ngrams.values();
  if (!options.ngrams) return runs_of(1);
  if (options.ngrams.shape().rank() > 0) {
    for (const double length : lengths) runs_of(static_cast<std::size_t>(length));
    return;
  }
  for (std::size_t length = 1; length <= count && static_cast<double>(length) <= lengths[0];
       ++length) {
    runs_of(length);
  }
}

}  // namespace chronicler
