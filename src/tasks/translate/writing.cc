#include "tasks/translate/writing.h"

#include <algorithm>
#include <array>
#include <deque>
#include <limits>
#include <numeric>

#include "chronicler/decoding/beam_search.h"
#include "kernels/softmax_loss.h"
#include "model/model_internals.h"
#include "model/network.h"

namespace chronicler::tasks {
namespace {

constexpr std::size_t state_count = 4;
constexpr std::size_t values_input = 1;

// Some rows of a tensor, in this order.
Tensor rows_of(const TensorView& from, std::span<const std::int64_t> rows) {
  Shape shape = from.shape();
  const std::int64_t width = from.size() / std::max<std::int64_t>(shape[0], 1);
  shape.set(0, static_cast<std::int64_t>(rows.size()));
  Tensor to(shape);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::copy_n(from.as<float>() + rows[i] * width, width,
                to.as<float>() + static_cast<std::int64_t>(i) * width);
  }
  return to;
}

Tensor mask_rows(const Tensor& from, std::span<const std::int64_t> rows) {
  const std::int64_t width = from.shape()[1];
  Tensor to({static_cast<std::int64_t>(rows.size()), width}, DType::boolean);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::copy_n(from.as<std::uint8_t>() + rows[i] * width, width,
                to.as<std::uint8_t>() + static_cast<std::int64_t>(i) * width);
  }
  return to;
}

// 0, 1, ...
std::vector<std::int64_t> all_rows(std::int64_t count) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(count));
  std::iota(rows.begin(), rows.end(), std::int64_t{0});
  return rows;
}

// One network at work on some sources. What a hypothesis carries is a row of each state.
class Hand {
 public:
  Hand(const Network& reader, const Network& writer, const Tensor& ids)
      : reading_(reader), writing_(writer) {
    const Value source{ids, {}};
    reading_.forward(std::span(&source, 1), {});
    const std::vector<std::int64_t> rows = all_rows(ids.shape()[0]);
    for (std::size_t i = 0; i < state_count; ++i)
      states_.push_back(rows_of(reading_.output(i + 1).data, rows));
  }

  // Rows of what was read, for hypotheses of these sources.
  void look_at(std::span<const std::int64_t> sequences, const Tensor& mask) {
    values_ = rows_of(reading_.output(0).data, sequences);
    mask_ = mask;
  }

  // A step of every hypothesis, which goes on from that row of the step before: ln p of each piece.
  TensorView step(const Tensor& symbols, std::span<const std::int64_t> parents) {
    std::array<Value, 2 + state_count> inputs;
    inputs[0] = {symbols, {}};
    inputs[values_input] = {values_, mask_};
    std::vector<Tensor> moved;
    for (const Tensor& state : states_) moved.push_back(rows_of(state, parents));
    states_ = std::move(moved);
    for (std::size_t i = 0; i < state_count; ++i) inputs[2 + i] = {states_[i], {}};
    writing_.forward(inputs, {});
    const std::int64_t rows = symbols.shape()[0];
    for (std::size_t i = 0; i < state_count; ++i)
      states_[i] = rows_of(writing_.output(2 + i).data, all_rows(rows));
    const TensorView scores = writing_.output(0).data;
    kernels::log_softmax(rows, scores.shape()[-1], scores.as<float>());
    return scores;
  }
  // Where it looked in that step.
  TensorView attention() const { return writing_.output(1).data; }

 private:
  Execution reading_;
  Execution writing_;
  std::vector<Tensor> states_;
  Tensor values_;
  Tensor mask_;
};

// The mean of tensors, in the first of them.
TensorView mean_of(std::span<const TensorView> all) {
  const std::span<float> mean = all.front().span<float>();
  for (const TensorView& other : all.subspan(1)) {
    const std::span<float> numbers = other.span<float>();
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += numbers[i];
  }
  if (all.size() == 1) return all.front();
  for (float& number : mean) number /= static_cast<float>(all.size());
  return all.front();
}

// Sentences to read, side by side, and how long each answer may be.
struct Sentences {
  explicit Sentences(std::span<const std::vector<PieceId>> sources)
      : ids({static_cast<std::int64_t>(sources.size()), longest_of(sources)}, DType::int32),
        mask(ids.shape(), DType::boolean) {
    const std::int64_t steps = ids.shape()[1];
    for (std::size_t row = 0; row < sources.size(); ++row) {
      const auto& source = sources[row];
      const std::int64_t begin = static_cast<std::int64_t>(row) * steps;
      std::copy(source.begin(), source.end(), ids.as<std::int32_t>() + begin);
      std::fill_n(mask.as<std::uint8_t>() + begin, source.size(), std::uint8_t{1});
      longest_answers.push_back(2 * static_cast<std::int64_t>(source.size()) + 10);
    }
  }

