// From texts to words.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chronicler::data {

struct Word {
  std::string text;        // in lower case
  std::int64_t begin = 0;  // where it stands in the text, in bytes
  std::int64_t end = 0;
};

// Words, numbers, and each punctuation mark by itself, in lower case (Unicode's, letter by letter).
// Contractions come apart as in the Penn Treebank, whether they were written together or not:
// "Don't", "don’t" and "do n't" are all "do" and "n't". Tags as in HTML (<br />) are left out.
std::vector<Word> words_of(std::string_view text);

}  // namespace chronicler::data
