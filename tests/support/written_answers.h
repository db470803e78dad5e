// Models that an earlier program wrote, and what it answered with them (tests/tasks/files).
#pragma once

#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace chronicler::test {

// A file there.
std::filesystem::path written_file(const std::string& name);

struct WrittenModel {
  std::string path;
  nlohmann::json answers;  // as the earlier program printed them, and what it was asked
};
inline std::ostream& operator<<(std::ostream& out, const WrittenModel& model) {
  return out << model.path;
}

// Those of "forecast", "sentiment" ...; without those that this build has no library for.
std::vector<WrittenModel> written_models(const std::string& task);

// Whether a number is what the earlier program printed: to the bit with AVX-512, which wrote it,
// and AVX2, which gives the same bits; else, where products and sums are rounded apart, to five
// digits.
::testing::AssertionResult same_as_written(double now, const nlohmann::json& written);

}  // namespace chronicler::test
