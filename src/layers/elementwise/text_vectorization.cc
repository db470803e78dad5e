#include "chronicler/layers/text_vectorization.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/dispatch.h"
#include "layers/core/layer_with.h"
#include "layers/core/number_arrays.h"
#include "layers/elementwise/text_tokens.h"

namespace chronicler {
namespace {

using layers::TextVectorizationOptions;

constexpr std::string_view unknown_token = "[UNK]";

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};

// The vocabulary of the options as it is used.
class Vocabulary {
 public:
  template <class Described>
  Vocabulary(const TextVectorizationOptions& options, const Described& described)
      : is_int_(options.output_mode == "int"), tokens_(options.vocabulary) {
    const std::size_t special = has_special(options.vocabulary) ? special_count() : 0;
    tokens_.erase(tokens_.begin(), tokens_.begin() + static_cast<std::ptrdiff_t>(special));
    check_size(options, described);
    for (const std::string& token : tokens_) {
      if (token.empty())
        throw Error(
            fmt::format("{}: \"\" is in the vocabulary, which stands for padding", described()),
            "leave the special tokens out, or give all of them in front");
      if (ids_.emplace(token, static_cast<std::int32_t>(ids_.size() + special_count())).second)
        continue;
      throw Error(fmt::format("{}: \"{}\" is twice in the vocabulary", described(), token));
    }
    if (options.output_mode == "tf_idf") weigh(options, special > 0, described);
  }

  std::size_t size() const { return tokens_.size() + special_count(); }
  const std::vector<std::string>& tokens() const { return tokens_; }
  const std::vector<double>& weights() const { return weights_; }  // with the special ones
  std::vector<std::string> special() const {
    std::vector<std::string> special;
    if (is_int_) special.emplace_back();
    special.emplace_back(unknown_token);
    return special;
  }

  // -1: a token that other modes than int leave out.
  std::int32_t id_of(std::string_view token) const {
    if (token.empty()) return is_int_ ? 0 : -1;
    const auto found = ids_.find(token);
    return found == ids_.end() ? static_cast<std::int32_t>(special_count()) - 1 : found->second;
  }

 private:
  std::size_t special_count() const { return is_int_ ? 2 : 1; }
  bool has_special(const std::vector<std::string>& given) const {
    const std::vector<std::string> own = special();
    return given.size() >= own.size() && std::equal(own.begin(), own.end(), given.begin());
  }

  template <class Described>
  void check_size(const TextVectorizationOptions& options, const Described& described) const {
    if (!options.max_tokens ||
        static_cast<double>(size()) <= static_cast<double>(*options.max_tokens))
      return;
    throw Error(
        fmt::format("{}: the vocabulary has {} tokens, special ones counted, max_tokens "
                    "is {}",
                    described(), size(), *options.max_tokens));
  }

  // An unknown token weighs as much as the others on average, unless its weight is given.
  template <class Described>
  void weigh(const TextVectorizationOptions& options, bool with_special,
             const Described& described) {
    weights_ = options.idf_weights.values();
    const std::size_t expected = with_special ? size() : tokens_.size();
    if (!options.idf_weights || options.idf_weights.shape().rank() != 1 ||
        weights_.size() != expected) {
      throw Error(fmt::format("{}: {} idf_weights for a vocabulary of {}", described(),
                              weights_.size(), expected),
                  "give a list with one for each token, or let adapt() find them");
    }
    if (with_special) return;
    const double sum = std::accumulate(weights_.begin(), weights_.end(), 0.0);
    weights_.insert(weights_.begin(), sum / static_cast<double>(weights_.size()));
  }

  bool is_int_;
  std::vector<std::string> tokens_;  // without the special ones
  std::unordered_map<std::string, std::int32_t, TextHash, std::equal_to<>> ids_;
  std::vector<double> weights_;
};

struct TokenCount {
  std::int64_t tokens = 0;
  std::int64_t texts = 0;
};

class TextVectorizationLayer final
    : public LayerWith<TextVectorizationLayer, TextVectorizationOptions> {
 public:
  using LayerWith::LayerWith;

  std::string_view class_name() const override { return "TextVectorization"; }
  bool causal() const override { return false; }
  bool takes_texts() const override { return true; }

  void validate() const override {
    LayerWith::validate();
    check_finite_numbers(described(), "ngrams", options_.ngrams);
    check_finite_numbers(described(), "idf_weights", options_.idf_weights);
    check_ngrams();
    const auto refuse = [&](const char* what, const char* hint) {
      throw Error(fmt::format("{}: {}", described(), what), hint);
    };
    if (options_.pad_to_max_tokens && !options_.max_tokens)
      refuse("pad_to_max_tokens needs max_tokens", "");
    if (options_.output_sequence_length && !is_int())
      refuse("output_sequence_length is of output_mode \"int\"", "leave it out");
    if (options_.idf_weights && options_.output_mode != "tf_idf")
      refuse("idf_weights are of output_mode \"tf_idf\"", "leave them out");
    if (options_.idf_weights && options_.vocabulary.empty())
      refuse("idf_weights need a vocabulary", "give both, or let adapt() find them");
    if (!options_.vocabulary.empty()) made_vocabulary();
  }

  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    const std::int64_t rows = inputs[0][0];
    if (is_int()) return {{rows, options_.output_sequence_length.value_or(None)}};
    return {{rows, width()}};
  }

