#include "conformance/layer_models.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/layers/catalog.h"
#include "chronicler/layers/layers.h"
#include "chronicler/layers/operation.h"
#include "chronicler/model/functional.h"
#include "chronicler/training/fit.h"
#include "chronicler/training/optimizers/sgd.h"
#include "conformance/cases.h"
#include "conformance/fields.h"
#include "kernels/activation.h"
#include "model/model_internals.h"
#include "model/network.h"

namespace chronicler::test {
namespace {

using MakeLayer = std::function<LayerPtr()>;

bool is_cell(const LayerCase& c) {
  return c.layer.ends_with("Cell") || c.layer == "StackedRNNCells";
}

// A layer that only shows its input or its mask: weights come after it, not before.
bool comes_first(const LayerCase& c) {
  return c.layer == "InputLayer" || c.layer == "Masking" || c.ids > 0;
}

// The case's layer with what it needs around it, each of its inputs an Input.
class ModelOfCase {
 public:
  ModelOfCase(const LayerCase& c, const MakeLayer& make) : case_(c), layer_(make()) {
    if (is_cell(c)) {
      case_.input = {c.input[0], 3, c.input[1]};
      case_.initial_state = false;
      layer_ = layers::RNN({.cell = layer_, .name = "around_the_cell"});
    }
    dtype_ = std::string(name_of(layer_->dtype()));
  }

  MadeModel made() {
    Symbols given;
    std::vector<Symbol> arguments;
    arguments.push_back(argument(case_.input, case_.mask, true));
    for (const Shape& more : case_.more)
      arguments.push_back(argument(more, case_.more_masked ? Mask::holes : Mask::none, false));
    Symbols outputs = arguments[0];
    if (case_.layer != "InputLayer") outputs = layer_(Symbols(arguments), call_options());
    if (case_.layer == "InputLayer" || case_.layer == "Masking" || case_.texts) {
      outputs = layers::Dense({.units = 2, .name = "head", .dtype = dtype_})(outputs);
    }
    // In Keras's logs the outputs of one layer hide one another: each gets a name of its own.
    std::vector<Symbol> named(outputs.begin(), outputs.end());
    for (Symbol& output : named) output = without_far_axes(output);
    for (std::size_t i = 0; named.size() > 1 && i < named.size(); ++i) {
      named[i] = layers::Activation(
          {.activation = "linear", .name = fmt::format("output{}", i), .dtype = dtype_})(named[i]);
    }
    MadeModel made{std::make_unique<Functional>(Symbols(inputs_), Symbols(named))};
    for (const LayerPtr& layer : made.model->layers()) randomize_weights(*layer, 31);
    made.x = x_;
    std::vector<Shape> shapes;
    for (const Tensor& x : x_) shapes.push_back(x.shape());
    std::uint64_t seed = 6;
    for (const Shape& shape : ModelInternals::network(*made.model).output_shapes(shapes))
      made.y.push_back(noise(shape, seed++));
    made.batch_size = case_.input[0];
    made.model->compile({.optimizer = optimizers::SGD({.learning_rate = 0.05}), .loss = "mse"});
    return made;
  }

 private:
  // Masks end at a Permute: Keras has no loss for more axes than steps and features under a mask.
  Symbol without_far_axes(const Symbol& output) const {
    const Shape& shape = output.shape();
    if (shape.rank() <= 3) return output;
    std::vector<std::int64_t> dims;
    for (int axis = 1; axis < shape.rank(); ++axis) dims.push_back(axis);
    return layers::Permute({.dims = dims, .dtype = dtype_})(output)[0];
  }

