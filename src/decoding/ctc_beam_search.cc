#include "chronicler/decoding/ctc_beam_search.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "decoding/ctc_scores.h"

namespace chronicler::decoding {
namespace {

// Prefixes are nodes of a tree, so that one that is reached in two ways is one. A node stays for
// as long as the search: steps times beams of them at most.
struct Node {
  std::int64_t parent = -1;
  std::int64_t label = -1;
  double prior = 0.0;  // what scorer and bonus say of the prefix
  std::map<std::int64_t, std::int64_t> children = {};
};

// ln p of the paths to a prefix that end in a blank, and of those that end in its last label.
struct Ways {
  double blank = impossible;
  double label = impossible;
  double both() const { return log_add(blank, label); }
};

class Search {
 public:
  explicit Search(const CtcBeamOptions& options) : options_(options) {
    nodes_.push_back({});
    beam_.push_back({0, {0.0, impossible}});
  }

  void step(const std::vector<double>& log_p) {
    std::map<std::int64_t, Ways> next;
    const double least = std::log(options_.least_probability);
    for (const auto& [node, ways] : beam_) {
      const double both = ways.both();
      const std::int64_t last = nodes_[static_cast<std::size_t>(node)].label;
      Ways& stays = next[node];
      stays.blank = log_add(stays.blank, both + log_p[static_cast<std::size_t>(options_.blank)]);
      if (last >= 0) {
        stays.label = log_add(stays.label, ways.label + log_p[static_cast<std::size_t>(last)]);
      }
      for (std::size_t k = 0; k < log_p.size(); ++k) {
        const auto label = static_cast<std::int64_t>(k);
        if (label == options_.blank || log_p[k] < least) continue;
        // The same label again needs a blank between.
        const double begins = (label == last ? ways.blank : both) + log_p[k];
        if (begins == impossible) continue;
        const std::int64_t longer = child(node, label);
        Ways& grows = next[longer];
        grows.label = log_add(grows.label, begins);
      }
    }
    beam_.assign(next.begin(), next.end());
    keep_best();
  }

  std::vector<CtcHypothesis> finish() {
    std::vector<CtcHypothesis> result;
    for (const auto& [node, ways] : beam_) {
      CtcHypothesis hypothesis;
      hypothesis.labels = labels_of(node);
      hypothesis.log_probability = ways.both();
      hypothesis.score = hypothesis.log_probability + nodes_[static_cast<std::size_t>(node)].prior;
      if (options_.scorer) {
        hypothesis.score +=
            options_.scorer_weight * options_.scorer(hypothesis.labels, end_of_labels);
      }
      result.push_back(std::move(hypothesis));
    }
    std::stable_sort(result.begin(), result.end(),
                     [](const auto& a, const auto& b) { return a.score > b.score; });
    const auto most = static_cast<std::size_t>(std::max<std::int64_t>(options_.most, 1));
    if (result.size() > most) result.resize(most);
    return result;
  }

 private:
  std::vector<std::int64_t> labels_of(std::int64_t node) const {
    std::vector<std::int64_t> labels;
    for (; node > 0; node = nodes_[static_cast<std::size_t>(node)].parent)
      labels.push_back(nodes_[static_cast<std::size_t>(node)].label);
    std::reverse(labels.begin(), labels.end());
    return labels;
  }

  std::int64_t child(std::int64_t node, std::int64_t label) {
    const auto number = static_cast<std::int64_t>(nodes_.size());
    const auto [found, is_new] =
        nodes_[static_cast<std::size_t>(node)].children.emplace(label, number);
    if (!is_new) return found->second;
    double prior = nodes_[static_cast<std::size_t>(node)].prior + options_.label_bonus;
    if (options_.scorer) prior += options_.scorer_weight * options_.scorer(labels_of(node), label);
    nodes_.push_back({.parent = node, .label = label, .prior = prior});
    return number;
  }

  void keep_best() {
    const auto beams = static_cast<std::size_t>(std::max<std::int64_t>(options_.beams, 1));
    if (beam_.size() <= beams) return;
    std::vector<std::pair<double, std::size_t>> order;
    for (std::size_t i = 0; i < beam_.size(); ++i) {
      const double prior = nodes_[static_cast<std::size_t>(beam_[i].first)].prior;
      order.emplace_back(-(beam_[i].second.both() + prior), i);
    }
    std::nth_element(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(beams),
                     order.end());
    order.resize(beams);
    std::sort(order.begin(), order.end());
    std::vector<std::pair<std::int64_t, Ways>> kept;
    for (const auto& [score, i] : order) kept.push_back(beam_[i]);
    beam_ = std::move(kept);
  }

  const CtcBeamOptions& options_;
  std::vector<Node> nodes_;
  std::vector<std::pair<std::int64_t, Ways>> beam_;
};

}  // namespace

std::vector<CtcHypothesis> ctc_beam_search(const TensorView& scores,
                                           const CtcBeamOptions& options) {
  check_ctc_scores(scores, options.blank);
  Search search(options);
  const std::int64_t classes = scores.shape()[1];
  for (std::int64_t t = 0; t < scores.shape()[0]; ++t)
    search.step(log_softmax(scores.as<float>() + t * classes, classes));
  return search.finish();
}

}  // namespace chronicler::decoding
