#include "layers/operations/operation_functions.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <numeric>

namespace chronicler {
namespace {

constexpr double root_half = std::numbers::sqrt2 / 2.0;

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }
double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }
double normal_density(double x) {
  return std::exp(-0.5 * x * x) * std::numbers::inv_sqrtpi * root_half;
}
double normal_share(double x) { return 0.5 * std::erfc(-x * root_half); }

// The tanh that stands for erf in gelu(approximate=True).
double gelu_tanh(double x) {
  constexpr double cubic = 0.044715;
  return std::tanh(std::numbers::sqrt2 * std::numbers::inv_sqrtpi * (x + cubic * x * x * x));
}
double gelu_slope(double x, bool approximate) {
  if (!approximate) return normal_share(x) + x * normal_density(x);
  constexpr double cubic = 0.044715;
  const double t = gelu_tanh(x);
  const double inner = std::numbers::sqrt2 * std::numbers::inv_sqrtpi * (1.0 + 3.0 * cubic * x * x);
  return 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * inner;
}

double python_remainder(double a, double b) {
  const double rest = std::fmod(a, b);
  return rest != 0.0 && (rest < 0.0) != (b < 0.0) ? rest + b : rest;
}

// To the nearest, halves to the even one.
double rounded(double x, double decimals) {
  const double scale = std::pow(10.0, decimals);
  return std::nearbyint(x * scale) / scale;
}

constexpr double selu_alpha = 1.6732632423543772848170429916717;
constexpr double selu_scale = 1.0507009873554804934193349852946;

using In = const double*;
constexpr auto truth = ResultKind::truth;
constexpr auto real = ResultKind::real;
constexpr auto common = ResultKind::common;

