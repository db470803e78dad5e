#include "chronicler/data/text_vectorization.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <set>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler::data {
namespace {

constexpr std::string_view unknown_token = "[UNK]";
constexpr std::string_view punctuation = "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'";

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

template <std::size_t Count>
void check_choice(std::string_view option, const std::string& given,
                  const std::array<std::string_view, Count>& choices) {
  if (std::find(choices.begin(), choices.end(), given) != choices.end()) return;
  unknown_name(fmt::format("{} of TextVectorization", option), given, choices);
}

std::string standardized(std::string_view text, std::string_view how) {
  const bool lowers = how == "lower" || how == "lower_and_strip_punctuation";
  const bool strips = how != "lower";
  std::string result;
  for (const char c : text) {
    if (strips && punctuation.find(c) != std::string_view::npos) continue;
    result += lowers ? lower(c) : c;
  }
  return result;
}

std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> words;
  bool inside = false;
  for (const char c : text) {
    if (is_space(c)) {
      inside = false;
      continue;
    }
    if (!inside) words.emplace_back();
    inside = true;
    words.back() += c;
  }
  return words;
}

std::vector<std::string> characters(const std::string& text) {
  std::vector<std::string> characters;
  for (const char c : text) {
    if (characters.empty() || !continues_character(c)) characters.emplace_back();
    characters.back() += c;
  }
  return characters;
}

// Single tokens first, then pairs, and so on.
std::vector<std::string> with_ngrams(std::vector<std::string> tokens, std::int64_t longest) {
  const std::size_t count = tokens.size();
  for (std::size_t length = 2; length <= static_cast<std::size_t>(longest); ++length) {
    for (std::size_t begin = 0; begin + length <= count; ++begin) {
      std::string joined = tokens[begin];
      for (std::size_t i = 1; i < length; ++i) joined += " " + tokens[begin + i];
      tokens.push_back(std::move(joined));
    }
  }
  return tokens;
}

}  // namespace

TextVectorization::TextVectorization(TextVectorizationOptions options)
    : options_(std::move(options)) {
  check_choice("output_mode", options_.output_mode,
               std::array<std::string_view, 4>{"int", "multi_hot", "count", "tf_idf"});
  if (options_.standardize) {
    check_choice("standardize", *options_.standardize,
                 std::array<std::string_view, 3>{"lower_and_strip_punctuation", "lower",
                                                 "strip_punctuation"});
  }
  if (options_.split) {
    check_choice("split", *options_.split,
                 std::array<std::string_view, 2>{"whitespace", "character"});
  }
  const auto check_least = [](std::string_view name, const std::optional<std::int64_t>& value,
                              std::int64_t least) {
    if (value.value_or(least) >= least) return;
    throw Error(
        fmt::format("TextVectorization: {} must be at least {}, got {}", name, least, *value));
  };
  check_least("max_tokens", options_.max_tokens, special_count() + 1);
  check_least("ngrams", options_.ngrams, 1);
  check_least("output_sequence_length", options_.output_sequence_length, 1);
  if (options_.pad_to_max_tokens && !options_.max_tokens) {
    throw Error("TextVectorization: pad_to_max_tokens needs max_tokens");
  }
  if (options_.vocabulary.empty()) return;
  set_vocabulary(options_.vocabulary);
  if (options_.output_mode == "tf_idf") {
    if (options_.idf_weights.size() != vocabulary_.size()) {
      throw Error(fmt::format("TextVectorization: {} idf_weights for a vocabulary of {}",
                              options_.idf_weights.size(), vocabulary_.size()),
                  "give one for each token, or let adapt() find them");
    }
    weigh(options_.idf_weights);
  }
}

std::vector<std::string> TextVectorization::tokens(std::string_view text) const {
  const std::string clean =
      options_.standardize ? standardized(text, *options_.standardize) : std::string(text);
  std::vector<std::string> tokens;
  if (!options_.split) {
    tokens.push_back(clean);
  } else {
    tokens = *options_.split == "character" ? characters(clean) : words(clean);
  }
  return options_.ngrams ? with_ngrams(std::move(tokens), *options_.ngrams) : tokens;
}

void TextVectorization::set_vocabulary(std::vector<std::string> vocabulary) {
  // A list from get_vocabulary() has the special tokens in front.
  if (!vocabulary.empty() && vocabulary.front().empty()) vocabulary.erase(vocabulary.begin());
  if (!vocabulary.empty() && vocabulary.front() == unknown_token)
    vocabulary.erase(vocabulary.begin());
  const auto size = static_cast<std::int64_t>(vocabulary.size()) + special_count();
  if (options_.max_tokens && size > *options_.max_tokens) {
    throw Error(
        fmt::format("TextVectorization: the vocabulary has {} tokens, special ones counted, "
                    "max_tokens is {}",
                    size, *options_.max_tokens));
  }
  ids_.clear();
  for (const std::string& token : vocabulary) {
    const auto id = static_cast<std::int64_t>(ids_.size()) + special_count();
    if (ids_.emplace(token, id).second) continue;
    throw Error(fmt::format("TextVectorization: \"{}\" is twice in the vocabulary", token));
  }
  vocabulary_ = std::move(vocabulary);
}