  Tensor ids;
  Tensor mask;
  std::vector<std::int64_t> longest_answers;

 private:
  static std::int64_t longest_of(std::span<const std::vector<PieceId>> sources) {
    std::size_t longest = 1;
    for (const auto& source : sources) longest = std::max(longest, source.size());
    return static_cast<std::int64_t>(longest);
  }
};

// No sentence holds the marks of padding and of the start.
void forbid_marks(const TensorView& scores) {
  const std::int64_t classes = scores.shape()[-1];
  for (std::int64_t row = 0; row < scores.shape()[0]; ++row) {
    for (const PieceId never : {TranslationVocabulary::padding, TranslationVocabulary::start})
      scores.as<float>()[row * classes + never] = -std::numeric_limits<float>::infinity();
  }
}

}  // namespace

TranslationWriter::TranslationWriter(std::span<const TranslationLayers> networks) {
  for (const TranslationLayers& layers : networks) {
    readers_.push_back(layers.reader());
    writers_.push_back(layers.writer());
  }
}

std::vector<WrittenIds> TranslationWriter::write(std::span<const std::vector<PieceId>> sources,
                                                 const TranslateOptions& options) const {
  std::vector<std::size_t> order(sources.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return sources[a].size() < sources[b].size();
  });
  std::vector<WrittenIds> results(sources.size());
  // So many hypotheses make good products, and fit the memory of long sentences too.
  const std::size_t most = std::max<std::size_t>(1, 256 / static_cast<std::size_t>(options.beam));
  for (std::size_t begin = 0; begin < order.size(); begin += most) {
    std::vector<std::vector<PieceId>> some;
    const std::size_t end = std::min(order.size(), begin + most);
    for (std::size_t i = begin; i < end; ++i) some.push_back(sources[order[i]]);
    std::vector<WrittenIds> written = write_some(some, options);
    for (std::size_t i = begin; i < end; ++i) results[order[i]] = std::move(written[i - begin]);
  }
  return results;
}

std::vector<WrittenIds> TranslationWriter::write_some(std::span<const std::vector<PieceId>> sources,
                                                      const TranslateOptions& options) const {
  const Sentences read(sources);
  const auto count = static_cast<std::int64_t>(sources.size());
  std::deque<Hand> hands;
  for (std::size_t n = 0; n < readers_.size(); ++n)
    hands.emplace_back(ModelInternals::network(readers_[n]), ModelInternals::network(writers_[n]),
                       read.ids);

  // In the order of the search.
  const decoding::BeamOptions beam{.width = options.beam,
                                   .end = TranslationVocabulary::end,
                                   .longest_of = read.longest_answers,
                                   .length_penalty = options.length_penalty};
  decoding::BeamSearch search(count, beam, TranslationVocabulary::start);
  std::vector<Tensor> looked;  // where each step looked, row by row
  std::vector<std::int64_t> of_values;
  while (!search.done()) {
    const auto rows = static_cast<std::int64_t>(search.symbols().size());
    const std::vector<std::int64_t> sequences(search.sequences().begin(), search.sequences().end());
    if (sequences != of_values) {
      const Tensor own_mask = mask_rows(read.mask, sequences);
      for (Hand& hand : hands) hand.look_at(sequences, own_mask);
      of_values = sequences;
    }
    const Tensor symbols({rows, 1}, DType::int32);
    std::copy(search.symbols().begin(), search.symbols().end(), symbols.as<std::int32_t>());
    std::vector<TensorView> all_scores;
    std::vector<TensorView> all_attention;
    for (Hand& hand : hands) {
      all_scores.push_back(hand.step(symbols, search.parents()));
      all_attention.push_back(hand.attention());
    }
    const TensorView scores = mean_of(all_scores);
    const std::int64_t classes = scores.shape()[-1];
    forbid_marks(scores);
    looked.push_back(rows_of(mean_of(all_attention), all_rows(rows)));
    search.advance({scores.as<float>(), static_cast<std::size_t>(rows * classes)}, classes);
  }

  std::vector<WrittenIds> results;
  for (std::int64_t i = 0; i < count; ++i) {
    const decoding::Hypothesis& best = search.best(i);
    WrittenIds written{best.symbols, best.log_probability, best.ended, {}};
    const auto source = static_cast<std::int64_t>(sources[static_cast<std::size_t>(i)].size());
    for (std::size_t step = 0; step < best.rows.size(); ++step) {
      const float* row = looked[step].as<float>() + best.rows[step] * read.ids.shape()[1];
      written.attention.insert(written.attention.end(), row, row + source);
    }
    results.push_back(std::move(written));
  }
  return results;
}

}  // namespace chronicler::tasks
