#include "base/json.h"

#include <limits>

#include <gtest/gtest.h>

#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;

std::string parse_error(const std::string& text) {
  return error_of([&] { parse_json(text, "the text"); });
}

TEST(JsonText, KeepsTheOrderOfMembers) {
  const std::string text = R"({"b":1,"a":[true,null,{"z":-2.5,"y":"x"}]})";
  EXPECT_EQ(to_text(parse_json(text, "the text")), text);
}

TEST(JsonText, RefusesWhatIsNotJson) {
  EXPECT_NE(parse_error("").find("the text is not JSON"), std::string::npos);
  EXPECT_NE(parse_error("{\"a\": 1,}").find("at byte 9"), std::string::npos);
  EXPECT_NE(parse_error("{} {}"), "no error");
  EXPECT_NE(parse_error("[1e400]"), "no error");
  EXPECT_NE(parse_error("\"\xff\""), "no error");
  EXPECT_NE(parse_error("[NaN]"), "no error");
}

TEST(JsonText, RefusesWhatIsOutOfProportion) {
  const std::string deep(100'000, '[');
  EXPECT_NE(parse_error(deep).find("nests more than 64 deep"), std::string::npos);
  EXPECT_EQ(parse_error(std::string(64, '[') + std::string(64, ']')), "no error");
  EXPECT_NE(parse_error(R"({"a":{"b":1,"b":2}})").find("has \"b\" twice"), std::string::npos);
  EXPECT_EQ(parse_error(R"({"a":{"b":1},"c":{"b":2}})"), "no error");
  std::string many = "[0";
  for (int i = 0; i < 1'000'000; ++i) many += ",0";
  EXPECT_NE(parse_error(many + "]").find("more than 1000000 values"), std::string::npos);
}

TEST(JsonText, RefusesToWriteWhatIsNotText) {
  EXPECT_NE(error_of([] { to_text(Json("\xff")); }).find("not UTF-8"), std::string::npos);
}

TEST(JsonPlace, NamesTheWayToWhatIsWrong) {
  const Json json =
      parse_json(R"({"layers":[{"units":"4","rate":0.5,"big":18446744073709551615}]})", "config");
  const JsonPlace layer = JsonPlace(json, "config")["layers"].items()[0];
  EXPECT_EQ(error_of([&] { layer["units"].whole(); }),
            "config.layers[0].units must be a whole number, got \"4\"");
  EXPECT_EQ(error_of([&] { layer["name"]; }), "config.layers[0] has no \"name\"");
  EXPECT_NE(error_of([&] { layer["rate"].whole(); }), "no error");
  EXPECT_NE(error_of([&] { layer["big"].whole(); }), "no error");
  EXPECT_NE(error_of([&] { layer["rate"].items(); }), "no error");
  EXPECT_NE(error_of([&] { layer["rate"]["x"]; }), "no error");
  EXPECT_EQ(layer["rate"].number(), 0.5);
  EXPECT_FALSE(layer.find("name").has_value());
}

TEST(JsonPlace, KnowsWhatIsSwitchedOff) {
  const Json json = parse_json(R"({"a":null,"b":false,"c":{},"d":0,"e":true,"f":[]})", "x");
  const JsonPlace place(json, "x");
  for (const char* name : {"a", "b", "c"}) EXPECT_TRUE(place[name].is_off()) << name;
  for (const char* name : {"d", "e", "f"}) EXPECT_FALSE(place[name].is_off()) << name;
}

}  // namespace
}  // namespace chronicler
