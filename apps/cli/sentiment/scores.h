// How well a classifier does, for people and for programs.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "chronicler/tasks/text_classifier.h"

namespace chronicler::cli::sentiment {

double best_baseline_accuracy(const tasks::ClassifierScore& score);
std::string percent(double share);  // "83.1 %"
// A label that fits a table's column.
std::string shortened(const std::string& label);

// A verdict and tables; `of` says on which texts.
void print_score(const tasks::ClassifierScore& score, std::string_view of);
// The same figures; `of` begins the names of some of them: "test_accuracy".
void add_score(nlohmann::ordered_json& json, const tasks::ClassifierScore& score,
               const std::string& of);

}  // namespace chronicler::cli::sentiment
