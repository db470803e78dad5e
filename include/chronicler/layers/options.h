// What a layer's options may hold besides numbers: activations, initializers, regularizers,
// constraints.
//
// Each accepts Keras's name ("tanh", "glorot_uniform", "l2", "max_norm") or an object made by the
// functions below. A name that is not known is an Error that lists the nearest ones.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "chronicler/base/random.h"
#include "chronicler/base/tensor.h"

namespace chronicler {

// One number, flag, text, seed or list of numbers in a configuration.
using SettingValue =
    std::variant<std::monostate, bool, std::int64_t, double, std::string, std::vector<double>>;
struct Setting {
  std::string name;
  SettingValue value;
};

// A named object with settings in Keras's order: what initializers, regularizers and constraints
// have in common. Two objects are equal if they would do the same.
class Described {
 public:
  const std::string& class_name() const { return class_name_; }  // Keras's: "GlorotUniform"
  const std::vector<Setting>& settings() const { return settings_; }
  double number(std::string_view setting) const;  // 0 if the setting is null
  friend bool operator==(const Described& a, const Described& b);

 protected:
  Described() = default;
  Described(std::string class_name, std::vector<Setting> settings);
  ~Described() = default;

  std::string class_name_;
  std::vector<Setting> settings_;
};

// ---- activation functions: keras.activations

class Activation {
 public:
  Activation() : Activation("linear") {}
  Activation(const char* name);         // NOLINT(google-explicit-constructor): options accept names
  Activation(const std::string& name);  // NOLINT(google-explicit-constructor)
  const std::string& name() const { return name_; }
  // True for "glu", which halves the last axis, and "threshold", which has settings: an Activation
  // layer computes them, no other does.
  bool needs_layer() const;
  friend bool operator==(const Activation&, const Activation&) = default;

 private:
  std::string name_;
};

// ---- initializers: keras.initializers

class Initializer : public Described {
 public:
  Initializer() : Initializer("zeros") {}
  Initializer(const char* name);         // NOLINT(google-explicit-constructor)
  Initializer(const std::string& name);  // NOLINT(google-explicit-constructor)
  // By Keras's class name, settings not given at their defaults. Throws Error for an unknown class
  // or setting.
  static Initializer from(std::string_view class_name, const std::vector<Setting>& settings);

  // Fills `values` (float32 or float64). Fans are Keras's: rows and columns of a matrix, receptive
  // field times channels for convolutions. Draws from the object's own seed if it has one, else
  // from `seed`.
  void fill(TensorView values, std::uint64_t seed) const;

 private:
  Initializer(std::string class_name, std::vector<Setting> settings);
};

namespace initializers {
using Seed = std::optional<std::int64_t>;
Initializer Zeros();
Initializer Ones();
Initializer Constant(double value = 0.0);
Initializer Identity(double gain = 1.0);
Initializer RandomNormal(double mean = 0.0, double stddev = 0.05, Seed seed = {});
Initializer RandomUniform(double minval = -0.05, double maxval = 0.05, Seed seed = {});
Initializer TruncatedNormal(double mean = 0.0, double stddev = 0.05, Seed seed = {});
// mode: "fan_in", "fan_out", "fan_avg"; distribution: "truncated_normal", "untruncated_normal",
// "uniform".
Initializer VarianceScaling(double scale = 1.0, const std::string& mode = "fan_in",
                            const std::string& distribution = "truncated_normal", Seed seed = {});
Initializer GlorotUniform(Seed seed = {});
Initializer GlorotNormal(Seed seed = {});
Initializer HeUniform(Seed seed = {});
Initializer HeNormal(Seed seed = {});
Initializer LecunUniform(Seed seed = {});
Initializer LecunNormal(Seed seed = {});
Initializer Orthogonal(double gain = 1.0, Seed seed = {});
// Of the bias of an LSTM or a GRU, gates that remember for 1 to t_max steps (Tallec and Ollivier
// 2018); none: the steps of the input that the layer is built for.
Initializer Chrono(std::optional<std::int64_t> t_max = {}, Seed seed = {});
}  // namespace initializers

// ---- regularizers: keras.regularizers; empty by default

class Regularizer : public Described {
 public:
  Regularizer() = default;               // none
  Regularizer(const char* name);         // NOLINT(google-explicit-constructor): "l1", "l2", "l1l2",
                                         // "orthogonal_regularizer"
  Regularizer(const std::string& name);  // NOLINT(google-explicit-constructor)
  static Regularizer from(std::string_view class_name, const std::vector<Setting>& settings);
  explicit operator bool() const { return !class_name_.empty(); }

  // The penalty on `values`; if `gradient` is not empty, adds `scale` times its derivative there.
  double penalty(TensorView values, TensorView gradient = {}, double scale = 1.0) const;

 private:
  Regularizer(std::string class_name, std::vector<Setting> settings);
};

namespace regularizers {
Regularizer L1(double l1 = 0.01);
Regularizer L2(double l2 = 0.01);
Regularizer L1L2(double l1 = 0.0, double l2 = 0.0);
Regularizer OrthogonalRegularizer(double factor = 0.01, const std::string& mode = "rows");
}  // namespace regularizers

// ---- constraints: keras.constraints; empty by default

class Constraint : public Described {
 public:
  Constraint() = default;        // none
  Constraint(const char* name);  // NOLINT(google-explicit-constructor): "max_norm", "non_neg",
                                 // "unit_norm", "min_max_norm"
  Constraint(const std::string& name);  // NOLINT(google-explicit-constructor)
  static Constraint from(std::string_view class_name, const std::vector<Setting>& settings);
  explicit operator bool() const { return !class_name_.empty(); }

  // Moves `values` into the allowed set.
  void apply(TensorView values) const;

 private:
  Constraint(std::string class_name, std::vector<Setting> settings);
};

namespace constraints {
Constraint MaxNorm(double max_value = 2.0, std::int64_t axis = 0);
Constraint NonNeg();
Constraint UnitNorm(std::int64_t axis = 0);
Constraint MinMaxNorm(double min_value = 0.0, double max_value = 1.0, double rate = 1.0,
                      std::int64_t axis = 0);
}  // namespace constraints

}  // namespace chronicler
