// Word vectors that others have learnt, in GloVe's text format.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace chronicler::data {

struct WordVectors {
  std::int64_t length = 0;
  std::map<std::string, std::vector<float>> vectors;
};

// Lines of a word and its numbers, separated by spaces (Pennington, Socher, Manning 2014); the line
// of two numbers with which word2vec begins is passed over. Only the wanted words are kept, so a
// file of gigabytes takes little memory. Throws Error with file and line for a line of another
// length, what is no number, or a file without any vector.
WordVectors read_word_vectors(const std::filesystem::path& path,
                              const std::vector<std::string>& wanted);

}  // namespace chronicler::data