  void check_inputs(std::span<const Value> inputs) const override {
    Layer::check_inputs(inputs);
    const TensorView& x = inputs[0].data;
    if (x.dtype() == DType::text && x.shape().rank() == 2) return;
    throw Error(fmt::format("{} takes texts, got {} of shape {}", described(), name_of(x.dtype()),
                            x.shape().to_string()),
                "give text_tensor(texts); on the command line a .txt file");
  }

  void forward(Pass& pass, Call& call) const override {
    const TensorView& texts = call.inputs[0].data;
    call.outputs[0] = {is_int() ? ids(pass, texts) : counts(pass, texts), {}};
  }
  void backward(Pass& /*pass*/, const Call& /*call*/, CallGradient& /*gradient*/) const override {}

  void adapt(std::span<const std::string> texts) {
    if (!options_.vocabulary.empty() && !options_.adapted) {
      throw Error(fmt::format("{}: its vocabulary was given", described()),
                  "make the layer without one, or call set_vocabulary");
    }
    TextVectorizationOptions learnt = options_;
    learnt.adapted = true;
    find_vocabulary(texts, learnt);
    take(std::move(learnt));
  }

  void set_vocabulary(const std::vector<std::string>& vocabulary, const NumberArray& idf_weights) {
    TextVectorizationOptions given = options_;
    given.adapted = options_.adapted || options_.vocabulary.empty();
    given.vocabulary = vocabulary;
    given.idf_weights = idf_weights;
    take(std::move(given));
  }

  std::vector<std::string> vocabulary(bool with_special) const {
    const Vocabulary own = made_vocabulary();
    std::vector<std::string> all = with_special ? own.special() : std::vector<std::string>();
    all.insert(all.end(), own.tokens().begin(), own.tokens().end());
    return all;
  }

 private:
  bool is_int() const { return options_.output_mode == "int"; }
  Vocabulary made_vocabulary() const {
    return {options_, [this] { return described(); }};
  }

  void check_ngrams() const {
    constexpr double longest = 1 << 20;
    constexpr std::size_t most = 64;
    const std::vector<double>& lengths = options_.ngrams.values();
    const auto is_length = [&](double length) {
      return length >= 1.0 && length <= longest && length == std::floor(length);
    };
    if (options_.ngrams.shape().rank() <= 1 && lengths.size() <= most &&
        std::all_of(lengths.begin(), lengths.end(), is_length)) {
      return;
    }
    throw Error(fmt::format("{}: ngrams must be a whole number from 1, or a list of them, got {}",
                            described(), field_text(options_.ngrams)));
  }

  const Vocabulary& known() const {
    if (vocabulary_) return *vocabulary_;
    throw Error(fmt::format("{} has no vocabulary yet", described()),
                "call adapt(layer, texts), or give one; .h5 files hold none that was learnt");
  }

  std::int64_t width() const {
    if (options_.pad_to_max_tokens) return *options_.max_tokens;
    if (vocabulary_) return static_cast<std::int64_t>(vocabulary_->size());
    if (options_.vocabulary.empty()) return static_cast<std::int64_t>(known().size());
    return static_cast<std::int64_t>(made_vocabulary().size());
  }

  void build_weights(std::span<const Shape> /*inputs*/) override {
    if (!options_.vocabulary.empty())
      vocabulary_ = std::make_shared<const Vocabulary>(made_vocabulary());
    if (!is_int()) width();
  }

  // The options of a new vocabulary, which must be as large as before if a model counts on it.
  void take(TextVectorizationOptions options) {
    const TextVectorizationOptions before = std::exchange(options_, std::move(options));
    try {
      const auto made = std::make_shared<const Vocabulary>(made_vocabulary());
      if (built() && !is_int() && !options_.pad_to_max_tokens && vocabulary_ &&
          made->size() != vocabulary_->size()) {
        throw Error(fmt::format("{} is in a model that was built for a vocabulary of {}, got {}",
                                described(), vocabulary_->size(), made->size()),
                    "set the vocabulary before the model is made, or use pad_to_max_tokens");
      }
      vocabulary_ = made;
    } catch (...) {
      options_ = before;
      throw;
    }
  }

