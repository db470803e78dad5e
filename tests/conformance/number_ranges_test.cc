// NaN is a value of no option, and an infinity of none but those that say so: over the tables of
// all classes.
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <type_traits>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "chronicler/layers/catalog.h"
#include "chronicler/training/callbacks.h"
#include "conformance/fields.h"
#include "conformance/option_values.h"
#include "layers/core/described.h"
#include "support/conformance.h"
#include "training/callbacks/callback_catalog.h"
#include "training/losses/loss_catalog.h"
#include "training/metrics/metric_catalog.h"
#include "training/optimizers/optimizer_catalog.h"
#include "training/optimizers/schedule_catalog.h"

namespace chronicler::test {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double strange[] = {std::numeric_limits<double>::quiet_NaN(), infinity, -infinity};

void expect_named(const std::string& error, std::string_view class_name, std::string_view option,
                  double value) {
  EXPECT_NE(error.find(option), std::string::npos)
      << class_name << ": " << option << " = " << value << ": " << error;
}

// Every option that a configuration may hold, given as a number that is none.
template <class Kind, class Make>
void expect_refused(const Kind& kind, const Make& make) {
  for (const FieldRow& row : kind.fields().rows) {
    for (const double value : strange) {
      std::vector<Setting> settings = needed_settings(kind.class_name);
      std::erase_if(settings, [&](const Setting& setting) { return setting.name == row.name; });
      if (row.name.starts_with("ema_")) settings.push_back({"use_ema", true});
      settings.push_back({row.name, value});
      SettingsReader reader(kind.class_name, settings);
      expect_named(error_of([&] { make(reader); }), kind.class_name, row.name, value);
    }
  }
}

TEST(NumberRanges, OfLosses) {
  for (const LossKind& kind : loss_catalog()) expect_refused(kind, kind.from);
}
TEST(NumberRanges, OfMetrics) {
  for (const MetricKind& kind : metric_catalog()) expect_refused(kind, kind.from);
}
TEST(NumberRanges, OfOptimizers) {
  for (const OptimizerKind& kind : optimizer_catalog())
    expect_refused(kind, [&](SettingsReader& reader) { return kind.from(reader, nullptr); });
}
TEST(NumberRanges, OfSchedules) {
  for (const ScheduleKind& kind : schedule_catalog()) expect_refused(kind, kind.from);
}

TEST(NumberRanges, OfInitializersRegularizersAndConstraints) {
  for (const auto& classes : {initializer_classes(), regularizer_classes(), constraint_classes()}) {
    for (const DescribedClass& described : classes) {
      for (const DescribedField& field : described.settings) {
        for (const double value : strange) {
          expect_named(error_of([&] {
                         check_settings(
                             described,
                             complete_settings(described, {{std::string(field.name), value}}));
                       }),
                       described.class_name, field.name, value);
        }
      }
    }
  }
}

// The value in the place of a number of this type; empty for other types.
std::optional<FieldValue> in_place_of(const FieldValue& before, double value) {
  return std::visit(
      [&]<class Type>(const Type&) -> std::optional<FieldValue> {
        if constexpr (std::is_same_v<Type, double>) return value;
        if constexpr (std::is_same_v<Type, std::optional<double>>) return std::optional(value);
        if constexpr (std::is_same_v<Type, NumberArray>) return NumberArray({1.0, value});
        return {};
      },
      before);
}

TEST(NumberRanges, OfLayers) {
  int numbers = 0;
  for (const LayerKind& kind : layer_catalog()) {
    for (const Field& field : fields_of(*make_layer(kind.class_name))) {
      for (const double value : strange) {
        const std::optional<FieldValue> wrong = in_place_of(field.value, value);
        if (!wrong) continue;
        const LayerPtr layer = make_layer(kind.class_name);
        Fields fields = fields_of(*layer);
        for (Field& other : fields) {
          // Options that have no default, which come before the others.
          if (auto* whole = std::get_if<std::int64_t>(&other.value); whole && *whole == 0)
            *whole = 1;
          if (auto* list = std::get_if<std::vector<std::int64_t>>(&other.value)) *list = {1};
          if (other.name == field.name) other.value = *wrong;
        }
        const std::string error = error_of([&] {
          set_fields(*layer, fields);
          layer->validate();
        });
        expect_named(error, kind.class_name, field.name, value);
        ++numbers;
      }
    }
  }
  EXPECT_GT(numbers, 100);
}

// ---- callbacks

std::set<std::string_view> seen;

template <class Options, class Make>
void expect_callback_refuses(const Options& good, const Make& make) {
  seen.insert(Options::class_name);
  EXPECT_EQ(error_of([&] { make(good); }), "no error");
  Options::fields([&](std::string_view name, auto member, const FieldRange& range,
                      std::string_view /*sentence*/, const FieldNotes& /*notes*/ = {}) {
    using Value = std::remove_cvref_t<decltype(good.*member)>;
    if constexpr (std::is_same_v<Value, double> || std::is_same_v<Value, std::optional<double>>) {
      for (const double value : strange) {
        Options options = good;
        options.*member = value;
        const std::string error = error_of([&] { make(options); });
        if (range.holds(value)) {
          EXPECT_TRUE(std::isinf(value));
          EXPECT_EQ(error, "no error") << Options::class_name << ' ' << name;
        } else {
          EXPECT_TRUE(
              error.starts_with(fmt::format("{} of {} must be ", name, Options::class_name)))
              << error;
          EXPECT_TRUE(error.ends_with(fmt::format(", got {}", value))) << error;
        }
      }
    }
  });
}

TEST(NumberRanges, OfCallbacks) {
  using namespace callbacks;  // NOLINT(google-build-using-namespace)
  expect_callback_refuses(EarlyStoppingOptions{}, EarlyStopping);
  expect_callback_refuses(ModelCheckpointOptions{.filepath = "x.keras"}, ModelCheckpoint);
  expect_callback_refuses(CSVLoggerOptions{.filename = "x.csv"}, CSVLogger);
  expect_callback_refuses(ReduceLROnPlateauOptions{}, ReduceLROnPlateau);
  expect_callback_refuses(BackupAndRestoreOptions{.backup_dir = "x"}, BackupAndRestore);
  expect_callback_refuses(BestWeightsOptions{}, BestWeights);
  expect_callback_refuses(
      ReportOptions{.report = [](const TrainingProgress&, const Logs&) { return true; }}, Report);
  expect_callback_refuses(TensorBoardOptions{}, TensorBoard);
  for (const CallbackKind& kind : callback_catalog()) {
    if (kind.fields == nullptr || seen.contains(kind.class_name)) continue;
    ASSERT_NE(kind.from, nullptr) << kind.class_name;
    expect_refused(kind, kind.from);
  }
  EXPECT_EQ(error_of([] { ReduceLROnPlateau({.min_lr = -1.0}); }),
            "min_lr of ReduceLROnPlateau must be at least 0, got -1");
  EXPECT_EQ(error_of([] { EarlyStopping({.min_delta = infinity}); }),
            "min_delta of EarlyStopping must be a finite number, got inf");
  EXPECT_EQ(error_of([] { BackupAndRestore({.backup_dir = "x", .save_seconds = infinity}); }),
            "save_seconds of BackupAndRestore must be at least 0 and finite, got inf");
}

}  // namespace
}  // namespace chronicler::test
