// What README.md shows is code that runs: every C++ block of it stands, line by line, in an
// example.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/source_dir.h"

namespace chronicler::test {
namespace {

namespace fs = std::filesystem;

// Lines without the spaces before them.
std::vector<std::string> lines_of(const fs::path& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    line.erase(0, std::min(line.find_first_not_of(' '), line.size()));
    lines.push_back(line);
  }
  return lines;
}

// The blocks between ```cpp and ```.
std::vector<std::string> cpp_blocks(const fs::path& path) {
  std::vector<std::string> blocks;
  bool inside = false;
  for (const std::string& line : lines_of(path)) {
    if (line == "```cpp") {
      inside = true;
      blocks.emplace_back();
    } else if (line == "```") {
      inside = false;
    } else if (inside) {
      blocks.back() += line + "\n";
    }
  }
  return blocks;
}

std::vector<std::string> example_texts() {
  std::vector<std::string> texts;
  for (const auto& entry : fs::directory_iterator(source_dir() / "examples")) {
    if (entry.path().extension() != ".cc") continue;
    std::string& text = texts.emplace_back();
    for (const std::string& line : lines_of(entry.path())) text += line + "\n";
  }
  return texts;
}

TEST(Readme, ShowsCodeOfTheExamples) {
  const std::vector<std::string> blocks = cpp_blocks(source_dir() / "README.md");
  const std::vector<std::string> examples = example_texts();
  EXPECT_GE(blocks.size(), 2U);
  for (const std::string& block : blocks) {
    bool found = false;
    for (const std::string& example : examples)
      found = found || example.find(block) != std::string::npos;
    EXPECT_TRUE(found) << "in no file of examples/:\n" << block;
  }
}

TEST(Readme, PointsToFilesThatExist) {
  std::ifstream file(source_dir() / "README.md");
  std::ostringstream text;
  text << file.rdbuf();
  const std::string readme = text.str();
  for (std::size_t at = readme.find("]("); at != std::string::npos;
       at = readme.find("](", at + 1)) {
    const std::size_t begin = at + 2;
    const std::string target = readme.substr(begin, readme.find(')', begin) - begin);
    if (target.starts_with("http")) continue;
    EXPECT_TRUE(fs::exists(source_dir() / target)) << target;
  }
}

}  // namespace
}  // namespace chronicler::test