// An unknown token weighs as much as the others on average.
void TextVectorization::weigh(std::vector<double> weights) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  const double mean = weights.empty() ? 0.0 : sum / static_cast<double>(weights.size());
  weights.insert(weights.begin(), mean);
  idf_weights_ = std::move(weights);
}

void TextVectorization::adapt(const std::vector<std::string>& texts) {
  struct Count {
    std::int64_t tokens = 0;
    std::int64_t texts = 0;
  };
  std::map<std::string, Count> counts;
  for (const std::string& text : texts) {
    std::set<std::string> seen;
    for (std::string& token : tokens(text)) {
      Count& count = counts[token];
      ++count.tokens;
      if (seen.insert(std::move(token)).second) ++count.texts;
    }
  }
  counts.erase("");
  counts.erase(std::string(unknown_token));
  std::vector<const std::pair<const std::string, Count>*> sorted;
  for (const auto& entry : counts) sorted.push_back(&entry);
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) {
    if (a->second.tokens != b->second.tokens) return a->second.tokens > b->second.tokens;
    return a->first > b->first;
  });
  if (options_.max_tokens) {
    const auto room = static_cast<std::size_t>(*options_.max_tokens - special_count());
    sorted.resize(std::min(sorted.size(), room));
  }
  std::vector<std::string> vocabulary;
  std::vector<double> weights;
  for (const auto* entry : sorted) {
    vocabulary.push_back(entry->first);
    weights.push_back(std::log(1.0 + static_cast<double>(texts.size()) /
                                         (1.0 + static_cast<double>(entry->second.texts))));
  }
  set_vocabulary(std::move(vocabulary));
  if (options_.output_mode == "tf_idf") weigh(std::move(weights));
}

std::int64_t TextVectorization::id_of(const std::string& token) const {
  const auto found = ids_.find(token);
  return found == ids_.end() ? unknown() : found->second;
}

Tensor TextVectorization::operator()(const std::vector<std::string>& texts) const {
  if (vocabulary_.empty()) {
    throw Error("TextVectorization has no vocabulary yet", "call adapt(texts), or give one");
  }
  std::vector<std::vector<std::string>> all;
  for (const std::string& text : texts) all.push_back(tokens(text));
  return options_.output_mode == "int" ? ids(all) : counts(all);
}

Tensor TextVectorization::ids(const std::vector<std::vector<std::string>>& texts) const {
  std::size_t longest = 0;
  for (const std::vector<std::string>& text : texts) longest = std::max(longest, text.size());
  const std::int64_t length =
      options_.output_sequence_length.value_or(static_cast<std::int64_t>(longest));
  Tensor result({static_cast<std::int64_t>(texts.size()), length}, DType::int32);
  auto* row = result.as<std::int32_t>();
  for (const std::vector<std::string>& text : texts) {
    const std::size_t count = std::min(text.size(), static_cast<std::size_t>(length));
    for (std::size_t i = 0; i < count; ++i) row[i] = static_cast<std::int32_t>(id_of(text[i]));
    row += length;
  }
  return result;
}

Tensor TextVectorization::counts(const std::vector<std::vector<std::string>>& texts) const {
  const std::int64_t width = options_.pad_to_max_tokens ? *options_.max_tokens : vocabulary_size();
  Tensor result({static_cast<std::int64_t>(texts.size()), width});
  float* row = result.as<float>();
  for (const std::vector<std::string>& text : texts) {
    for (const std::string& token : text) row[id_of(token)] += 1.0F;
    for (std::int64_t i = 0; i < width; ++i) {
      if (options_.output_mode == "multi_hot") row[i] = std::min(row[i], 1.0F);
      if (options_.output_mode == "tf_idf" && row[i] > 0.0F)
        row[i] *= static_cast<float>(idf_weights_[static_cast<std::size_t>(i)]);
    }
    row += width;
  }
  return result;
}

std::vector<std::string> TextVectorization::get_vocabulary(bool include_special_tokens) const {
  std::vector<std::string> all;
  if (include_special_tokens) {
    if (options_.output_mode == "int") all.emplace_back();
    all.emplace_back(unknown_token);
  }
  all.insert(all.end(), vocabulary_.begin(), vocabulary_.end());
  return all;
}

std::int64_t TextVectorization::vocabulary_size() const {
  return static_cast<std::int64_t>(vocabulary_.size()) + special_count();
}

}  // namespace chronicler::data
