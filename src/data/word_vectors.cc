#include "chronicler/data/word_vectors.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <fstream>
#include <string_view>
#include <system_error>
#include <unordered_set>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler::data {
namespace {

float number_of(std::string_view text, const std::string& place) {
  float value = 0.0F;
  const auto [end, reason] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (reason == std::errc() && end == text.data() + text.size() && std::isfinite(value))
    return value;
  throw Error(fmt::format("{}: \"{}\" is not a number", place, text.substr(0, 40)),
              "each line is a word and its numbers, separated by spaces");
}

}  // namespace

WordVectors read_word_vectors(const std::filesystem::path& path,
                              const std::vector<std::string>& wanted) {
  std::ifstream file(path);
  if (!file) {
    throw Error(
        fmt::format("cannot read {}: {}", path.string(), std::generic_category().message(errno)));
  }
  const std::unordered_set<std::string_view> words(wanted.begin(), wanted.end());
  WordVectors result;
  std::string line;
  for (std::int64_t number = 1; std::getline(file, line); ++number) {
    std::string_view rest = line;
    while (!rest.empty() && (rest.back() == '\r' || rest.back() == ' ')) rest.remove_suffix(1);
    if (rest.empty()) continue;
    const std::string place = fmt::format("{}:{}", path.string(), number);
    const auto length = static_cast<std::int64_t>(std::count(rest.begin(), rest.end(), ' '));
    if (number == 1 && length == 1) continue;  // word2vec's: how many, and how long
    if (result.length == 0) result.length = length;
    if (result.length == 0) {
      throw Error(fmt::format("{}: no numbers behind the word", place),
                  "each line is a word and its numbers, separated by spaces");
    }
    if (length < result.length) {
      throw Error(
          fmt::format("{}: {} numbers, the first line has {}", place, length, result.length),
          "each line is a word and its numbers, separated by spaces");
    }
    // A few words of the published files hold spaces: the numbers are what stands at the end.
    std::size_t end = rest.size();
    for (std::int64_t i = 0; i < result.length; ++i) end = rest.rfind(' ', end - 1);
    const std::string_view word = rest.substr(0, end);
    if (!words.contains(word)) continue;
    std::vector<float> vector;
    rest.remove_prefix(end);
    while (!rest.empty()) {
      rest.remove_prefix(1);
      const std::size_t stop = std::min(rest.find(' '), rest.size());
      vector.push_back(number_of(rest.substr(0, stop), place));
      rest.remove_prefix(stop);
    }
    result.vectors.emplace(word, std::move(vector));
  }
  if (result.length == 0)
    throw Error(fmt::format("{} holds no word vectors", path.string()),
                "GloVe's text format is expected: a word and its numbers on each line");
  return result;
}

}  // namespace chronicler::data
