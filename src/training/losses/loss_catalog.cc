#include "training/losses/loss_catalog.h"

#include <algorithm>
#include <utility>

#include "chronicler/base/error.h"
#include "chronicler/training/losses.h"

namespace chronicler {
namespace {

template <auto factory>
LossKind kind(std::vector<std::string_view> names, std::string_view earlier = {}) {
  using Options = OptionsOf<factory>;
  return {Options::class_name, std::move(names), made_from<factory>, field_table<Options>, earlier};
}

const LossKind& find(std::string_view name) {
  std::vector<std::string_view> known;
  for (const LossKind& kind : loss_catalog()) {
    const auto& names = kind.names;
    if (name == kind.class_name || name == kind.earlier ||
        std::find(names.begin(), names.end(), name) != names.end()) {
      return kind;
    }
    known.push_back(names.front());
  }
  unknown_name("loss", name, known);
}

}  // namespace

std::span<const LossKind> loss_catalog() {
  static const std::vector<LossKind> catalog{
      kind<losses::MeanSquaredError>({"mean_squared_error", "mse", "MSE"}),
      kind<losses::MeanAbsoluteError>({"mean_absolute_error", "mae", "MAE"}),
      kind<losses::BinaryCrossentropy>({"binary_crossentropy", "bce", "BCE"}),
      kind<losses::CategoricalCrossentropy>({"categorical_crossentropy"}),
      kind<losses::SparseCategoricalCrossentropy>({"sparse_categorical_crossentropy"}),
      kind<losses::MeanAbsolutePercentageError>({"mean_absolute_percentage_error", "mape", "MAPE"}),
      kind<losses::MeanSquaredLogarithmicError>({"mean_squared_logarithmic_error", "msle", "MSLE"}),
      kind<losses::Huber>({"huber"}, "huber_loss"),
      kind<losses::LogCosh>({"log_cosh"}, "logcosh"),
      kind<losses::Poisson>({"poisson"}),
      kind<losses::KLDivergence>({"kl_divergence", "kld", "KLD"}),
      kind<losses::CosineSimilarity>({"cosine_similarity"}),
      kind<losses::Hinge>({"hinge"}),
      kind<losses::SquaredHinge>({"squared_hinge"}),
      kind<losses::CategoricalHinge>({"categorical_hinge"}),
      kind<losses::BinaryFocalCrossentropy>({"binary_focal_crossentropy"}),
      kind<losses::CategoricalFocalCrossentropy>({"categorical_focal_crossentropy"}),
      kind<losses::CTC>({"ctc"}),
  };
  return catalog;
}

std::string written_loss_name(std::string_view given) {
  const LossKind& kind = find(given);
  return std::string(given == kind.earlier ? kind.names.front() : given);
}

namespace losses {

LossPtr get(std::string_view name) {
  const std::vector<Setting> none;
  SettingsReader settings(name, none);
  return find(name).from(settings);
}

LossPtr from(std::string_view class_name, const std::vector<Setting>& settings) {
  const LossKind& kind = find(class_name);
  SettingsReader reader(kind.class_name, settings);
  LossPtr loss = kind.from(reader);
  reader.finish();
  return loss;
}

std::vector<std::string_view> class_names() {
  std::vector<std::string_view> names;
  for (const LossKind& kind : loss_catalog()) names.push_back(kind.class_name);
  return names;
}

}  // namespace losses
}  // namespace chronicler
