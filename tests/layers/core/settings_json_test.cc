#include "layers/core/settings_json.h"

#include <limits>

#include <gtest/gtest.h>

#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;

TEST(SettingsJson, EveryKindOfValueComesBack) {
  const std::vector<SettingValue> values{SettingValue(),
                                         SettingValue(true),
                                         SettingValue(std::int64_t{7}),
                                         SettingValue(0.25),
                                         SettingValue(std::string("rows")),
                                         SettingValue(std::vector<double>{1.0, 2.5})};
  for (const SettingValue& value : values) {
    const Json json = to_json(value);
    EXPECT_TRUE(setting_value_at({json, "place"}) == value) << json.dump();
  }
}

TEST(SettingsJson, RefusesWhatJsonOrASettingCannotHold) {
  EXPECT_EQ(error_of([] { to_json(SettingValue(std::numeric_limits<double>::infinity())); }),
            "inf cannot be saved as JSON");
  const Json object = {{"a", 1}};
  EXPECT_NE(error_of([&] {
              setting_value_at({object, "config.seed"});
            }).find("config.seed"),
            std::string::npos);
}

TEST(SettingsJson, LeavesOutWhatIsUnknownAndOff) {
  const Json config = {{"seed", 3}, {"input_axes", nullptr}, {"extra", false}, {"gain", 2.0}};
  const std::vector<Setting> settings = settings_at({config, "config"}, {{"seed", {}}});
  ASSERT_EQ(settings.size(), 2U);
  EXPECT_EQ(settings[0].name, "seed");
  EXPECT_EQ(settings[1].name, "gain");
}

TEST(SettingsJson, DescribedObjectsComeBack) {
  const Initializer given = initializers::Orthogonal(0.5, 3);
  const Json json = described_to_json("keras.initializers", given.class_name(), given.settings());
  EXPECT_EQ(json["module"], "keras.initializers");
  EXPECT_TRUE(described_at<Initializer>({json, "place"}) == given);
  const Json name = "l2";
  EXPECT_TRUE(described_at<Regularizer>({name, "place"}) == regularizers::L2());
  const Json bare = {{"class_name", "MaxNorm"}};
  EXPECT_TRUE(described_at<Constraint>({bare, "place"}) == constraints::MaxNorm());
}

}  // namespace
}  // namespace chronicler
