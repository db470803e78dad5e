#include "chronicler/tasks/bag_of_words.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numeric>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/shuffle.h"
#include "chronicler/base/error.h"
#include "chronicler/base/random.h"
#include "data/utf8.h"
#include "kernels/softmax.h"

namespace chronicler::tasks {
namespace {

std::uint64_t hashed(std::uint64_t hash, std::string_view text) {
  return fnv_after(fnv_after(hash, text), 0xFFU);  // no piece holds this byte: it is not UTF-8
}

void to_log_probabilities(std::vector<float>& scores) {
  kernels::log_softmax_of_row(static_cast<std::int64_t>(scores.size()), scores.data());
}

// ---- bytes: little-endian numbers, one array after another

constexpr std::string_view mark = "bag of words 1\n";

template <class Number>
void put(std::string& bytes, std::span<const Number> numbers) {
  bytes.append(reinterpret_cast<const char*>(numbers.data()), numbers.size_bytes());
}

template <class Number>
std::vector<Number> take(std::string_view& bytes, std::uint64_t count) {
  if (count > bytes.size() / sizeof(Number)) {
    throw Error("the model's bag of words is cut short", "use another copy of the model");
  }
  std::vector<Number> numbers(count);
  std::memcpy(numbers.data(), bytes.data(), count * sizeof(Number));
  bytes.remove_prefix(count * sizeof(Number));
  return numbers;
}

void make_set(Bag& bag) {
  std::sort(bag.begin(), bag.end());
  bag.erase(std::unique(bag.begin(), bag.end()), bag.end());
}

// Its characters, a byte that is none by itself, between two that mark its borders.
std::vector<std::string_view> bordered_characters(std::string_view piece) {
  std::vector<std::string_view> characters{"\x02"};
  while (!piece.empty()) {
    const std::size_t length = std::max<std::size_t>(data::utf8_length(piece), 1);
    characters.push_back(piece.substr(0, length));
    piece.remove_prefix(length);
  }
  characters.emplace_back("\x03");
  return characters;
}

}  // namespace

Bag bag_of(std::span<const std::string> pieces, std::int64_t longest) {
  Bag bag;
  for (std::size_t begin = 0; begin < pieces.size(); ++begin) {
    std::uint64_t hash = fnv_start;
    const std::size_t end = std::min(pieces.size(), begin + static_cast<std::size_t>(longest));
    for (std::size_t i = begin; i < end; ++i) {
      hash = hashed(hash, pieces[i]);
      bag.push_back(hash);
    }
  }
  make_set(bag);
  return bag;
}

Bag spellings_of(std::span<const std::string> pieces, std::int64_t shortest, std::int64_t longest) {
  Bag bag;
  for (const std::string& piece : pieces) {
    const std::vector<std::string_view> characters = bordered_characters(piece);
    for (std::size_t begin = 0; begin < characters.size(); ++begin) {
      std::uint64_t hash = fnv_start;
      const std::size_t end =
          std::min(characters.size(), begin + static_cast<std::size_t>(longest));
      for (std::size_t i = begin; i < end; ++i) {
        hash = hashed(hash, characters[i]);
        if (i + 1 >= begin + static_cast<std::size_t>(shortest)) bag.push_back(hash);
      }
    }
  }
  make_set(bag);
  return bag;
}

BagOfWords::BagOfWords(std::span<const Bag> bags, std::span<const std::int32_t> labels,
                       std::int64_t classes, const BagOfWordsOptions& options)
    : classes_(classes) {
  if (bags.empty() || bags.size() != labels.size()) {
    throw Error(fmt::format("a bag of words learns from texts and their labels, got {} and {}",
                            bags.size(), labels.size()));
  }
  count(bags, labels, options);
  learn(bags, labels, options);
}

void BagOfWords::count(std::span<const Bag> bags, std::span<const std::int32_t> labels,
                       const BagOfWordsOptions& options) {
  const auto classes = static_cast<std::size_t>(classes_);
  std::unordered_map<std::uint64_t, std::int64_t> found;
  for (const Bag& bag : bags) {
    for (const std::uint64_t gram : bag) {
      if (options.min_count <= 1 || ++found[gram] == options.min_count)
        index_.emplace(gram, static_cast<std::uint32_t>(index_.size()));
    }
  }
  std::vector<float> counts(index_.size() * classes, 0.0F);
  std::vector<double> totals(classes, 0.0);
  std::vector<double> texts(classes, 0.0);
  for (std::size_t i = 0; i < bags.size(); ++i) {
    const auto label = static_cast<std::size_t>(labels[i]);
    texts[label] += 1.0;
    for (const std::uint64_t gram : bags[i]) {
      const auto place = index_.find(gram);
      if (place == index_.end()) continue;
      totals[label] += 1.0;
      counts[place->second * classes + label] += 1.0F;
    }
  }
  const auto grams = static_cast<double>(index_.size());
  const auto all = static_cast<double>(bags.size());
  prior_.resize(classes);
  likelihoods_.resize(counts.size());
  for (std::size_t c = 0; c < classes; ++c) {
    prior_[c] =
        static_cast<float>(std::log((texts[c] + 1.0) / (all + static_cast<double>(classes))));
    const double whole = totals[c] + options.smoothing * grams;
    for (std::size_t g = 0; g < index_.size(); ++g) {
      likelihoods_[g * classes + c] = static_cast<float>(
          std::log((static_cast<double>(counts[g * classes + c]) + options.smoothing) / whole));
    }
  }
}

void BagOfWords::learn(std::span<const Bag> bags, std::span<const std::int32_t> labels,
                       const BagOfWordsOptions& options) {
  const auto classes = static_cast<std::size_t>(classes_);
  // A gram's part of the score is its log-count ratio times a weight; what is kept is their
  // product.
  std::vector<float> ratios(likelihoods_.size());
  for (std::size_t g = 0; g < index_.size(); ++g) {
    const float* from = &likelihoods_[g * classes];
    const float mean = std::accumulate(from, from + classes, 0.0F) / static_cast<float>(classes);
    for (std::size_t c = 0; c < classes; ++c) ratios[g * classes + c] = from[c] - mean;
  }
  const auto start = static_cast<float>(options.start);
  std::vector<float> factors(ratios.size(), start);
  std::vector<float> steps(ratios.size(), 1e-2F);  // sums of squared gradients (Adagrad)
  bias_.assign(classes, 0.0F);
  std::vector<std::vector<std::size_t>> places(bags.size());  // of each text's grams
  for (std::size_t i = 0; i < bags.size(); ++i) {
    for (const std::uint64_t gram : bags[i]) {
      const auto place = index_.find(gram);
      if (place != index_.end()) places[i].push_back(place->second * classes);
    }
  }
  std::vector<float> scores(classes);
  std::vector<std::size_t> order(bags.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const Random random(0);
  const auto rate = static_cast<float>(options.learning_rate);
  const auto decay = static_cast<float>(options.decay);
  for (std::int64_t epoch = 0; epoch < options.epochs; ++epoch) {
    shuffle(order, random, static_cast<std::uint64_t>(epoch));
    for (const std::size_t text : order) {
      if (places[text].empty()) continue;
      const float scale = 1.0F / std::sqrt(static_cast<float>(bags[text].size()));
      scores = bias_;
      for (const std::size_t at : places[text]) {
        for (std::size_t c = 0; c < classes; ++c)
          scores[c] += scale * factors[at + c] * ratios[at + c];
      }
      to_log_probabilities(scores);
      for (std::size_t c = 0; c < classes; ++c) {
        scores[c] = std::exp(scores[c]);
        if (static_cast<std::size_t>(labels[text]) == c) scores[c] -= 1.0F;
        bias_[c] -= 0.01F * rate * scores[c];
      }
      for (const std::size_t at : places[text]) {
        for (std::size_t c = 0; c < classes; ++c) {
          const float gradient =
              scores[c] * scale * ratios[at + c] + decay * (factors[at + c] - start);
          float& sum = steps[at + c];
          sum += gradient * gradient;
          factors[at + c] -= rate * gradient / std::sqrt(sum);
        }
      }
    }
  }
  weights_.resize(ratios.size());
  for (std::size_t i = 0; i < ratios.size(); ++i) weights_[i] = factors[i] * ratios[i];
}

std::vector<float> BagOfWords::naive_bayes(const Bag& bag) const {
  const auto classes = static_cast<std::size_t>(classes_);
  std::vector<float> scores = prior_;
  for (const std::uint64_t gram : bag) {
    const auto found = index_.find(gram);
    if (found == index_.end()) continue;
    for (std::size_t c = 0; c < classes; ++c)
      scores[c] += likelihoods_[found->second * classes + c];
  }
  to_log_probabilities(scores);
  return scores;
}

std::vector<float> BagOfWords::logistic(const Bag& bag) const {
  const auto classes = static_cast<std::size_t>(classes_);
  std::vector<float> scores = bias_;
  const float scale = 1.0F / std::sqrt(static_cast<float>(std::max<std::size_t>(bag.size(), 1)));
  for (const std::uint64_t gram : bag) {
    const auto found = index_.find(gram);
    if (found == index_.end()) continue;
    for (std::size_t c = 0; c < classes; ++c)
      scores[c] += scale * weights_[found->second * classes + c];
  }
  to_log_probabilities(scores);
  return scores;
}

std::string BagOfWords::bytes() const {
  const std::array<std::uint64_t, 2> sizes{static_cast<std::uint64_t>(classes_), index_.size()};
  std::vector<std::uint64_t> grams(index_.size());
  for (const auto& [gram, index] : index_) grams[index] = gram;
  std::string bytes(mark);
  put(bytes, std::span<const std::uint64_t>(sizes));
  put(bytes, std::span<const std::uint64_t>(grams));
  for (const std::vector<float>* numbers : {&prior_, &bias_, &likelihoods_, &weights_})
    put(bytes, std::span<const float>(*numbers));
  return bytes;
}

BagOfWords BagOfWords::from_bytes(std::string_view bytes) {
  if (!bytes.starts_with(mark))
    throw Error("the model's bag of words is of another version", "use another copy of the model");
  bytes.remove_prefix(mark.size());
  const std::vector<std::uint64_t> sizes = take<std::uint64_t>(bytes, 2);
  constexpr std::uint64_t most_classes = 1U << 20U;
  if (sizes[0] == 0 || sizes[0] > most_classes || sizes[1] > bytes.size())
    throw Error("the model's bag of words is damaged", "use another copy of the model");
  BagOfWords bag;
  bag.classes_ = static_cast<std::int64_t>(sizes[0]);
  const std::vector<std::uint64_t> grams = take<std::uint64_t>(bytes, sizes[1]);
  for (std::size_t i = 0; i < grams.size(); ++i)
    bag.index_.emplace(grams[i], static_cast<std::uint32_t>(i));
  bag.prior_ = take<float>(bytes, sizes[0]);
  bag.bias_ = take<float>(bytes, sizes[0]);
  bag.likelihoods_ = take<float>(bytes, sizes[0] * sizes[1]);
  bag.weights_ = take<float>(bytes, sizes[0] * sizes[1]);
  return bag;
}

}  // namespace chronicler::tasks
