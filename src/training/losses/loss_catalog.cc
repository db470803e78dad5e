#include "training/losses/loss_catalog.h"

#include <algorithm>

#include "chronicler/base/error.h"
#include "training/losses/binary_crossentropy.h"
#include "training/losses/binary_focal_crossentropy.h"
#include "training/losses/categorical_crossentropy.h"
#include "training/losses/categorical_focal_crossentropy.h"
#include "training/losses/categorical_hinge.h"
#include "training/losses/cosine_similarity.h"
#include "training/losses/ctc.h"
#include "training/losses/hinge.h"
#include "training/losses/huber.h"
#include "training/losses/kl_divergence.h"
#include "training/losses/log_cosh.h"
#include "training/losses/mean_absolute_error.h"
#include "training/losses/mean_absolute_percentage_error.h"
#include "training/losses/mean_squared_error.h"
#include "training/losses/mean_squared_logarithmic_error.h"
#include "training/losses/poisson.h"
#include "training/losses/sparse_categorical_crossentropy.h"

namespace chronicler {
namespace {

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
      {"MeanSquaredError", {"mean_squared_error", "mse", "MSE"}, mean_squared_error_from},
      {"MeanAbsoluteError", {"mean_absolute_error", "mae", "MAE"}, mean_absolute_error_from},
      {"BinaryCrossentropy", {"binary_crossentropy", "bce", "BCE"}, binary_crossentropy_from},
      {"CategoricalCrossentropy", {"categorical_crossentropy"}, categorical_crossentropy_from},
      {"SparseCategoricalCrossentropy",
       {"sparse_categorical_crossentropy"},
       sparse_categorical_crossentropy_from},
      {"MeanAbsolutePercentageError",
       {"mean_absolute_percentage_error", "mape", "MAPE"},
       mean_absolute_percentage_error_from},
      {"MeanSquaredLogarithmicError",
       {"mean_squared_logarithmic_error", "msle", "MSLE"},
       mean_squared_logarithmic_error_from},
      {"Huber", {"huber"}, huber_from, "huber_loss"},
      {"LogCosh", {"log_cosh"}, log_cosh_from, "logcosh"},
      {"Poisson", {"poisson"}, poisson_from},
      {"KLDivergence", {"kl_divergence", "kld", "KLD"}, kl_divergence_from},
      {"CosineSimilarity", {"cosine_similarity"}, cosine_similarity_from},
      {"Hinge", {"hinge"}, hinge_from},
      {"SquaredHinge", {"squared_hinge"}, squared_hinge_from},
      {"CategoricalHinge", {"categorical_hinge"}, categorical_hinge_from},
      {"BinaryFocalCrossentropy", {"binary_focal_crossentropy"}, binary_focal_crossentropy_from},
      {"CategoricalFocalCrossentropy",
       {"categorical_focal_crossentropy"},
       categorical_focal_crossentropy_from},
      {"CTC", {"ctc"}, ctc_from},
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
