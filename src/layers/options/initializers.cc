#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/base/runtime.h"
#include "chronicler/layers/options.h"
#include "layers/core/described.h"
#include "layers/core/dispatch.h"
#include "layers/options/orthogonal.h"

namespace chronicler {
namespace {

const std::vector<DescribedClass>& classes() {
  static const DescribedField seed{
      "seed", {}, any_value(), "seed of the values; none: that of the model"};
  static const std::vector<DescribedClass> table{
      // All 0.
      {"Zeros", {"zeros", "zero"}, {}},
      // All 1.
      {"Ones", {"ones", "one"}, {}},
      // All one value.
      {"Constant", {"constant"}, {{"value", 0.0, any_value(), "the value of all elements"}}},
      // 1 on the diagonal of a matrix, 0 elsewhere.
      {"Identity",
       {"identity", "IdentityInitializer"},
       {{"gain", 1.0, any_value(), "factor of the matrix"}}},
      // A normal distribution.
      {"RandomNormal",
       {"random_normal", "normal"},
       {seed,
        {"mean", 0.0, any_value(), "mean of the values"},
        {"stddev", 0.05, any_value(), "standard deviation of the values"}}},
      // All values from minval to maxval are equally likely.
      {"RandomUniform",
       {"random_uniform", "uniform"},
       {seed,
        {"minval", -0.05, any_value(), "lowest value"},
        {"maxval", 0.05, any_value(), "highest value"}}},
      // A normal distribution of which what is over two deviations from the mean is drawn again.
      {"TruncatedNormal",
       {"truncated_normal"},
       {seed,
        {"mean", 0.0, any_value(), "mean of the values"},
        {"stddev", 0.05, any_value(), "standard deviation of the values"}}},
      // Values whose variance is scale / n, n by mode the inputs of a number, its outputs or
      // their mean (He et al. 2015).
      {"VarianceScaling",
       {"variance_scaling"},
       {seed,
        {"scale", 1.0, above(0.0), "factor of the variance"},
        {"mode", std::string("fan_in"), one_of({"fan_in", "fan_out", "fan_avg"}),
         "what the variance is divided by: inputs, outputs or their mean"},
        {"distribution", std::string("truncated_normal"),
         one_of({"truncated_normal", "untruncated_normal", "uniform"}),
         "how the values are drawn"}}},
      // Uniform up to sqrt(6 / (inputs + outputs)): Glorot and Bengio 2010.
      {"GlorotUniform", {"glorot_uniform"}, {seed}},
      // Truncated normal with variance 2 / (inputs + outputs): Glorot and Bengio 2010.
      {"GlorotNormal", {"glorot_normal"}, {seed}},
      // Uniform up to sqrt(6 / inputs): He et al. 2015, for relu.
      {"HeUniform", {"he_uniform"}, {seed}},
      // Truncated normal with variance 2 / inputs: He et al. 2015, for relu.
      {"HeNormal", {"he_normal"}, {seed}},
      // Uniform up to sqrt(3 / inputs): LeCun et al. 1998, for selu.
      {"LecunUniform", {"lecun_uniform"}, {seed}},
      // Truncated normal with variance 1 / inputs: LeCun et al. 1998, for selu.
      {"LecunNormal", {"lecun_normal"}, {seed}},
      // Orthogonal rows or columns, whichever are fewer: Saxe, McClelland and Ganguli 2014.
      {"Orthogonal",
       {"orthogonal", "OrthogonalInitializer"},
       {seed, {"gain", 1.0, any_value(), "factor of the matrix"}}},
      // Biases of the gates of an LSTM or a GRU with which units remember for 1 to t_max steps:
      // the forget gate's (of a GRU the update gate's) log(U(1, t_max - 1)), an input gate's minus
      // that, the others 0 (Tallec and Ollivier 2018).
      {"Chrono",
       {"chrono"},
       {{"t_max",
         {},
         at_least(2),
         "steps that are remembered at most; none: those of the input that the layer is built for"},
        seed},
       "chronicler"},
  };
  return table;
}

// ---- variance scaling and its named cases

struct Scaling {
  double scale;
  std::string_view mode;
  std::string_view distribution;
};

struct NamedScaling {
  std::string_view class_name;
  Scaling scaling;
};

constexpr std::array<NamedScaling, 6> named_scalings{{
    {"GlorotUniform", {1.0, "fan_avg", "uniform"}},
    {"GlorotNormal", {1.0, "fan_avg", "truncated_normal"}},
    {"HeUniform", {2.0, "fan_in", "uniform"}},
    {"HeNormal", {2.0, "fan_in", "truncated_normal"}},
    {"LecunUniform", {1.0, "fan_in", "uniform"}},
    {"LecunNormal", {1.0, "fan_in", "truncated_normal"}},
}};

const NamedScaling* named_scaling(std::string_view class_name) {
  for (const NamedScaling& named : named_scalings) {
    if (named.class_name == class_name) return &named;
  }
  return nullptr;
}

bool scales_variance(std::string_view class_name) {
  return class_name == "VarianceScaling" || named_scaling(class_name) != nullptr;
}

Scaling scaling_of(const Initializer& initializer) {
  if (const NamedScaling* named = named_scaling(initializer.class_name())) return named->scaling;
  return {initializer.number("scale"), setting_value<std::string>(initializer, "mode"),
          setting_value<std::string>(initializer, "distribution")};
}

struct Fans {
  double in;
  double out;
};

// Rows and columns; for a convolution (..., inputs, outputs) times the size of its window.
Fans fans_of(const Shape& shape) {
  if (shape.rank() == 0) return {1.0, 1.0};
  if (shape.rank() == 1) return {static_cast<double>(shape[0]), static_cast<double>(shape[0])};
  double window = 1.0;
  for (int axis = 0; axis < shape.rank() - 2; ++axis) window *= static_cast<double>(shape[axis]);
  return {window * static_cast<double>(shape[-2]), window * static_cast<double>(shape[-1])};
}

double scaled_variance(const Scaling& scaling, const Shape& shape) {
  const Fans fans = fans_of(shape);
  double fan = (fans.in + fans.out) / 2.0;
  if (scaling.mode == "fan_in") fan = fans.in;
  if (scaling.mode == "fan_out") fan = fans.out;
  return scaling.scale / std::max(1.0, fan);
}

// ---- drawing

// Sets each value to draw(its index), in double. The draws do not depend on one another, so that
// slices of them are made side by side.
template <class Real, class Draw>
void fill_by_index(std::span<Real> values, const Draw& draw) {
  constexpr std::size_t slice = 16384;
  const std::size_t slices = (values.size() + slice - 1) / slice;
  Runtime::global().parallel(static_cast<std::int64_t>(slices), [&](std::int64_t index) {
    const std::size_t begin = static_cast<std::size_t>(index) * slice;
    const std::size_t end = std::min(begin + slice, values.size());
    for (std::size_t i = begin; i < end; ++i) values[i] = static_cast<Real>(draw(i));
  });
}

// Standard normal, drawn again (from the next stream) beyond two standard deviations.
double truncated_normal(const Random& random, std::uint64_t index) {
  constexpr double limit = 2.0;
  for (std::uint64_t attempt = 0;; ++attempt) {
    const double value = random.normal(attempt, index);
    if (std::abs(value) <= limit) return value;
  }
}

template <class Real>
void fill_uniform(std::span<Real> values, const Random& random, double low, double high) {
  fill_by_index(values, [&](std::uint64_t index) {
    return low + (high - low) * double{random.uniform(0, index)};
  });
}

template <class Real>
void fill_normal(std::span<Real> values, const Random& random, double mean, double deviation) {
  fill_by_index(values,
                [&](std::uint64_t index) { return mean + deviation * random.normal(0, index); });
}

template <class Real>
void fill_truncated_normal(std::span<Real> values, const Random& random, double mean,
                           double deviation) {
  fill_by_index(values, [&](std::uint64_t index) {
    return mean + deviation * truncated_normal(random, index);
  });
}

template <class Real>
void fill_scaled(TensorView values, const Random& random, const Scaling& scaling) {
  // What is left of a normal distribution's deviation when it is cut off at two of them.
  constexpr double deviation_after_truncation = 0.87962566103423978;
  const double variance = scaled_variance(scaling, values.shape());
  const auto span = values.span<Real>();
  if (scaling.distribution == "uniform") {
    const double limit = std::sqrt(3.0 * variance);
    fill_uniform(span, random, -limit, limit);
  } else if (scaling.distribution == "untruncated_normal") {
    fill_normal(span, random, 0.0, std::sqrt(variance));
  } else {
    fill_truncated_normal(span, random, 0.0, std::sqrt(variance) / deviation_after_truncation);
  }
}

template <class Real>
void fill_identity(TensorView values, double gain) {
  if (values.shape().rank() != 2) {
    throw Error(fmt::format("Identity fills a matrix, got shape {}", values.shape().to_string()),
                "use another initializer for this weight");
  }
  const std::int64_t rows = values.shape()[0];
  const std::int64_t columns = values.shape()[1];
  Real* const elements = values.as<Real>();
  std::fill_n(elements, rows * columns, Real{0});
  for (std::int64_t i = 0; i < std::min(rows, columns); ++i) {
    elements[i * columns + i] = static_cast<Real>(gain);
  }
}

// Axes before the last are taken as one. With fewer rows than columns the rows are orthonormal,
// otherwise the columns are.
template <class Real>
void fill_orthogonal(TensorView values, const Random& random, double gain) {
  const Shape& shape = values.shape();
  if (shape.rank() < 2) {
    throw Error(
        fmt::format("Orthogonal fills a matrix, or more axes, got shape {}", shape.to_string()),
        "use another initializer for this weight");
  }
  if (values.size() == 0) return;
  const std::int64_t columns = shape[-1];
  const std::int64_t rows = values.size() / columns;
  const std::int64_t length = std::max(rows, columns);
  const std::int64_t count = std::min(rows, columns);
  // Column k of Keras's normal matrix (length, count) is vector k here.
  std::vector<double> vectors(static_cast<std::size_t>(length * count));
  fill_by_index(std::span<double>(vectors),
                [&](std::uint64_t index) { return random.normal(0, index); });
  orthonormalize(count, length, vectors.data());
  const bool as_rows = rows < columns;
  Real* const elements = values.as<Real>();
  for (std::int64_t vector = 0; vector < count; ++vector) {
    for (std::int64_t k = 0; k < length; ++k) {
      const double value = gain * vectors[static_cast<std::size_t>(vector * length + k)];
      elements[as_rows ? vector * columns + k : k * columns + vector] = static_cast<Real>(value);
    }
  }
}

template <class Real>
void fill_values(const Initializer& initializer, TensorView values, const Random& random) {
  const std::string& name = initializer.class_name();
  const auto span = values.span<Real>();
  const auto number = [&](std::string_view setting) { return initializer.number(setting); };
  if (name == "Chrono") {
    throw Error(
        fmt::format("chrono starts the gates of an LSTM or a GRU by their bias_initializer, "
                    "not a weight of shape {}",
                    values.shape().to_string()),
        "MinGRU and MinLSTM have an option t_max; use another initializer elsewhere");
  }
  if (name == "Zeros") {
    std::fill(span.begin(), span.end(), Real{0});
  } else if (name == "Ones") {
    std::fill(span.begin(), span.end(), Real{1});
  } else if (name == "Constant") {
    std::fill(span.begin(), span.end(), static_cast<Real>(number("value")));
  } else if (name == "Identity") {
    fill_identity<Real>(values, number("gain"));
  } else if (name == "RandomNormal") {
    fill_normal(span, random, number("mean"), number("stddev"));
  } else if (name == "RandomUniform") {
    fill_uniform(span, random, number("minval"), number("maxval"));
  } else if (name == "TruncatedNormal") {
    fill_truncated_normal(span, random, number("mean"), number("stddev"));
  } else if (name == "Orthogonal") {
    fill_orthogonal<Real>(values, random, number("gain"));
  } else {
    fill_scaled<Real>(values, random, scaling_of(initializer));
  }
}

// ---- settings

// Keras 3.13 and later write these two, which are null unless a layer has unusual axes.
std::vector<Setting> without_null_axes(std::string_view class_name, std::vector<Setting> settings) {
  if (!scales_variance(class_name)) return settings;
  std::erase_if(settings, [](const Setting& setting) {
    return (setting.name == "input_axes" || setting.name == "output_axes") &&
           std::holds_alternative<std::monostate>(setting.value);
  });
  return settings;
}

// Keras reads the distribution in any case, and "normal" is a name of one of them.
void make_plain(std::vector<Setting>& settings) {
  for (Setting& setting : settings) {
    if (setting.name != "distribution") continue;
    auto& name = std::get<std::string>(setting.value);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    if (name == "normal") name = "truncated_normal";
  }
}

}  // namespace

Initializer::Initializer(const char* name) : Initializer(from(name == nullptr ? "" : name, {})) {}

Initializer::Initializer(const std::string& name) : Initializer(from(name, {})) {}

Initializer::Initializer(std::string class_name, std::vector<Setting> settings)
    : Described(std::move(class_name), std::move(settings)) {}

Initializer Initializer::from(std::string_view class_name, const std::vector<Setting>& settings) {
  const DescribedClass& known = find_described("initializer", class_name, classes());
  std::vector<Setting> complete =
      complete_settings(known, without_null_axes(known.class_name, settings));
  make_plain(complete);
  check_settings(known, complete);
  return {std::string(known.class_name), std::move(complete)};
}

void Initializer::fill(TensorView values, std::uint64_t seed) const {
  if (!values) return;
  for (const Setting& setting : settings_) {
    const auto* own = std::get_if<std::int64_t>(&setting.value);
    if (setting.name == "seed" && own != nullptr) seed = static_cast<std::uint64_t>(*own);
  }
  const Random random(seed);
  with_real(values.dtype(), [&](auto real) { fill_values<decltype(real)>(*this, values, random); });
}

namespace initializers {
namespace {

Setting seed_setting(Seed seed) {
  return {"seed", seed ? SettingValue(*seed) : SettingValue(std::monostate())};
}

Initializer seeded(std::string_view class_name, Seed seed) {
  return Initializer::from(class_name, {seed_setting(seed)});
}

}  // namespace

Initializer Zeros() { return Initializer::from("Zeros", {}); }

Initializer Ones() { return Initializer::from("Ones", {}); }

Initializer Constant(double value) { return Initializer::from("Constant", {{"value", value}}); }

Initializer Identity(double gain) { return Initializer::from("Identity", {{"gain", gain}}); }

Initializer RandomNormal(double mean, double stddev, Seed seed) {
  return Initializer::from("RandomNormal",
                           {seed_setting(seed), {"mean", mean}, {"stddev", stddev}});
}

Initializer RandomUniform(double minval, double maxval, Seed seed) {
  return Initializer::from("RandomUniform",
                           {seed_setting(seed), {"minval", minval}, {"maxval", maxval}});
}

Initializer TruncatedNormal(double mean, double stddev, Seed seed) {
  return Initializer::from("TruncatedNormal",
                           {seed_setting(seed), {"mean", mean}, {"stddev", stddev}});
}

Initializer VarianceScaling(double scale, const std::string& mode, const std::string& distribution,
                            Seed seed) {
  return Initializer::from(
      "VarianceScaling",
      {seed_setting(seed), {"scale", scale}, {"mode", mode}, {"distribution", distribution}});
}

Initializer GlorotUniform(Seed seed) { return seeded("GlorotUniform", seed); }
Initializer GlorotNormal(Seed seed) { return seeded("GlorotNormal", seed); }
Initializer HeUniform(Seed seed) { return seeded("HeUniform", seed); }
Initializer HeNormal(Seed seed) { return seeded("HeNormal", seed); }
Initializer LecunUniform(Seed seed) { return seeded("LecunUniform", seed); }
Initializer LecunNormal(Seed seed) { return seeded("LecunNormal", seed); }

Initializer Orthogonal(double gain, Seed seed) {
  return Initializer::from("Orthogonal", {seed_setting(seed), {"gain", gain}});
}

Initializer Chrono(std::optional<std::int64_t> t_max, Seed seed) {
  return Initializer::from(
      "Chrono", {{"t_max", t_max ? SettingValue(*t_max) : SettingValue(std::monostate())},
                 seed_setting(seed)});
}

}  // namespace initializers
std::span<const DescribedClass> initializer_classes() { return classes(); }

}  // namespace chronicler
