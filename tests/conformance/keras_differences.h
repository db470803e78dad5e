// Where Chronicler differs from Keras 3.15.1 on purpose. docs/keras.md lists them from here, and
// scripts/test-with-keras takes no other difference.
#pragma once

#include <span>
#include <string_view>

namespace chronicler::test {

struct KeptDifference {
  std::string_view kind;  // "layers", "losses", ...; as in option_kinds() and "callbacks"
  std::string_view class_name;
  std::string_view note;  // for the page
  // Which of the class's models (OptionModel::title after the class's name, or what a callback is
  // tried with) show it: with "*" for anything; several apart by blanks; empty: none does.
  // Of a difference of all classes: the class, too ("Embedding.every_option").
  std::string_view models = {};
  // How they show it, with "*" for anything: what stops there. Empty: both compute, other numbers.
  std::string_view shows = {};
};

std::span<const KeptDifference> kept_differences();

// Whether a text is like a pattern in which "*" stands for anything.
bool is_like(std::string_view text, std::string_view pattern);
// The difference that a model shows; null if there is none.
const KeptDifference* kept_difference(std::string_view kind, std::string_view class_name,
                                      std::string_view model);

}  // namespace chronicler::test
