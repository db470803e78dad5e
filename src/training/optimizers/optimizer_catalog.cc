#include "training/optimizers/optimizer_catalog.h"

#include <algorithm>
#include <array>

#include "chronicler/base/error.h"
#include "chronicler/training/optimizers.h"

namespace chronicler {
namespace {

// What the factory makes of a configuration, with the schedule if there is one.
template <auto factory>
OptimizerPtr scheduled_from(SettingsReader& settings, const SchedulePtr& schedule) {
  auto options = take_fields<OptionsOf<factory>>(settings);
  if (schedule) options.learning_rate = schedule;
  return factory(options);
}

template <auto factory>
constexpr OptimizerKind kind(std::string_view name) {
  using Options = OptionsOf<factory>;
  return {Options::class_name, name, scheduled_from<factory>, field_table<Options>};
}

constexpr std::array catalog{
    kind<optimizers::SGD>("sgd"),         kind<optimizers::RMSprop>("rmsprop"),
    kind<optimizers::Adam>("adam"),       kind<optimizers::AdamW>("adamw"),
    kind<optimizers::Adagrad>("adagrad"), kind<optimizers::Adadelta>("adadelta"),
    kind<optimizers::Adamax>("adamax"),   kind<optimizers::Nadam>("nadam"),
    kind<optimizers::Ftrl>("ftrl"),       kind<optimizers::Lion>("lion"),
    kind<optimizers::Lamb>("lamb"),
};

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
