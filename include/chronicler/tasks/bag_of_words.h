// Classifiers of texts that need no network: which n-grams occur, in no order.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace chronicler::tasks {

// A text as the set of its n-grams: hashes, each once, in rising order.
using Bag = std::vector<std::uint64_t>;

// All runs of 1 to `longest` pieces.
Bag bag_of(std::span<const std::string> pieces, std::int64_t longest);

// All runs of `shortest` to `longest` characters within each piece, whose begin and end count as
// one: what words that are spelt alike share (Bojanowski et al. 2017). Pieces are UTF-8.
Bag spellings_of(std::span<const std::string> pieces, std::int64_t shortest, std::int64_t longest);

struct BagOfWordsOptions {
  std::int64_t min_count = 1;  // n-grams of fewer texts are left out
  double smoothing = 1.0;      // added to each count
  // The logistic regression: rounds over the texts, its step, which share of naive Bayes it begins
  // as, and how strongly it is held to that.
  std::int64_t epochs = 10;
  double learning_rate = 0.1;
  double start = 0.2;
  double decay = 1e-4;
};

// Multinomial naive Bayes on which n-grams occur, and a logistic regression on naive Bayes's
// log-count ratios (Wang and Manning 2012), which begins as naive Bayes and learns from there.
class BagOfWords {
 public:
  BagOfWords() = default;
  // labels are below `classes`. Throws Error for none, or unequal lengths.
  BagOfWords(std::span<const Bag> bags, std::span<const std::int32_t> labels, std::int64_t classes,
             const BagOfWordsOptions& options = {});

  std::int64_t classes() const { return classes_; }
  // ln p(class | text) by naive Bayes, and by the logistic regression.
  std::vector<float> naive_bayes(const Bag& bag) const;
  std::vector<float> logistic(const Bag& bag) const;

  // As a string of bytes, and back; throws Error for other bytes.
  std::string bytes() const;
  static BagOfWords from_bytes(std::string_view bytes);

 private:
  void count(std::span<const Bag> bags, std::span<const std::int32_t> labels,
             const BagOfWordsOptions& options);
  void learn(std::span<const Bag> bags, std::span<const std::int32_t> labels,
             const BagOfWordsOptions& options);

  std::int64_t classes_ = 0;
  std::unordered_map<std::uint64_t, std::uint32_t> index_;
  std::vector<float> prior_;        // [classes] ln p(class)
  std::vector<float> likelihoods_;  // [gram][classes] ln p(gram | class)
  std::vector<float> weights_;      // [gram][classes] of the logistic regression
  std::vector<float> bias_;         // [classes]
};

}  // namespace chronicler::tasks
