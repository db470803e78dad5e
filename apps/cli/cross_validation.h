// --folds K: what the commands that train a task's model measure before they do.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/training_options.h"

namespace chronicler::cli {

// A column of the table: what was measured in each fold.
struct FoldFigure {
  std::string key;    // in JSON
  std::string title;  // in the table
  // How a value is written; empty: a count, of which there is no mean.
  std::function<std::string(double)> text;
  std::vector<double> values;
};
using FoldFigures = std::vector<FoldFigure>;

// Where a figure is in a task's score.
template <class Score>
struct FigureOf {
  std::string key;
  std::string title;
  std::function<std::string(double)> text;
  std::function<double(const Score&)> value;
};

// The mean of some values, and their deviation as NumPy's std has it; NaN counts not.
struct Spread {
  double mean = 0.0;
  double deviation = 0.0;
};
Spread spread_of(const std::vector<double>& values);

// A line for each fold, then mean and deviation.
std::string to_text(const FoldFigures& figures);
// "cross_validation": {"folds": [...], "mean": {...}, "deviation": {...}}, if there was one.
void add_folds(nlohmann::ordered_json& json, const FoldFigures& figures);
// Shows the figures, unless JSON is asked for, and ends the program if it was interrupted.
void end_folds(const TrainingOptions& options, const FoldFigures& figures, std::size_t done);

// measure() gives the scores of the folds, fewer of them if it was interrupted. No figures without
// --folds.
template <class Score, class Measure>
FoldFigures cross_validated(const TrainingOptions& options, TrainingDisplay& display,
                            const std::vector<FigureOf<Score>>& columns, const Measure& measure) {
  if (options.folds == 0) return {};
  const std::vector<Score> scores = measure();
  display.line().finish();
  FoldFigures figures;
  for (const FigureOf<Score>& column : columns) {
    FoldFigure& figure =
        figures.emplace_back(FoldFigure{column.key, column.title, column.text, {}});
    for (const Score& score : scores) figure.values.push_back(column.value(score));
  }
  end_folds(options, figures, scores.size());
  return figures;
}

}  // namespace chronicler::cli
