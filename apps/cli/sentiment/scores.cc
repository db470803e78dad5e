#include "cli/sentiment/scores.h"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <utility>

#include <fmt/format.h>

#include "cli/console.h"
#include "cli/table.h"

namespace chronicler::cli::sentiment {

using tasks::ClassifierScore;
using OrderedJson = nlohmann::ordered_json;

namespace {

constexpr std::string_view network_name = "this model";

// The best of what needs no network, and how it is called.
std::pair<std::string, double> best_baseline(const ClassifierScore& score) {
  std::pair<std::string, double> best{"always the most frequent label", score.majority_accuracy};
  if (score.naive_bayes_accuracy > best.second) best = {"naive Bayes", score.naive_bayes_accuracy};
  if (score.logistic_accuracy > best.second)
    best = {"logistic regression", score.logistic_accuracy};
  return best;
}

std::string verdict(const ClassifierScore& score) {
  const auto [name, accuracy] = best_baseline(score);
  const auto texts = static_cast<double>(std::max<std::int64_t>(score.texts, 1));
  const double error = std::sqrt(score.accuracy * (1.0 - score.accuracy) / texts);
  std::string sentence = fmt::format("The model {} {} ({} against {}).",
                                     score.accuracy > accuracy ? "beats" : "does not beat", name,
                                     percent(score.accuracy), percent(accuracy));
  if (std::abs(score.accuracy - accuracy) < 2.0 * error) {
    sentence += fmt::format(" On {} texts the difference may be chance (+-{:.1f}).",
                            with_commas(score.texts), 200.0 * error);
  }
  return sentence;
}

}  // namespace

double best_baseline_accuracy(const ClassifierScore& score) { return best_baseline(score).second; }

std::string percent(double share) { return fmt::format("{:.1f} %", 100.0 * share); }

std::string shortened(const std::string& label) {
  constexpr std::size_t longest = 24;
  return label.size() <= longest ? label : label.substr(0, longest - 3) + "...";
}

void print_score(const ClassifierScore& score, std::string_view of) {
  std::cout << bold(verdict(score), std::cout) << "\n\n";
  insight::ReportTable table;
  table.header = {fmt::format("{}, {} texts", of, with_commas(score.texts)), "accuracy"};
  table.rows = {{std::string(network_name), percent(score.accuracy)},
                {"logistic regression on n-grams", percent(score.logistic_accuracy)},
                {"naive Bayes on n-grams", percent(score.naive_bayes_accuracy)},
                {"always the most frequent label", percent(score.majority_accuracy)}};
  std::cout << to_text(table) << '\n';

  insight::ReportTable labels;
  labels.header = {"label", "texts", "precision", "recall", "F1"};
  const std::int64_t classes = score.confusion.classes();
  for (std::int64_t c = 0; c < classes; ++c) {
    std::int64_t texts = 0;
    for (std::int64_t predicted = 0; predicted < classes; ++predicted)
      texts += score.confusion.count(c, predicted);
    labels.rows.push_back({shortened(score.labels[static_cast<std::size_t>(c)]), with_commas(texts),
                           percent(score.confusion.precision(c)),
                           percent(score.confusion.recall(c)), percent(score.confusion.f1(c))});
  }
  std::cout << to_text(labels);
  std::cout << fmt::format(
      "  macro F1 {}; mean -ln p {:.3f}; its probabilities are {:.1f} points off on average\n\n",
      percent(score.macro_f1), score.log_loss, 100.0 * score.calibration_error);

  constexpr std::int64_t most_shown = 20;
  if (classes > most_shown) return;
  insight::ReportTable matrix;
  matrix.header = {"label (rows), predicted (columns)"};
  for (const std::string& label : score.labels) matrix.header.push_back(shortened(label));
  for (std::int64_t c = 0; c < classes; ++c) {
    std::vector<std::string> row{shortened(score.labels[static_cast<std::size_t>(c)])};
    for (std::int64_t predicted = 0; predicted < classes; ++predicted)
      row.push_back(with_commas(score.confusion.count(c, predicted)));
    matrix.rows.push_back(std::move(row));
  }
  std::cout << to_text(matrix);
}

void add_score(OrderedJson& json, const ClassifierScore& score, const std::string& of) {
  json[of + "_accuracy"] = score.accuracy;
  json["naive_bayes_accuracy"] = score.naive_bayes_accuracy;
  json["logistic_accuracy"] = score.logistic_accuracy;
  json["majority_accuracy"] = score.majority_accuracy;
  json["macro_f1"] = score.macro_f1;
  json["log_loss"] = score.log_loss;
  json["calibration_error"] = score.calibration_error;
  json[of + "_texts"] = score.texts;
  json["labels"] = score.labels;
  OrderedJson f1;
  OrderedJson matrix = OrderedJson::array();
  for (std::int64_t c = 0; c < score.confusion.classes(); ++c) {
    f1[score.labels[static_cast<std::size_t>(c)]] = score.confusion.f1(c);
    OrderedJson row = OrderedJson::array();
    for (std::int64_t predicted = 0; predicted < score.confusion.classes(); ++predicted)
      row.push_back(score.confusion.count(c, predicted));
    matrix.push_back(std::move(row));
  }
  json["f1"] = std::move(f1);
  json["confusion"] = std::move(matrix);
}

}  // namespace chronicler::cli::sentiment
