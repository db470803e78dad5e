#include "support/written_answers.h"

#include <algorithm>
#include <cmath>
#include <fstream>

#include <fmt/format.h>

#include "chronicler/kernels/machine.h"
#include "support/source_dir.h"

namespace chronicler::test {

namespace {

bool can_read(const std::string& name) {
  if (name.ends_with(".keras") && !CHRONICLER_HAVE_LIBZIP) return false;
  return name.find("subwords") == std::string::npos || CHRONICLER_HAVE_SENTENCEPIECE;
}

bool has_equal_bits() {
  const std::string set = instruction_set();
  return set == "avx512" || set == "avx2";
}

}  // namespace

std::filesystem::path written_file(const std::string& name) {
  return source_dir() / "tests/tasks/files" / name;
}

std::vector<WrittenModel> written_models(const std::string& task) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(written_file(""))) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(task + "_") && name.ends_with(".json")) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<WrittenModel> models;
  for (const auto& path : paths) {
    auto answers = nlohmann::json::parse(std::ifstream(path, std::ios::binary));
    const std::string name = answers["model"];
    if (can_read(name)) models.push_back({written_file(name).string(), std::move(answers)});
  }
  return models;
}

::testing::AssertionResult same_as_written(double now, const nlohmann::json& written) {
  const auto before = written.get<double>();
  const double allowed = has_equal_bits() ? 0.0 : 1e-5 * std::max(std::abs(before), 1.0);
  if (std::abs(now - before) <= allowed) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure()
         << fmt::format("it is {}, was {} ({})", now, before, instruction_set());
}

}  // namespace chronicler::test
