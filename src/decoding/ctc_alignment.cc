#include "chronicler/decoding/ctc_alignment.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "decoding/ctc_scores.h"

namespace chronicler::decoding {
namespace {

// Labels with blanks around each: b l1 b l2 b ... b.
std::vector<std::int64_t> with_blanks(std::span<const std::int64_t> labels, std::int64_t blank) {
  std::vector<std::int64_t> symbols{blank};
  for (const std::int64_t label : labels) {
    symbols.push_back(label);
    symbols.push_back(blank);
  }
  return symbols;
}

// Over a blank, to a label that is not the one before it.
bool may_skip_to(const std::vector<std::int64_t>& symbols, std::size_t s, std::int64_t blank) {
  return s >= 2 && symbols[s] != blank && symbols[s] != symbols[s - 2];
}

}  // namespace

double ctc_log_probability(const TensorView& scores, std::span<const std::int64_t> labels,
                           std::int64_t blank) {
  check_ctc_scores(scores, blank);
  const std::int64_t classes = scores.shape()[1];
  const std::vector<std::int64_t> symbols = with_blanks(labels, blank);
  const std::size_t width = symbols.size();
  std::vector<double> now(width, impossible);
  now[0] = 0.0;  // before the first step
  for (std::int64_t t = 0; t < scores.shape()[0]; ++t) {
    const std::vector<double> log_p = log_softmax(scores.as<float>() + t * classes, classes);
    std::vector<double> next(width, impossible);
    for (std::size_t s = 0; s < width; ++s) {
      double ways = now[s];
      if (s >= 1) ways = log_add(ways, now[s - 1]);
      if (may_skip_to(symbols, s, blank)) ways = log_add(ways, now[s - 2]);
      next[s] = ways + log_p[static_cast<std::size_t>(symbols[s])];
    }
    now = std::move(next);
  }
  return width == 1 ? now[0] : log_add(now[width - 1], now[width - 2]);
}

std::int64_t ctc_single_label(const TensorView& scores) {
  std::int64_t best = 1;
  double most = impossible;
  for (std::int64_t label = 1; label < scores.shape()[1]; ++label) {
    const double p = ctc_log_probability(scores, std::span(&label, 1));
    if (p <= most) continue;
    most = p;
    best = label;
  }
  return best;
}

std::vector<CtcLabel> ctc_align(const TensorView& scores, std::span<const std::int64_t> labels,
                                std::int64_t blank) {
  check_ctc_scores(scores, blank);
  const std::int64_t classes = scores.shape()[1];
  const std::int64_t steps = scores.shape()[0];
  const std::vector<std::int64_t> symbols = with_blanks(labels, blank);
  const std::size_t width = symbols.size();
  std::vector<double> now(width, impossible);
  now[0] = 0.0;
  // From how many symbols back the likeliest path came.
  std::vector<std::uint8_t> back(static_cast<std::size_t>(steps) * width, 0);
  for (std::int64_t t = 0; t < steps; ++t) {
    const std::vector<double> log_p = log_softmax(scores.as<float>() + t * classes, classes);
    std::vector<double> next(width, impossible);
    for (std::size_t s = 0; s < width; ++s) {
      double best = now[s];
      std::uint8_t from = 0;
      if (s >= 1 && now[s - 1] > best) {
        best = now[s - 1];
        from = 1;
      }
      if (may_skip_to(symbols, s, blank) && now[s - 2] > best) {
        best = now[s - 2];
        from = 2;
      }
      back[static_cast<std::size_t>(t) * width + s] = from;
      next[s] = best + log_p[static_cast<std::size_t>(symbols[s])];
    }
    now = std::move(next);
  }
  std::size_t s = width - 1;
  if (width > 1 && now[width - 2] > now[width - 1]) s = width - 2;
  if (now[s] == impossible) {
    throw Error(fmt::format("{} steps are too few for {} labels", steps, labels.size()),
                "a repeated label needs a step between");
  }
  std::vector<CtcLabel> result(labels.size());
  for (std::int64_t t = steps; t-- > 0;) {
    if (symbols[s] != blank) {
      CtcLabel& label = result[s / 2];
      const double p = std::exp(log_softmax(scores.as<float>() + t * classes,
                                            classes)[static_cast<std::size_t>(symbols[s])]);
      if (label.end == 0) label.end = t + 1;
      label.label = symbols[s];
      label.begin = t;
      label.probability = std::max(label.probability, p);
    }
    s -= back[static_cast<std::size_t>(t) * width + s];
  }
  return result;
}

}  // namespace chronicler::decoding
