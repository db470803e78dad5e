#include "training/optimizers/optimizer_catalog.h"

#include <algorithm>
#include <array>

#include "chronicler/base/error.h"
#include "training/optimizers/adadelta.h"
#include "training/optimizers/adagrad.h"
#include "training/optimizers/adam.h"
#include "training/optimizers/adamax.h"
#include "training/optimizers/ftrl.h"
#include "training/optimizers/lamb.h"
#include "training/optimizers/lion.h"
#include "training/optimizers/nadam.h"
#include "training/optimizers/rmsprop.h"
#include "training/optimizers/sgd.h"

namespace chronicler {
namespace {

constexpr std::array<OptimizerKind, 11> catalog{{
    {"SGD", "sgd", sgd_from},
    {"RMSprop", "rmsprop", rmsprop_from},
    {"Adam", "adam", adam_from},
    {"AdamW", "adamw", adam_w_from},
    {"Adagrad", "adagrad", adagrad_from},
    {"Adadelta", "adadelta", adadelta_from},
    {"Adamax", "adamax", adamax_from},
    {"Nadam", "nadam", nadam_from},
    {"Ftrl", "ftrl", ftrl_from},
    {"Lion", "lion", lion_from},
    {"Lamb", "lamb", lamb_from},
}};

const OptimizerKind& find(std::string_view name) {
  std::array<std::string_view, catalog.size()> known;
  for (std::size_t i = 0; i < catalog.size(); ++i) {
    if (name == catalog[i].class_name || name == catalog[i].name) return catalog[i];
    known[i] = catalog[i].name;
  }
  unknown_name("optimizer", name, known);
}

}  // namespace

std::span<const OptimizerKind> optimizer_catalog() { return catalog; }

namespace optimizers {

OptimizerPtr get(std::string_view name) { return from(name, {}); }

OptimizerPtr from(std::string_view class_name, const std::vector<Setting>& settings,
                  const SchedulePtr& schedule) {
  const OptimizerKind& kind = find(class_name);
  SettingsReader reader(kind.class_name, settings);
  OptimizerPtr optimizer = kind.from(reader, schedule);
  reader.finish();
  return optimizer;
}

std::vector<std::string_view> class_names() {
  std::vector<std::string_view> names(catalog.size());
  std::transform(catalog.begin(), catalog.end(), names.begin(),
                 [](const OptimizerKind& kind) { return kind.class_name; });
  return names;
}

}  // namespace optimizers
}  // namespace chronicler
