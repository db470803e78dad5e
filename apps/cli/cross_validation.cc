#include "cli/cross_validation.h"

#include <cmath>
#include <iostream>
#include <utility>

#include <fmt/format.h>

#include "cli/interrupt.h"
#include "cli/table.h"

namespace chronicler::cli {
namespace {

using OrderedJson = nlohmann::ordered_json;

OrderedJson number(double value, bool is_count) {
  if (is_count) return static_cast<std::int64_t>(value);
  return std::isnan(value) ? OrderedJson() : OrderedJson(value);
}

}  // namespace

Spread spread_of(const std::vector<double>& values) {
  double count = 0.0;
  double sum = 0.0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    sum += value;
    count += 1.0;
  }
  const double mean = sum / count;
  double squares = 0.0;
  for (const double value : values)
    squares += std::isnan(value) ? 0.0 : (value - mean) * (value - mean);
  return {mean, std::sqrt(squares / count)};
}

std::string to_text(const FoldFigures& figures) {
  insight::ReportTable table;
  table.header = {""};
  for (std::size_t fold = 0; fold < figures.front().values.size(); ++fold)
    table.rows.push_back({fmt::format("fold {}", fold + 1)});
  table.rows.insert(table.rows.end(), {{"mean"}, {"deviation"}});
  for (const FoldFigure& figure : figures) {
    table.header.push_back(figure.title);
    std::vector<double> cells = figure.values;
    const Spread spread = spread_of(figure.values);
    cells.insert(cells.end(), {spread.mean, spread.deviation});
    for (std::size_t row = 0; row < cells.size(); ++row) {
      const bool is_fold = row < figure.values.size();
      std::string cell = std::isnan(cells[row]) ? "-"
                         : figure.text          ? figure.text(cells[row])
                         : is_fold              ? with_commas(static_cast<std::int64_t>(cells[row]))
                                                : "";
      table.rows[row].push_back(std::move(cell));
    }
  }
  return to_text(table);
}

void add_folds(OrderedJson& json, const FoldFigures& figures) {
  if (figures.empty()) return;
  OrderedJson& own = json["cross_validation"];
  own["folds"] = OrderedJson::array();
  for (std::size_t fold = 0; fold < figures.front().values.size(); ++fold) {
    OrderedJson& entry = own["folds"].emplace_back();
    for (const FoldFigure& figure : figures)
      entry[figure.key] = number(figure.values[fold], !figure.text);
  }
  for (const FoldFigure& figure : figures) {
    if (!figure.text) continue;
    const Spread spread = spread_of(figure.values);
    own["mean"][figure.key] = number(spread.mean, false);
    own["deviation"][figure.key] = number(spread.deviation, false);
  }
}

void end_folds(const TrainingOptions& options, const FoldFigures& figures, std::size_t done) {
  if (!options.json && done > 0) {
    std::cout << fmt::format("Cross-validation, {} folds:\n\n", done) << to_text(figures) << '\n'
              << std::flush;
  }
  if (static_cast<std::int64_t>(done) == options.folds) return;
  std::cerr << fmt::format("\nstopped in fold {} of {}: no model is written\n", done + 1,
                           options.folds);
  stop_if_interrupted();
}

}  // namespace chronicler::cli
