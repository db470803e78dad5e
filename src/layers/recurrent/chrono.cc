#include "layers/recurrent/chrono.h"

#include <algorithm>
#include <cmath>
#include <variant>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/base/random.h"
#include "layers/core/dispatch.h"

namespace chronicler {
namespace {

bool is_chrono(const Initializer& initializer) { return initializer.class_name() == "Chrono"; }

std::optional<std::int64_t> whole_setting(const Initializer& initializer, std::string_view name) {
  for (const Setting& setting : initializer.settings()) {
    const auto* const value = std::get_if<std::int64_t>(&setting.value);
    if (setting.name == name && value != nullptr) return *value;
  }
  return std::nullopt;
}

}  // namespace

Initializer without_chrono(const Initializer& initializer) {
  return is_chrono(initializer) ? Initializer("zeros") : initializer;
}

void start_gates(const Initializer& initializer, const GateBiases& biases, const Shape& input,
                 const std::string& layer) {
  if (!is_chrono(initializer)) return;
  std::optional<std::int64_t> t_max = whole_setting(initializer, "t_max");
  if (!t_max && input.rank() > 1 && input[1] != None) t_max = std::max<std::int64_t>(2, input[1]);
  if (!t_max) {
    throw Error(
        fmt::format("{}: bias_initializer chrono needs t_max, as the number of steps of its "
                    "input {} is not known",
                    layer, input.to_string()),
        "give the longest lag in steps, for instance initializers::Chrono(1000)");
  }
  const std::optional<std::int64_t> seed = whole_setting(initializer, "seed");
  const Random random(seed ? static_cast<std::uint64_t>(*seed) : next_seed());
  with_real(biases.row.dtype(), [&](auto real) {
    using Real = decltype(real);
    Real* const row = biases.row.as<Real>();
    for (std::int64_t unit = 0; unit < biases.units; ++unit) {
      const double draw = double{random.uniform(0, static_cast<std::uint64_t>(unit))};
      const double value = std::log(1.0 + draw * static_cast<double>(*t_max - 2));
      row[biases.remembering * biases.units + unit] = static_cast<Real>(value);
      if (biases.forgetting)
        row[*biases.forgetting * biases.units + unit] = static_cast<Real>(-value);
    }
  });
}

}  // namespace chronicler