  Symbol argument(const Shape& shape, Mask mask, bool first) {
    Tensor x = first && case_.texts     ? random_texts(shape, 11)
               : first && case_.ids > 0 ? random_ids(shape, case_.ids, 11)
                                        : noise(shape, 11 + x_.size(), layer_->dtype());
    const bool by_zeros = mask != Mask::none && shape.rank() == 3;
    if (by_zeros) blank(x, mask_tensor(mask, shape[0], shape[1]));
    const char* kind = case_.texts ? "string" : "int32";
    Symbol symbol = input(shape, first && case_.ids > 0 ? kind : dtype_, x, first);
    if (by_zeros && case_.layer != "Masking") symbol = layers::Masking({.dtype = dtype_})(symbol);
    if (!comes_first(case_)) {
      symbol = layers::Dense({.units = shape[-1], .dtype = dtype_})(symbol);
    }
    if (mask != Mask::none && !by_zeros) {
      const Tensor counts = mask_tensor(mask, shape[0], shape[1]).to(DType::float32);
      masks_ = {layers::NotEqual(0.0)(input({shape[0], shape[1]}, "float32", counts, false))};
    }
    return symbol;
  }

  Symbol input(const Shape& shape, const std::string& dtype, const Tensor& x, bool first) {
    Shape sample = shape.without_front();
    const bool open = case_.layer != "Flatten" && !case_.fixed_steps && !unrolled() &&
                      (sample.rank() > 1 || case_.ids > 0) && case_.more.empty();
    if (open && first) sample.set(0, None);
    layers::InputOptions options{
        .shape = sample, .dtype = dtype, .name = fmt::format("x{}", x_.size())};
    if (case_.texts) options.shape = {1};  // Keras counts whole texts of () over the batch
    if (layer_->stateful()) options.batch_size = shape[0];
    if (case_.layer == "InputLayer") {
      options.shape = layer_->input_shape().value_or(sample);
      options.batch_size = layer_->batch_size();
    }
    x_.push_back(x);
    inputs_.push_back(chronicler::Input(options));
    return inputs_.back();
  }

  bool unrolled() const {
    const Fields fields = fields_of(*layer_);
    const FieldValue* value = find_field(fields, "unroll");
    return value != nullptr && std::get<bool>(*value);
  }

  static void blank(Tensor& x, const Tensor& counts) {
    const std::int64_t width = x.size() / counts.size();
    for (std::int64_t i = 0; i < x.size(); ++i) {
      if (counts.as<std::uint8_t>()[i / width] != 0) continue;
      if (x.dtype() == DType::float64) x.as<double>()[i] = 0.0;
      if (x.dtype() == DType::float32) x.as<float>()[i] = 0.0F;
    }
  }

  CallOptions call_options() {
    CallOptions options{.mask = masks_,
                        .use_causal_mask = case_.flags.use_causal_mask,
                        .return_attention_scores = case_.flags.return_attention_scores,
                        .reverse = case_.flags.reverse};
    if (!case_.initial_state) return options;
    const LayerPtr twin = layer_->clone();
    twin->build(shapes_of(case_, case_.input));
    std::vector<Symbol> states;
    for (const Tensor& state : twin->initial_state(case_.input[0])) {
      const Tensor x = noise(state.shape(), 20 + x_.size(), layer_->dtype());
      states.push_back(input(state.shape(), dtype_, x, false));
    }
    options.initial_state = states;
    return options;
  }

