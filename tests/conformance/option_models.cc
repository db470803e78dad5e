#include "conformance/option_models.h"

#include <algorithm>
#include <cctype>
#include <set>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/layers/catalog.h"
#include "chronicler/layers/layers.h"
#include "chronicler/model/functional.h"
#include "chronicler/training/fit.h"
#include "chronicler/training/optimizers/sgd.h"
#include "conformance/fields.h"
#include "conformance/layer_models.h"
#include "conformance/option_values.h"
#include "layers/core/described.h"
#include "model/network.h"
#include "support/conformance.h"

namespace chronicler::test {
namespace {

using Models = std::vector<OptionModel>;

constexpr std::int64_t rows = 12;
constexpr std::int64_t steps = 5;
constexpr std::int64_t features = 3;
constexpr std::int64_t classes = 3;

void randomize(Model& model) {
  std::uint64_t seed = 31;
  for (const LayerPtr& layer : model.layers()) randomize_weights(*layer, seed++);
}

// The last rows end early: their steps are zero, which Masking finds.
Tensor padded_sequences(std::uint64_t seed) {
  Tensor x = noise({rows, steps, features}, seed);
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t length = steps - row % 3;
    for (std::int64_t i = length * features; i < steps * features; ++i)
      x.as<float>()[row * steps * features + i] = 0.0F;
  }
  return x;
}

// ---- losses and metrics: targets and outputs that they are made for

enum class Target : std::uint8_t {
  real,
  positive,
  sign,
  binary,
  one_hot,
  ids,
  labels,      // a class in each place, also of the output
  hot_labels,  // the same, the targets as rows of ones and zeros
  ctc
};

Target target_of(std::string_view class_name) {
  static const std::vector<std::pair<Target, std::vector<std::string_view>>> table{
      {Target::real,
       {"MeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError", "Huber", "LogCosh",
        "LogCoshError", "CosineSimilarity", "RootMeanSquaredError", "R2Score", "Mean", "Sum"}},
      {Target::positive, {"MeanSquaredLogarithmicError", "Poisson"}},
      {Target::sign, {"Hinge", "SquaredHinge"}},
      {Target::binary,
       {"BinaryCrossentropy", "BinaryFocalCrossentropy", "BinaryAccuracy", "TruePositives",
        "TrueNegatives", "FalsePositives", "FalseNegatives", "AUC", "BinaryIoU", "Precision",
        "Recall", "F1Score", "FBetaScore"}},
      {Target::one_hot,
       {"CategoricalCrossentropy", "CategoricalFocalCrossentropy", "KLDivergence",
        "CategoricalHinge", "CategoricalAccuracy", "TopKCategoricalAccuracy", "OneHotIoU",
        "OneHotMeanIoU"}},
      {Target::ids,
       {"SparseCategoricalCrossentropy", "SparseCategoricalAccuracy",
        "SparseTopKCategoricalAccuracy", "Perplexity"}},
      {Target::labels, {"Accuracy", "IoU", "MeanIoU"}},
      {Target::ctc, {"CTC"}},
  };
  for (const auto& [target, names] : table) {
    if (std::find(names.begin(), names.end(), class_name) != names.end()) return target;
  }
  throw Error(fmt::format("what is {} given?", class_name),
              "add it to target_of in tests/conformance/option_models.cc");
}

std::string activation_of(Target target, bool logits) {
  if (logits) return "linear";
  switch (target) {
    case Target::positive:
    case Target::labels:
    case Target::hot_labels:
      return "softplus";
    case Target::sign:
      return "tanh";
    case Target::binary:
      return "sigmoid";
    case Target::one_hot:
    case Target::ids:
      return "softmax";
    default:
      return "linear";
  }
}

Tensor one_hot(const Tensor& ids) {
  Shape shape = ids.shape();
  shape.append(classes);
  Tensor rows_of_ones(shape, DType::float32);
  for (std::int64_t i = 0; i < ids.size(); ++i)
    rows_of_ones.as<float>()[i * classes + ids.as<std::int32_t>()[i]] = 1.0F;
  return rows_of_ones;
}

Tensor made_target(Target target, const Shape& output) {
  Shape labels;
  for (int axis = 0; axis + 1 < output.rank(); ++axis) labels.append(output[axis]);
  switch (target) {
    case Target::real: {  // none is near 0, by which percentages divide
      Tensor y = noise(output, 5);
      for (float& value : y.span<float>()) value += value < 0.0F ? -0.3F : 0.3F;
      return y;
    }
    case Target::positive: {
      Tensor y = noise(output, 5);
      for (float& value : y.span<float>()) value = 2.0F * (value + 1.0F);
      return y;
    }
    case Target::sign: {
      Tensor y = noise(output, 5);
      for (float& value : y.span<float>()) value = value < 0.0F ? -1.0F : 1.0F;
      return y;
    }
    case Target::binary: {
      Tensor y = noise(output, 5);
      for (float& value : y.span<float>()) value = value < 0.0F ? 0.0F : 1.0F;
      return y;
    }
    case Target::one_hot:
      return one_hot(random_ids(labels, classes, 5));
    case Target::ids:
      return random_ids(labels, classes, 5);
    case Target::labels:
      return random_ids(output, classes, 5).to(DType::float32);
    case Target::hot_labels:
      return one_hot(random_ids(output, classes, 5));
    case Target::ctc: {
      Tensor y = random_ids({output[0], 2}, classes - 1, 5);
      for (std::int32_t& id : y.span<std::int32_t>()) ++id;  // 0 is the blank
      return y;
    }
  }
  return {};
}

struct Judged {
  Target target;
  bool logits = false;
  bool sequences = false;  // (B, T, C), not (B, C)
  bool masked = true;      // the sequences
  std::int32_t blank = 0;  // of CTC
};

// Without a loss yet.
MadeModel judged_model(const Judged& judged) {
  const Symbol x = chronicler::Input(layers::InputOptions{.shape = {steps, features}, .name = "x"});
  Symbol h = x;
  if (judged.sequences && judged.masked) h = layers::Masking({.name = "masking"})(h);
  h = layers::SimpleRNN({.units = 4, .return_sequences = judged.sequences, .name = "rnn"})(h);
  h = layers::Dense({.units = classes,
                     .activation = activation_of(judged.target, judged.logits),
                     .name = "head"})(h);
  if (judged.target == Target::labels || judged.target == Target::hot_labels) {
    h = layers::ReLU({.max_value = 2.75, .name = "labels"})(h);
  }
  Symbols outputs{h};
  // No loss takes labels and rows; a metric may, beside another output with a loss.
  if (judged.target == Target::hot_labels) {
    outputs = {layers::Dense({.units = 2, .name = "other"})(h), h};
  }
  MadeModel made{std::make_unique<Functional>(Symbols{x}, outputs)};
  randomize(*made.model);
  made.x = {judged.sequences ? padded_sequences(3) : noise({rows, steps, features}, 3)};
  const Shape output = judged.sequences ? Shape{rows, steps, classes} : Shape{rows, classes};
  made.y = {made_target(judged.target, output)};
  if (judged.target == Target::hot_labels) made.y.insert(made.y.begin(), noise({rows, 2}, 7));
  if (judged.blank != 0) {  // what was the blank becomes a label
    for (std::int32_t& id : made.y[0].span<std::int32_t>()) id = id == judged.blank ? 0 : id;
  }
  made.batch_size = 4;
  made.epochs = 2;
  return made;
}

bool flag_in(const std::vector<Setting>& settings, std::string_view name) {
  return std::any_of(settings.begin(), settings.end(), [&](const Setting& setting) {
    return setting.name == name && setting.value == SettingValue(true);
  });
}

std::vector<Setting> joined(std::vector<Setting> first, const std::vector<Setting>& second) {
  for (const Setting& setting : second) {
    std::erase_if(first, [&](const Setting& old) { return old.name == setting.name; });
    first.push_back(setting);
  }
  return first;
}

// The defaults and every other value of every option of a class.
std::vector<OptionValue> values_of(std::string_view class_name,
                                   const std::vector<Setting>& defaults) {
  std::vector<OptionValue> values{OptionValue{}};
  for (OptionValue& value : other_values(class_name, defaults)) values.push_back(std::move(value));
  return values;
}

Models loss_models() {
  Models models;
  for (const std::string_view name : losses::class_names()) {
    const Target target = target_of(name);
    for (const OptionValue& value : values_of(name, losses::from(name, {})->settings())) {
      for (const bool sequences : {false, true}) {
        if (target == Target::ctc && !sequences) continue;
        const std::vector<Setting> settings = value.settings();
        const Judged judged{target, flag_in(settings, "from_logits"), sequences,
                            target != Target::ctc, value.option == "blank" ? 1 : 0};
        const auto make = [name = std::string(name), settings, judged,
                           weighted = value.option == "reduction" && !sequences] {
          MadeModel made = judged_model(judged);
          if (weighted) {
            made.weight = noise({rows}, 9);
            for (float& weight : made.weight.span<float>()) weight += 1.5F;
          }
          made.model->compile({.optimizer = optimizers::SGD({.learning_rate = 0.01}),
                               .loss = losses::from(name, settings)});
          return made;
        };
        models.push_back(
            {"losses", std::string(name), value.title(), sequences ? "sequences" : "", make});
        if (name == "CTC" && value.option == "blank") models.back().own = "blank";
        if (name == "CTC" && value.option == "input_length") models.back().own = "input_length";
      }
    }
  }
  return models;
}

Models metric_models() {
  Models models;
  for (const std::string_view name : metrics::class_names()) {
    const std::vector<Setting> needed = needed_settings(name);
    const std::vector<Setting> defaults = metrics::from(name, needed)->settings();
    for (const OptionValue& value : values_of(name, defaults)) {
      const std::vector<Setting> settings = joined(needed, value.settings());
      Target target = target_of(name);
      // Labels or rows of probabilities, as the options say.
      if (value.option == "sparse_y_pred") {
        target = value.value == SettingValue(false) ? Target::ids : Target::hot_labels;
      }
      if (value.option == "sparse_y_true") target = Target::hot_labels;
      const Judged judged{target, flag_in(settings, "from_logits")};
      const auto make = [name = std::string(name), settings, judged] {
        MadeModel made = judged_model(judged);
        const OptimizerPtr sgd = optimizers::SGD({.learning_rate = 0.05});
        if (judged.target == Target::hot_labels) {
          made.model->compile({.optimizer = sgd,
                               .losses = {{"other", "mse"}},
                               .output_metrics = {{"labels", {metrics::from(name, settings)}}}});
          return made;
        }
        const bool sparse = judged.target == Target::ids;
        made.model->compile({.optimizer = sgd,
                             .loss = sparse ? "sparse_categorical_crossentropy" : "mse",
                             .metrics = {metrics::from(name, settings)}});
        return made;
      };
      models.push_back({"metrics", std::string(name), value.title(), "", make});
      if (name == "Perplexity") models.back().own = "the metric";
    }
  }
  return models;
}

// ---- optimizers and schedules

// A recurrent network, or one over ids of which many come more than once.
MadeModel trained_model(bool ids) {
  MadeModel made;
  if (ids) {
    const Symbol x =
        chronicler::Input(layers::InputOptions{.shape = {steps}, .dtype = "int32", .name = "x"});
    Symbol h = layers::Embedding({.input_dim = 6, .output_dim = 4, .name = "embedding"})(x);
    h = layers::Dense({.units = 2, .name = "head"})(layers::GlobalAveragePooling1D()(h));
    made.model = std::make_unique<Functional>(Symbols{x}, Symbols{h});
    made.x = {random_ids({rows, steps}, 6, 3)};
  } else {
    const Symbol x =
        chronicler::Input(layers::InputOptions{.shape = {steps, features}, .name = "x"});
    Symbol h = layers::GRU({.units = 4, .name = "gru"})(x);
    h = layers::Dense({.units = 2, .name = "head"})(h);
    made.model = std::make_unique<Functional>(Symbols{x}, Symbols{h});
    made.x = {noise({rows, steps, features}, 3)};
  }
  randomize(*made.model);
  made.y = {noise({rows, 2}, 5)};
  made.batch_size = 4;
  made.epochs = 2;
  return made;
}

Models optimizer_models() {
  Models models;
  for (const std::string_view name : optimizers::class_names()) {
    for (const OptionValue& value : values_of(name, optimizers::from(name, {})->settings())) {
      for (const bool ids : {false, true}) {
        // The rates that Keras takes by default hardly move a weight in six steps.
        std::vector<Setting> settings{{"learning_rate", 0.05}};
        if (value.option.empty()) settings = {};
        settings = joined(settings, value.settings());
        const auto make = [name = std::string(name), settings, ids] {
          MadeModel made = trained_model(ids);
          made.model->compile({.optimizer = optimizers::from(name, settings), .loss = "mse"});
          return made;
        };
        models.push_back({"optimizers", std::string(name), value.title(), ids ? "ids" : "", make});
      }
    }
  }
  return models;
}

Models schedule_models() {
  Models models;
  for (const std::string_view name : schedules::class_names()) {
    const std::vector<Setting> needed = needed_settings(name);
    for (const OptionValue& value : values_of(name, schedules::from(name, needed)->settings())) {
      const auto make = [name = std::string(name), settings = joined(needed, value.settings())] {
        MadeModel made = trained_model(false);
        made.model->compile(
            {.optimizer = optimizers::SGD({.learning_rate = schedules::from(name, settings)}),
             .loss = "mse"});
        return made;
      };
      models.push_back({"schedules", std::string(name), value.title(), "", make});
    }
  }
  return models;
}

// ---- what layers are made with

MadeModel dense_model(const layers::DenseOptions& options, bool randomized) {
  layers::DenseOptions own = options;
  own.name = "dense";
  const Symbol x = chronicler::Input(layers::InputOptions{.shape = {64}, .name = "x"});
  MadeModel made{std::make_unique<Functional>(Symbols{x}, layers::Dense(own)(x))};
  if (randomized) randomize(*made.model);
  made.x = {noise({rows, 64}, 3)};
  made.y = {noise({rows, own.units}, 5)};
  made.batch_size = 4;
  made.model->compile({.optimizer = optimizers::SGD({.learning_rate = 0.05}), .loss = "mse"});
  return made;
}

// For an initializer that knows the gates of a cell.
MadeModel gated_model(const Initializer& bias) {
  const Symbol x = chronicler::Input(layers::InputOptions{.shape = {steps, features}, .name = "x"});
  const LayerPtr lstm = layers::LSTM({.units = 4, .bias_initializer = bias, .name = "lstm"});
  MadeModel made{std::make_unique<Functional>(Symbols{x}, lstm(x))};
  made.x = {noise({rows, steps, features}, 3)};
  made.y = {noise({rows, 4}, 5)};
  made.batch_size = 4;
  made.model->compile({.optimizer = optimizers::SGD({.learning_rate = 0.05}), .loss = "mse"});
  return made;
}

template <class Kind, class Place>
Models described_models(const char* kind, std::span<const DescribedClass> classes_of_kind,
                        const Place& place) {
  Models models;
  for (const DescribedClass& one : classes_of_kind) {
    const std::string name(one.class_name);
    for (const OptionValue& value : values_of(name, one.defaults())) {
      place(models, OptionModel{kind, name, value.title(), "", {}},
            [name, settings = value.settings()] { return Kind::from(name, settings); });
    }
  }
  return models;
}

Models initializer_models() {
  return described_models<Initializer>(
      "initializers", initializer_classes(), [](Models& models, OptionModel model, auto object) {
        const bool is_of_gates = model.class_name == "Chrono";
        model.make = [object, is_of_gates] {
          return is_of_gates ? gated_model(object())
                             : dense_model({.units = 48, .kernel_initializer = object()}, false);
        };
        models.push_back(std::move(model));
      });
}

Models regularizer_models() {
  return described_models<Regularizer>(
      "regularizers", regularizer_classes(), [](Models& models, OptionModel model, auto object) {
        model.make = [object] {
          return dense_model({.units = 3, .kernel_regularizer = object()}, true);
        };
        models.push_back(model);
        model.variant = "activity";
        model.make = [object] {
          return dense_model({.units = 3, .activity_regularizer = object()}, true);
        };
        models.push_back(std::move(model));
      });
}

Models constraint_models() {
  return described_models<Constraint>(
      "constraints", constraint_classes(), [](Models& models, OptionModel model, auto object) {
        model.make = [object] {
          return dense_model({.units = 3, .kernel_constraint = object()}, true);
        };
        models.push_back(std::move(model));
      });
}

std::vector<Setting> default_settings(std::string_view kind, std::string_view class_name) {
  if (kind == "losses") return losses::from(class_name, {})->settings();
  if (kind == "metrics") return metrics::from(class_name, needed_settings(class_name))->settings();
  if (kind == "optimizers") return optimizers::from(class_name, {})->settings();
  if (kind == "schedules") {
    return schedules::from(class_name, needed_settings(class_name))->settings();
  }
  if (kind == "initializers") return Initializer::from(class_name, {}).settings();
  if (kind == "regularizers") return Regularizer::from(class_name, {}).settings();
  return Constraint::from(class_name, {}).settings();
}

struct Kind {
  std::string_view name;
  Models (*models)();
};
constexpr std::array kinds{
    Kind{"layers", layer_models},
    Kind{"losses", loss_models},
    Kind{"metrics", metric_models},
    Kind{"optimizers", optimizer_models},
    Kind{"schedules", schedule_models},
    Kind{"initializers", initializer_models},
    Kind{"regularizers", regularizer_models},
    Kind{"constraints", constraint_models},
};

}  // namespace

std::string OptionModel::title_in_class() const {
  return variant.empty() ? option : option + "." + variant;
}

std::string OptionModel::title() const { return class_name + "." + title_in_class(); }

std::string OptionModel::file_name() const {
  std::string name = kind + "." + title();
  for (char& c : name) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                       std::string_view("._-=").find(c) != std::string_view::npos;
    if (!plain) c = '_';
  }
  return name;
}

std::vector<std::string_view> option_kinds() {
  std::vector<std::string_view> names;
  for (const Kind& kind : kinds) names.push_back(kind.name);
  return names;
}

std::vector<std::string> option_names(std::string_view kind, std::string_view class_name) {
  std::vector<std::string> names;
  if (kind == "layers") {
    for (const Field& field : fields_of(*make_layer(class_name))) names.push_back(field.name);
    return names;
  }
  for (const Setting& setting : all_settings(class_name, default_settings(kind, class_name)))
    names.push_back(setting.name);
  return names;
}

std::vector<OptionModel> option_models(std::string_view kind) {
  for (const Kind& known : kinds) {
    if (known.name == kind) return known.models();
  }
  return {};
}

}  // namespace chronicler::test
