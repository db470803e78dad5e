// The conformance suite: every check on every case of every layer in the catalog, one test each,
// named LAYER.case/check. A layer is tested by being listed: add its cases to cases.cc.
#include <algorithm>
#include <iostream>
#include <map>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "chronicler/layers/catalog.h"
#include "conformance/cases.h"
#include "conformance/checks.h"
#include "conformance/fields.h"

namespace chronicler::test {
namespace {

class Conformance : public ::testing::Test {
 public:
  Conformance(const LayerCase& c, const Check& check) : case_(c), check_(check) {}
  void TestBody() override { check_.run(case_); }

 private:
  const LayerCase& case_;
  const Check& check_;
};

// A case that cannot even be made: fails instead of taking the whole suite with it.
class BrokenCase : public ::testing::Test {
 public:
  explicit BrokenCase(std::string reason) : reason_(std::move(reason)) {}
  void TestBody() override { FAIL() << reason_; }

 private:
  std::string reason_;
};

bool applies_or_registers_why_not(const LayerCase& c, const Check& check) {
  try {
    return check.applies(c);
  } catch (const std::exception& error) {
    const std::string name = c.name + "/" + check.name;
    ::testing::RegisterTest(c.layer.c_str(), name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                            [reason = std::string(error.what())]() -> ::testing::Test* {
                              return new BrokenCase(reason);
                            });
    return false;
  }
}

int register_all() {
  int count = 0;
  for (const LayerCase& c : conformance_cases()) {
    for (const Check& check : conformance_checks()) {
      if (!applies_or_registers_why_not(c, check)) continue;
      const std::string name = c.name + "/" + check.name;
      ::testing::RegisterTest(
          c.layer.c_str(), name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
          [&c, &check]() -> ::testing::Test* { return new Conformance(c, check); });
      ++count;
    }
  }
  return count;
}

const int registered = register_all();

std::vector<const LayerCase*> cases_of(std::string_view layer) {
  std::vector<const LayerCase*> cases;
  for (const LayerCase& c : conformance_cases()) {
    if (c.layer == layer) cases.push_back(&c);
  }
  return cases;
}

TEST(ConformanceSuite, CoversTheCatalog) {
  for (const LayerKind& kind : layer_catalog()) {
    EXPECT_FALSE(cases_of(kind.class_name).empty())
        << kind.class_name << " is in the catalog, but tests/conformance/cases.cc has no case for "
        << "it: add one for each way in which its options change what it does, and one named "
        << "every_option that sets all of them to something else than their defaults.";
  }
  std::set<std::string> names;
  for (const LayerCase& c : conformance_cases()) {
    EXPECT_NO_THROW(make_layer(c.layer)) << c.title() << " is of no layer in the catalog";
    EXPECT_TRUE(names.insert(c.title()).second) << c.title() << " is there twice";
  }
}

TEST(ConformanceSuite, SetsEveryOptionSomewhere) {
  for (const LayerKind& kind : layer_catalog()) {
    if (kind.class_name == "InputLayer") continue;  // has one option and no default for it
    const LayerPtr untouched = kind.make();
    const Fields defaults = fields_of(*untouched);
    for (const Field& field : defaults) {
      if (field.name == "data_format" || field.name == "encoding") continue;  // there is one
      const std::vector<const LayerCase*> cases = cases_of(kind.class_name);
      const bool is_set = std::any_of(cases.begin(), cases.end(), [&](const LayerCase* c) {
        return !(*find_field(fields_of(*c->make()), field.name) == field.value);
      });
      EXPECT_TRUE(is_set) << kind.class_name << ": no case in tests/conformance/cases.cc sets "
                          << field.name << " to something else than its default";
    }
  }
}

TEST(ConformanceSuite, RunsEveryCheckOnSomeLayer) {
  for (const Check& check : conformance_checks()) {
    const std::vector<LayerCase>& cases = conformance_cases();
    EXPECT_TRUE(std::any_of(cases.begin(), cases.end(), check.applies)) << check.name;
  }
}

// How many cases of a layer each check runs on.
TEST(ConformanceSuite, Listing) {
  std::cout << fmt::format("{:28}", "");
  for (const LayerKind& kind : layer_catalog()) std::cout << fmt::format("{:>11}", kind.class_name);
  std::cout << '\n';
  int total = 0;
  for (const Check& check : conformance_checks()) {
    std::cout << fmt::format("{:28}", check.name);
    for (const LayerKind& kind : layer_catalog()) {
      const std::vector<const LayerCase*> cases = cases_of(kind.class_name);
      const auto count = std::count_if(cases.begin(), cases.end(),
                                       [&](const LayerCase* c) { return check.applies(*c); });
      std::cout << (count > 0 ? fmt::format("{:>11}", count) : fmt::format("{:>11}", "-"));
      total += static_cast<int>(count);
    }
    std::cout << '\n';
  }
  std::cout << fmt::format("{} layers, {} cases, {} tests\n", layer_catalog().size(),
                           conformance_cases().size(), total);
  EXPECT_EQ(total, registered);
}

}  // namespace
}  // namespace chronicler::test
