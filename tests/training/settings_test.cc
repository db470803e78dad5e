#include "training/settings.h"

#include <gtest/gtest.h>

#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;

TEST(SettingsReader, GivesWhatIsThereAndDefaultsOtherwise) {
  const std::vector<Setting> given{
      {"rate", 0.5},  {"whole_rate", std::int64_t{2}}, {"count", std::int64_t{3}},
      {"flag", true}, {"text", std::string("hello")},  {"nothing", {}}};
  SettingsReader reader("Thing", given);
  EXPECT_EQ(reader.number("rate", 0.1), 0.5);
  EXPECT_EQ(reader.number("whole_rate", 0.1), 2.0);
  EXPECT_EQ(reader.number("other", 0.1), 0.1);
  EXPECT_EQ(reader.whole("count", 1), 3);
  EXPECT_TRUE(reader.flag("flag", false));
  EXPECT_EQ(reader.text("text", "bye"), "hello");
  EXPECT_TRUE(reader.is_null("nothing"));
  EXPECT_FALSE(reader.is_null("text"));
  EXPECT_EQ(reader.optional_number("nothing"), std::nullopt);
  reader.finish();
}

TEST(SettingsReader, RefusesByName) {
  const std::vector<Setting> given{{"rate", std::string("fast")}, {"raet", 0.5}};
  SettingsReader reader("Thing", given);
  EXPECT_EQ(error_of([&] { reader.number("rate", 0.1); }),
            "rate of Thing is a number, got \"fast\"");
  EXPECT_EQ(error_of([&] { reader.flag("rate", false); }),
            "rate of Thing is true or false, got \"fast\"");
  EXPECT_EQ(error_of([&] { reader.whole("rate", 1); }),
            "rate of Thing is a whole number, got \"fast\"");
  EXPECT_EQ(error_of([&] { reader.only("rate", {}); }),
            "rate of Thing is null and nothing else, got \"fast\"");
  EXPECT_EQ(error_of([&] { reader.finish(); }),
            "unknown setting of Thing \"raet\": did you mean \"rate\"?");
  const std::vector<Setting> twice{{"rate", 0.5}, {"rate", 0.5}};
  EXPECT_EQ(error_of([&] { SettingsReader("Thing", twice); }), "rate of Thing is given twice");
}

}  // namespace
}  // namespace chronicler