  static void find_vocabulary(std::span<const std::string> texts,
                              TextVectorizationOptions& learnt) {
    std::map<std::string, TokenCount, std::less<>> counts;
    TokenScratch scratch;
    for (const std::string& text : texts) {
      std::set<std::string, std::less<>> seen;
      for_each_token(learnt, text, scratch, [&](std::string_view token) {
        auto found = counts.find(token);
        if (found == counts.end()) found = counts.emplace(token, TokenCount()).first;
        ++found->second.tokens;
        if (learnt.output_mode == "tf_idf" && seen.emplace(token).second) ++found->second.texts;
      });
    }
    counts.erase("");
    counts.erase(std::string(unknown_token));
    if (counts.empty()) throw Error("there are no tokens to adapt to", "give texts that have some");
    std::vector<const std::pair<const std::string, TokenCount>*> sorted;
    for (const auto& entry : counts) sorted.push_back(&entry);
    std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) {
      if (a->second.tokens != b->second.tokens) return a->second.tokens > b->second.tokens;
      return a->first > b->first;
    });
    const std::size_t special = learnt.output_mode == "int" ? 2 : 1;
    if (learnt.max_tokens) {
      const auto room = static_cast<std::size_t>(*learnt.max_tokens) - special;
      sorted.resize(std::min(sorted.size(), room));
    }
    learnt.vocabulary.assign(special - 1, "");
    learnt.vocabulary.emplace_back(unknown_token);
    std::vector<double> weights;
    for (const auto* entry : sorted) {
      learnt.vocabulary.push_back(entry->first);
      weights.push_back(std::log1p(static_cast<double>(texts.size()) /
                                   (1.0 + static_cast<double>(entry->second.texts))));
    }
    learnt.idf_weights = {};
    if (learnt.output_mode != "tf_idf") return;
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    weights.insert(weights.begin(), sum / std::max(1.0, static_cast<double>(weights.size())));
    learnt.idf_weights = NumberArray(std::move(weights));
  }

  // Memory of the thread, used again from batch to batch.
  struct Work {
    TokenScratch scratch;
    std::vector<std::int32_t> ids;
    std::vector<std::size_t> ends;  // of each row's ids
  };
  static Work& work() {
    static thread_local Work work;
    return work;
  }

  TensorView ids(Pass& pass, const TensorView& texts) const {
    const Vocabulary& words = known();
    Work& own = work();
    own.ids.clear();
    own.ends.clear();
    std::size_t longest = 0;
    const std::int64_t rows = texts.shape()[0];
    for (std::int64_t row = 0; row < rows; ++row) {
      const std::size_t begin = own.ids.size();
      for_each_token(options_, text_at(texts, row), own.scratch,
                     [&](std::string_view token) { own.ids.push_back(words.id_of(token)); });
      own.ends.push_back(own.ids.size());
      longest = std::max(longest, own.ids.size() - begin);
    }
    const std::int64_t length =
        options_.output_sequence_length.value_or(static_cast<std::int64_t>(longest));
    if (length == 0) {
      throw Error(fmt::format("{}: no text of a batch has a token", described()),
                  "leave such texts out, or set output_sequence_length");
    }
    const TensorView result = pass.arena.zeros({rows, length}, DType::int32);
    auto* to = result.as<std::int32_t>();
    std::size_t begin = 0;
    for (const std::size_t end : own.ends) {
      const std::size_t count = std::min(end - begin, static_cast<std::size_t>(length));
      std::copy_n(own.ids.data() + begin, count, to);
      begin = end;
      to += length;
    }
    return result;
  }

  TensorView counts(Pass& pass, const TensorView& texts) const {
    const Vocabulary& words = known();
    const std::int64_t columns = width();
    const TensorView result = pass.arena.zeros({texts.shape()[0], columns}, dtype());
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      Real* to = result.as<Real>();
      for (std::int64_t row = 0; row < texts.shape()[0]; ++row, to += columns) {
        for_each_token(options_, text_at(texts, row), work().scratch, [&](std::string_view token) {
          if (const std::int32_t id = words.id_of(token); id >= 0) to[id] += Real{1};
        });
        if (options_.output_mode == "multi_hot")
          std::transform(to, to + columns, to, [](Real count) { return std::min(count, Real{1}); });
        for (std::size_t i = 0; i < words.weights().size(); ++i)
          to[i] *= static_cast<Real>(words.weights()[i]);
      }
    });
    return result;
  }

  std::shared_ptr<const Vocabulary> vocabulary_;
};

TextVectorizationLayer& as_text_vectorization(Layer& layer) {
  auto* found = dynamic_cast<TextVectorizationLayer*>(&layer);
  if (found != nullptr) return *found;
  throw Error(fmt::format("{} \"{}\" has no vocabulary", layer.class_name(), layer.name()),
              "a TextVectorization layer has");
}

}  // namespace

LayerPtr layers::TextVectorization(const TextVectorizationOptions& options) {
  return make_valid<TextVectorizationLayer>(options);
}
void layers::adapt(Layer& text_vectorization, std::span<const std::string> texts) {
  as_text_vectorization(text_vectorization).adapt(texts);
}
std::vector<std::string> layers::get_vocabulary(Layer& text_vectorization,
                                                bool include_special_tokens) {
  return as_text_vectorization(text_vectorization).vocabulary(include_special_tokens);
}
void layers::set_vocabulary(Layer& text_vectorization, const std::vector<std::string>& vocabulary,
                            const NumberArray& idf_weights) {
  as_text_vectorization(text_vectorization).set_vocabulary(vocabulary, idf_weights);
}

}  // namespace chronicler