  LayerCase case_;
  LayerPtr layer_;
  std::string dtype_;
  std::vector<Symbol> inputs_;
  std::vector<Tensor> x_;
  Symbols masks_;
};

bool is_positive(const FieldValue& value) {
  const double* number = std::get_if<double>(&value);
  return number != nullptr && *number > 0.0;
}

// What of these fields, or of layers among them, makes training a matter of chance.
bool draws_numbers(const Fields& fields) {
  static constexpr std::array<std::string_view, 6> chances{
      "dropout", "recurrent_dropout", "rate", "stddev", "zoneout_hidden", "zoneout_cell"};
  return std::any_of(fields.begin(), fields.end(), [](const Field& field) {
    if (const auto* nested = std::get_if<NestedLayers>(&field.value)) {
      return draws_numbers(nested->fields);
    }
    return std::find(chances.begin(), chances.end(), field.name) != chances.end() &&
           is_positive(field.value);
  });
}

// The name of a field that is away from its default and that Keras does not know; empty if none.
std::string own_option(const Fields& fields, std::string class_name) {
  for (const Field& field : fields) {
    if (field.name == "class_name") class_name = std::get<std::string>(field.value);
    if (const auto* nested = std::get_if<NestedLayers>(&field.value)) {
      std::string found = own_option(nested->fields, {});
      if (!found.empty()) return found;
    }
    if (class_name.empty()) continue;
    const LayerPtr plain = make_layer(class_name);
    const auto names = plain->own_fields();
    if (std::find(names.begin(), names.end(), field.name) == names.end()) continue;
    const Fields defaults = fields_of(*plain);
    if (!(*find_field(defaults, field.name) == field.value)) return field.name;
  }
  return {};
}

OptionModel model_of_layer(const LayerCase& c, std::string option, const MakeLayer& make) {
  OptionModel model{"layers", c.layer, std::move(option), "",
                    [c, make] { return ModelOfCase(c, make).made(); }};
  const LayerPtr layer = make();
  const Fields fields = fields_of(*layer);
  model.random = draws_numbers(fields);
  model.own = own_option(fields, c.layer);
  return model;
}

bool is_well_made(const LayerCase& c, const MakeLayer& make) {
  try {
    const LayerPtr layer = make();
    layer->validate();
    const MadeModel made = ModelOfCase(c, make).made();
    for (const Tensor& output : made.model->predict(made.x, {.batch_size = made.batch_size})) {
      for (const double value : numbers(output)) {
        if (!(std::abs(value) < 10.0)) return false;  // "exponential" in a loop
      }
    }
    return true;
  } catch (const Error&) {
    return false;
  }
}

using CasesOfKind = std::vector<const LayerCase*>;

// The first case with one option of another.
void add_single_options(const CasesOfKind& cases, std::vector<OptionModel>& models) {
  const LayerCase& base = *cases.front();
  std::vector<Field> seen = fields_of(*base.make());
  std::map<std::string, int> counts;
  for (const LayerCase* c : cases) {
    for (const Field& field : fields_of(*c->make())) {
      if (std::find(seen.begin(), seen.end(), field) != seen.end()) continue;
      seen.push_back(field);
      // One name is as good as another, and activations all have their turn.
      if (field.name == "name" && counts["name"] > 0) continue;
      if (std::holds_alternative<Activation>(field.value)) continue;
      const auto make = [base, field] {
        LayerPtr layer = base.make();
        if (field.name == "dtype")
          layer->set_dtype(dtype_from_name(std::get<std::string>(field.value)));
        if (field.name == "trainable") layer->set_trainable(std::get<bool>(field.value));
        set_fields(*layer, {field});
        return layer;
      };
      // One that only goes together with others is shown by the case that has them all.
      if (!is_well_made(base, make)) continue;
      models.push_back(
          model_of_layer(base, fmt::format("{}-{}", field.name, ++counts[field.name]), make));
    }
  }
}

void add_activations(const CasesOfKind& cases, std::vector<OptionModel>& models) {
  const LayerCase& base = *cases.front();
  for (const Field& field : fields_of(*base.make())) {
    if (!std::holds_alternative<Activation>(field.value)) continue;
    for (const std::string_view name : kernels::activation_names()) {
      const Field other{field.name, Activation(std::string(name))};
      const auto make = [base, other] {
        LayerPtr layer = base.make();
        set_fields(*layer, {other});
        return layer;
      };
      if (other == field || !is_well_made(base, make)) continue;
      models.push_back(model_of_layer(base, fmt::format("{}={}", field.name, name), make));
      // Keras's file has other weights, which are trained in other steps.
      if (name == "hard_sigmoid_keras2") models.back().random = true;
    }
  }
}

}  // namespace

std::vector<OptionModel> layer_models() {
  std::vector<OptionModel> models;
  for (const LayerKind& kind : layer_catalog()) {
    CasesOfKind cases;
    for (const LayerCase& c : conformance_cases()) {
      if (c.layer == kind.class_name) cases.push_back(&c);
    }
    if (cases.empty()) continue;  // ConformanceSuite.CoversTheCatalog says so
    for (const LayerCase* c : cases) models.push_back(model_of_layer(*c, c->name, c->make));
    add_single_options(cases, models);
    add_activations(cases, models);
  }
  return models;
}

}  // namespace chronicler::test