constexpr std::array functions{
    // Truth values
    ElementFunction{"NotEqual", "numpy", 2, truth, [](In a, In) -> double { return a[0] != a[1]; }},
    ElementFunction{"Equal", "numpy", 2, truth, [](In a, In) -> double { return a[0] == a[1]; }},
    ElementFunction{"Greater", "numpy", 2, truth, [](In a, In) -> double { return a[0] > a[1]; }},
    ElementFunction{"GreaterEqual", "numpy", 2, truth,
                    [](In a, In) -> double { return a[0] >= a[1]; }},
    ElementFunction{"Less", "numpy", 2, truth, [](In a, In) -> double { return a[0] < a[1]; }},
    ElementFunction{"LessEqual", "numpy", 2, truth,
                    [](In a, In) -> double { return a[0] <= a[1]; }},
    ElementFunction{"LogicalAnd", "numpy", 2, truth,
                    [](In a, In) -> double { return a[0] != 0.0 && a[1] != 0.0; }},
    ElementFunction{"LogicalOr", "numpy", 2, truth,
                    [](In a, In) -> double { return a[0] != 0.0 || a[1] != 0.0; }},
    ElementFunction{"LogicalXor", "numpy", 2, truth,
                    [](In a, In) -> double { return (a[0] != 0.0) != (a[1] != 0.0); }},
    ElementFunction{"LogicalNot", "numpy", 1, truth,
                    [](In a, In) -> double { return a[0] == 0.0; }},
    ElementFunction{"Isnan", "numpy", 1, truth,
                    [](In a, In) -> double { return std::isnan(a[0]); }},
    ElementFunction{"Isinf", "numpy", 1, truth,
                    [](In a, In) -> double { return std::isinf(a[0]); }},
    ElementFunction{"Isfinite", "numpy", 1, truth,
                    [](In a, In) -> double { return std::isfinite(a[0]); }},
    // Constants of a shape
    ElementFunction{"ZerosLike", "numpy", 1, common, [](In, In) { return 0.0; }},
    ElementFunction{"OnesLike", "numpy", 1, common, [](In, In) { return 1.0; }},
    // Arithmetic
    ElementFunction{"Add", "numpy", 2, common, [](In a, In) -> double { return a[0] + a[1]; },
                    [](int, In, double, In) { return 1.0; }},
    ElementFunction{"Subtract", "numpy", 2, common, [](In a, In) -> double { return a[0] - a[1]; },
                    [](int i, In, double, In) { return i == 0 ? 1.0 : -1.0; }},
    ElementFunction{"Multiply", "numpy", 2, common, [](In a, In) -> double { return a[0] * a[1]; },
                    [](int i, In a, double, In) -> double { return a[1 - i]; }},
    ElementFunction{"Divide", "numpy", 2, real, [](In a, In) -> double { return a[0] / a[1]; },
                    [](int i, In a, double y, In) -> double { return (i == 0 ? 1.0 : -y) / a[1]; }},
    ElementFunction{"TrueDivide", "numpy", 2, real, [](In a, In) -> double { return a[0] / a[1]; },
                    [](int i, In a, double y, In) -> double { return (i == 0 ? 1.0 : -y) / a[1]; }},
    ElementFunction{"DivideNoNan", "numpy", 2, real,
                    [](In a, In) -> double { return a[1] == 0.0 ? 0.0 : a[0] / a[1]; },
                    [](int i, In a, double y, In) -> double {
                      if (a[1] == 0.0) return 0.0;
                      return (i == 0 ? 1.0 : -y) / a[1];
                    }},
    ElementFunction{"FloorDivide", "numpy", 2, common,
                    [](In a, In) -> double { return std::floor(a[0] / a[1]); }},
    ElementFunction{
        "Mod", "numpy", 2, common, [](In a, In) -> double { return python_remainder(a[0], a[1]); },
        [](int i, In a, double, In) -> double { return i == 0 ? 1.0 : -std::floor(a[0] / a[1]); }},
    ElementFunction{"Power", "numpy", 2, common,
                    [](In a, In) -> double { return std::pow(a[0], a[1]); },
                    [](int i, In a, double y, In) -> double {
                      if (i == 0) return a[1] * std::pow(a[0], a[1] - 1.0);
                      return a[0] > 0.0 ? y * std::log(a[0]) : 0.0;
                    }},
    ElementFunction{
        "Maximum", "numpy", 2, common, [](In a, In) -> double { return std::max(a[0], a[1]); },
        [](int i, In a, double, In) -> double { return (a[0] >= a[1]) == (i == 0) ? 1.0 : 0.0; }},
    ElementFunction{
        "Minimum", "numpy", 2, common, [](In a, In) -> double { return std::min(a[0], a[1]); },
        [](int i, In a, double, In) -> double { return (a[0] <= a[1]) == (i == 0) ? 1.0 : 0.0; }},
    ElementFunction{"Where", "numpy", 3, common,
                    [](In a, In) -> double { return a[0] != 0.0 ? a[1] : a[2]; },
                    [](int i, In a, double, In) -> double {
                      return i > 0 && (a[0] != 0.0) == (i == 1) ? 1.0 : 0.0;
                    }},
    ElementFunction{"Negative", "numpy", 1, common, [](In a, In) -> double { return -a[0]; },
                    [](int, In, double, In) { return -1.0; }},
    ElementFunction{
        "Absolute", "numpy", 1, common, [](In a, In) -> double { return std::abs(a[0]); },
        [](int, In a, double, In) -> double { return a[0] > 0.0   ? 1.0
                                                     : a[0] < 0.0 ? -1.0
                                                                  : 0.0; }},
    ElementFunction{"Sign", "numpy", 1, common,
                    [](In a, In) -> double { return a[0] > 0.0   ? 1.0
                                                    : a[0] < 0.0 ? -1.0
                                                                 : 0.0; }},
    ElementFunction{"Square", "numpy", 1, common, [](In a, In) -> double { return a[0] * a[0]; },
                    [](int, In a, double, In) -> double { return 2.0 * a[0]; }},
    ElementFunction{"Sqrt", "numpy", 1, real, [](In a, In) -> double { return std::sqrt(a[0]); },
                    [](int, In, double y, In) -> double { return 0.5 / y; }},
    ElementFunction{"Rsqrt", "math", 1, real,
                    [](In a, In) -> double { return 1.0 / std::sqrt(a[0]); },
                    [](int, In a, double y, In) -> double { return -0.5 * y / a[0]; }},
    ElementFunction{"Reciprocal", "numpy", 1, real, [](In a, In) -> double { return 1.0 / a[0]; },
                    [](int, In, double y, In) -> double { return -y * y; }},
    ElementFunction{"Exp", "numpy", 1, real, [](In a, In) -> double { return std::exp(a[0]); },
                    [](int, In, double y, In) -> double { return y; }},
    ElementFunction{"Expm1", "numpy", 1, real, [](In a, In) -> double { return std::expm1(a[0]); },
                    [](int, In, double y, In) -> double { return y + 1.0; }},
    ElementFunction{"Log", "numpy", 1, real, [](In a, In) -> double { return std::log(a[0]); },
                    [](int, In a, double, In) -> double { return 1.0 / a[0]; }},
    ElementFunction{"Log1p", "numpy", 1, real, [](In a, In) -> double { return std::log1p(a[0]); },
                    [](int, In a, double, In) -> double { return 1.0 / (1.0 + a[0]); }},
    ElementFunction{"Log2", "numpy", 1, real, [](In a, In) -> double { return std::log2(a[0]); },
                    [](int, In a, double, In) -> double { return std::numbers::log2e / a[0]; }},
    ElementFunction{"Log10", "numpy", 1, real, [](In a, In) -> double { return std::log10(a[0]); },
                    [](int, In a, double, In) -> double { return std::numbers::log10e / a[0]; }},
    ElementFunction{"Sin", "numpy", 1, real, [](In a, In) -> double { return std::sin(a[0]); },
                    [](int, In a, double, In) -> double { return std::cos(a[0]); }},
    ElementFunction{"Cos", "numpy", 1, real, [](In a, In) -> double { return std::cos(a[0]); },
                    [](int, In a, double, In) -> double { return -std::sin(a[0]); }},
    ElementFunction{"Tan", "numpy", 1, real, [](In a, In) -> double { return std::tan(a[0]); },
                    [](int, In, double y, In) -> double { return 1.0 + y * y; }},
    ElementFunction{"Arctan", "numpy", 1, real, [](In a, In) -> double { return std::atan(a[0]); },
                    [](int, In a, double, In) -> double { return 1.0 / (1.0 + a[0] * a[0]); }},
    ElementFunction{"Sinh", "numpy", 1, real, [](In a, In) -> double { return std::sinh(a[0]); },
                    [](int, In a, double, In) -> double { return std::cosh(a[0]); }},
    ElementFunction{"Cosh", "numpy", 1, real, [](In a, In) -> double { return std::cosh(a[0]); },
                    [](int, In a, double, In) -> double { return std::sinh(a[0]); }},
    ElementFunction{"Erf", "math", 1, real, [](In a, In) -> double { return std::erf(a[0]); },
                    [](int, In a, double, In) -> double {
                      return 2.0 * std::numbers::inv_sqrtpi * std::exp(-a[0] * a[0]);
                    }},
    ElementFunction{"Floor", "numpy", 1, real, [](In a, In) -> double { return std::floor(a[0]); }},
    ElementFunction{"Ceil", "numpy", 1, real, [](In a, In) -> double { return std::ceil(a[0]); }},
    ElementFunction{"Round",
                    "numpy",
                    1,
                    common,
                    [](In a, In s) -> double { return rounded(a[0], s[0]); },
                    nullptr,
                    {FunctionSetting{"decimals", 0.0}}},
    ElementFunction{
        "Clip",
        "numpy",
        1,
        common,
        [](In a, In s) -> double { return std::min(std::max(a[0], s[0]), s[1]); },
        [](int, In a, double, In s) -> double { return a[0] >= s[0] && a[0] <= s[1] ? 1.0 : 0.0; },
        {FunctionSetting{"x_min", -std::numeric_limits<double>::infinity()},
         FunctionSetting{"x_max", std::numeric_limits<double>::infinity()}}},
    // Activations
    ElementFunction{"Tanh", "numpy", 1, real, [](In a, In) -> double { return std::tanh(a[0]); },
                    [](int, In, double y, In) -> double { return 1.0 - y * y; }},
    ElementFunction{"Sigmoid", "nn", 1, real, [](In a, In) -> double { return sigmoid(a[0]); },
                    [](int, In, double y, In) -> double { return y * (1.0 - y); }},
    ElementFunction{"Relu", "nn", 1, common, [](In a, In) -> double { return std::max(a[0], 0.0); },
                    [](int, In a, double, In) -> double { return a[0] > 0.0 ? 1.0 : 0.0; }},
    ElementFunction{
        "Relu6", "nn", 1, common, [](In a, In) -> double { return std::clamp(a[0], 0.0, 6.0); },
        [](int, In a, double, In) -> double { return a[0] > 0.0 && a[0] < 6.0 ? 1.0 : 0.0; }},
    ElementFunction{"LeakyRelu",
                    "nn",
                    1,
                    real,
                    [](In a, In s) -> double { return a[0] > 0.0 ? a[0] : s[0] * a[0]; },
                    [](int, In a, double, In s) -> double { return a[0] > 0.0 ? 1.0 : s[0]; },
                    {FunctionSetting{"negative_slope", 0.2}}},
    ElementFunction{
        "Elu",
        "nn",
        1,
        real,
        [](In a, In s) -> double { return a[0] > 0.0 ? a[0] : s[0] * std::expm1(a[0]); },
        [](int, In a, double, In s) -> double { return a[0] > 0.0 ? 1.0 : s[0] * std::exp(a[0]); },
        {FunctionSetting{"alpha", 1.0}}},
    ElementFunction{
        "Celu",
        "nn",
        1,
        real,
        [](In a, In s) -> double { return a[0] > 0.0 ? a[0] : s[0] * std::expm1(a[0] / s[0]); },
        [](int, In a, double, In s) -> double { return a[0] > 0.0 ? 1.0 : std::exp(a[0] / s[0]); },
        {FunctionSetting{"alpha", 1.0}}},
    ElementFunction{"Selu", "nn", 1, real,
                    [](In a, In) -> double {
                      return selu_scale * (a[0] > 0.0 ? a[0] : selu_alpha * std::expm1(a[0]));
                    },
                    [](int, In a, double, In) -> double {
                      return selu_scale * (a[0] > 0.0 ? 1.0 : selu_alpha * std::exp(a[0]));
                    }},
    ElementFunction{"Gelu",
                    "nn",
                    1,
                    real,
                    [](In a, In s) -> double {
                      if (s[0] == 0.0) return a[0] * normal_share(a[0]);
                      return 0.5 * a[0] * (1.0 + gelu_tanh(a[0]));
                    },
                    [](int, In a, double, In s) -> double { return gelu_slope(a[0], s[0] != 0.0); },
                    {FunctionSetting{"approximate", 1.0, true}}},
    ElementFunction{"Silu", "nn", 1, real, [](In a, In) -> double { return a[0] * sigmoid(a[0]); },
                    [](int, In a, double, In) -> double {
                      const double gate = sigmoid(a[0]);
                      return gate * (1.0 + a[0] * (1.0 - gate));
                    }},
    ElementFunction{"Softplus", "nn", 1, real, [](In a, In) -> double { return softplus(a[0]); },
                    [](int, In a, double, In) -> double { return sigmoid(a[0]); }},
    ElementFunction{"Softsign", "nn", 1, real,
                    [](In a, In) -> double { return a[0] / (1.0 + std::abs(a[0])); },
                    [](int, In a, double, In) -> double {
                      const double below = 1.0 + std::abs(a[0]);
                      return 1.0 / (below * below);
                    }},
    ElementFunction{"LogSigmoid", "nn", 1, real,
                    [](In a, In) -> double { return -softplus(-a[0]); },
                    [](int, In a, double, In) -> double { return sigmoid(-a[0]); }},
    ElementFunction{
        "HardSigmoid", "nn", 1, real,
        [](In a, In) -> double { return std::clamp(a[0] / 6.0 + 0.5, 0.0, 1.0); },
        [](int, In, double y, In) -> double { return y > 0.0 && y < 1.0 ? 1.0 / 6.0 : 0.0; }},
    ElementFunction{
        "HardTanh",
        "nn", 1, real, [](In a, In) -> double { return std::clamp(a[0], -1.0, 1.0); },
        [](int, In a, double, In) -> double { return a[0] > -1.0 && a[0] < 1.0 ? 1.0 : 0.0; }},
    ElementFunction{"HardSilu", "nn", 1, real,
                    [](In a, In) -> double {
                      return a[0] * std::clamp(a[0] / 6.0 + 0.5, 0.0, 1.0);
                    },
                    [](int, In a, double, In) -> double {
                      const double gate = std::clamp(a[0] / 6.0 + 0.5, 0.0, 1.0);
                      return gate + (gate > 0.0 && gate < 1.0 ? a[0] / 6.0 : 0.0);
                    }},
};

