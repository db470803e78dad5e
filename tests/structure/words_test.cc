// The words that people read: those of the field, so that they find by searching what they look
// for.
#include <algorithm>
#include <array>
#include <cctype>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "structure/project_files.h"

namespace chronicler::structure {
namespace {

struct Word {
  std::string_view pattern;  // a regular expression, whole words, any case
  std::string_view instead;
  std::size_t most;  // how often it may still stand somewhere
};

constexpr std::array words{
    Word{"tells?|told|telling", "predict, forecast, report, say, show", 40},
    Word{"comes? to no numbers?", "becomes NaN, is missing", 0},
    Word{"whose mean is told", "whose mean is the prediction", 0},
    Word{"less than chance can do", "within the noise", 0},
    Word{"take away from", "subtract", 0},
    Word{"unless told otherwise", "by default", 0},
};

std::vector<std::string> files_people_read() {
  std::vector<std::string> files;
  for (const std::string_view folder : {"src/", "apps/", "include/", "docs/", "examples/"}) {
    for (const std::string& path : files_in(folder, {".h", ".cc", ".md"})) files.push_back(path);
  }
  for (const std::string_view path : {"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"})
    files.emplace_back(path);
  return files;
}

// The lines of a file with the word in them, as "path:line: text".
void find(const std::string& path, const std::regex& word, std::vector<std::string>& found) {
  const std::vector<std::string> lines = lines_of(path);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (std::regex_search(lines[i], word))
      found.push_back(place(path, static_cast<int>(i) + 1) + ": " + lines[i]);
  }
}

TEST(Words, AreThoseOfTheField) {
  for (const Word& word : words) {
    const std::regex pattern("\\b(" + std::string(word.pattern) + ")\\b",
                             std::regex::icase | std::regex::optimize);
    std::vector<std::string> found;
    for (const std::string& path : files_people_read()) find(path, pattern, found);
    if (found.size() > word.most)
      expect_none(found, "Use the field's own words: " + std::string(word.instead) + ".");
  }
}

// The name of an option on the command line: "--max-seconds" of max_seconds.
std::string dashed(std::string name) {
  std::replace(name.begin(), name.end(), '_', '-');
  return "--" + name;
}

// Options of tasks are made from their tables (apps/cli/field_options.h): no command writes one by
// hand beside it. But --covariates and --future take names of columns, where the option counts
// them.
TEST(Words, OptionsOfTasksAreWrittenOnce) {
  const std::regex row("visit\\(\"([a-z_0-9]+)\"");
  const std::regex by_hand("add_(option|flag)\\(\"(--[a-z0-9-]+)\"");
  std::vector<std::string> options;
  for (const std::string& path : files_in("include/chronicler/tasks/", {".h"})) {
    for (const std::string& line : lines_of(path)) {
      std::smatch match;
      if (std::regex_search(line, match, row)) options.push_back(dashed(match[1]));
    }
  }
  ASSERT_FALSE(options.empty());
  for (const char* names : {"--covariates", "--future"}) std::erase(options, names);
  std::vector<std::string> findings;
  for (const std::string& path : files_in("apps/cli/", {"train.cc"})) {
    const std::vector<std::string> lines = lines_of(path);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      std::smatch match;
      if (std::regex_search(lines[i], match, by_hand) &&
          std::find(options.begin(), options.end(), match[2]) != options.end())
        findings.push_back(place(path, static_cast<int>(i) + 1) + ": " + match[2].str());
    }
  }
  expect_none(findings,
              "The option is a row of a task's table already: add_field_options adds it.");
}

}  // namespace
}  // namespace chronicler::structure
