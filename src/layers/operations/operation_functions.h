// What operations compute of single numbers, and of all the numbers along some axes.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace chronicler {

// What a result is made of.
enum class ResultKind : std::uint8_t {
  truth,   // boolean
  real,    // numbers
  whole,   // int32
  common,  // as the arguments: whole numbers of whole numbers, else numbers
};

// An option of a function, which it sees as a number.
struct FunctionSetting {
  std::string_view name = {};
  double value = 0.0;  // by default
  bool is_flag = false;
};

// y = value(a, s): a holds the arguments, s the settings.
struct ElementFunction {
  std::string_view name;  // Keras's class
  std::string_view module;
  int arguments = 1;  // at most three
  ResultKind result = ResultKind::real;
  double (*value)(const double* a, const double* s);
  // dy/da[i] at y; null: no gradient flows.
  double (*slope)(int i, const double* a, double y, const double* s) = nullptr;
  std::array<FunctionSetting, 2> settings = {};
};

std::span<const ElementFunction> element_functions();

// One number of many. Sums are made in the order of the input.
struct ReduceFunction {
  std::string_view name;
  std::string_view module;
  ResultKind result = ResultKind::common;
  // Of `count` numbers, which lie side by side.
  double (*value)(const double* x, std::int64_t count);
  // dx[i] = dy/dx[i]; null: no gradient flows.
  void (*slope)(const double* x, std::int64_t count, double y, double* dx) = nullptr;
};

std::span<const ReduceFunction> reduce_functions();

}  // namespace chronicler