// ---- of many numbers

double sum(const double* x, std::int64_t count) { return std::accumulate(x, x + count, 0.0); }
double mean(const double* x, std::int64_t count) {
  return sum(x, count) / static_cast<double>(count);
}
double variance(const double* x, std::int64_t count) {
  const double middle = mean(x, count);
  double total = 0.0;
  for (std::int64_t i = 0; i < count; ++i) total += (x[i] - middle) * (x[i] - middle);
  return total / static_cast<double>(count);
}
double largest(const double* x, std::int64_t count) { return *std::max_element(x, x + count); }
double smallest(const double* x, std::int64_t count) { return *std::min_element(x, x + count); }

// TensorFlow's: equal ones share.
void share_slope(const double* x, std::int64_t count, double y, double* dx) {
  const auto equal = static_cast<double>(std::count(x, x + count, y));
  for (std::int64_t i = 0; i < count; ++i) dx[i] = x[i] == y ? 1.0 / equal : 0.0;
}

double log_sum_exp(const double* x, std::int64_t count) {
  const double top = largest(x, count);
  if (std::isinf(top)) return top;
  double total = 0.0;
  for (std::int64_t i = 0; i < count; ++i) total += std::exp(x[i] - top);
  return top + std::log(total);
}

constexpr std::array reductions{
    ReduceFunction{"Any", "numpy", truth,
                   [](In x, std::int64_t n) -> double {
                     return std::any_of(x, x + n, [](double each) { return each != 0.0; });
                   }},
    ReduceFunction{"All", "numpy", truth,
                   [](In x, std::int64_t n) -> double {
                     return std::all_of(x, x + n, [](double each) { return each != 0.0; });
                   }},
    ReduceFunction{"Sum", "numpy", common, sum,
                   [](In, std::int64_t n, double, double* dx) { std::fill_n(dx, n, 1.0); }},
    ReduceFunction{"Mean", "numpy", real, mean,
                   [](In, std::int64_t n, double, double* dx) {
                     std::fill_n(dx, n, 1.0 / static_cast<double>(n));
                   }},
    ReduceFunction{"Max", "numpy", common, largest, share_slope},
    ReduceFunction{"Min", "numpy", common, smallest, share_slope},
    ReduceFunction{"Amax", "numpy", common, largest, share_slope},
    ReduceFunction{"Amin", "numpy", common, smallest, share_slope},
    ReduceFunction{
        "Prod", "numpy", common,
        [](In x, std::int64_t n) { return std::accumulate(x, x + n, 1.0, std::multiplies<>()); },
        [](In x, std::int64_t n, double, double* dx) {
          double before = 1.0;
          for (std::int64_t i = 0; i < n; before *= x[i++]) dx[i] = before;
          double behind = 1.0;
          for (std::int64_t i = n; i-- > 0; behind *= x[i]) dx[i] *= behind;
        }},
    ReduceFunction{"Var", "numpy", real, variance,
                   [](In x, std::int64_t n, double, double* dx) {
                     const double middle = mean(x, n);
                     for (std::int64_t i = 0; i < n; ++i)
                       dx[i] = 2.0 * (x[i] - middle) / static_cast<double>(n);
                   }},
    ReduceFunction{"Std", "numpy", real,
                   [](In x, std::int64_t n) { return std::sqrt(variance(x, n)); },
                   [](In x, std::int64_t n, double y, double* dx) {
                     const double middle = mean(x, n);
                     for (std::int64_t i = 0; i < n; ++i)
                       dx[i] = (x[i] - middle) / (y * static_cast<double>(n));
                   }},
    ReduceFunction{"Logsumexp", "math", real, log_sum_exp,
                   [](In x, std::int64_t n, double y, double* dx) {
                     for (std::int64_t i = 0; i < n; ++i) dx[i] = std::exp(x[i] - y);
                   }},
    ReduceFunction{
        "CountNonzero", "numpy", ResultKind::whole,
        [](In x, std::int64_t n) { return static_cast<double>(n - std::count(x, x + n, 0.0)); }},
    ReduceFunction{
        "Argmax", "numpy", ResultKind::whole,
        [](In x, std::int64_t n) { return static_cast<double>(std::max_element(x, x + n) - x); }},
    ReduceFunction{
        "Argmin", "numpy", ResultKind::whole,
        [](In x, std::int64_t n) { return static_cast<double>(std::min_element(x, x + n) - x); }},
};

}  // namespace

std::span<const ElementFunction> element_functions() { return functions; }
std::span<const ReduceFunction> reduce_functions() { return reductions; }

}  // namespace chronicler
