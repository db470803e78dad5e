#include "structure/project_files.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <regex>
#include <sstream>

#include <gtest/gtest.h>

#include "support/source_dir.h"

namespace chronicler::structure {
namespace {

namespace fs = std::filesystem;

const fs::path& root() {
  static const fs::path path = test::source_dir();
  return path;
}

// What the command prints, cut at NUL bytes; empty if it fails.
std::vector<std::string> output_of(const std::string& command) {
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  if (!pipe) return {};
  std::string text;
  std::array<char, 4096> piece{};
  std::size_t size = 0;
  while ((size = std::fread(piece.data(), 1, piece.size(), pipe.get())) > 0) {
    text.append(piece.data(), size);
  }
  if (pclose(pipe.release()) != 0) return {};
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, '\0');) parts.push_back(part);
  return parts;
}

std::vector<std::string> files_by_git() {
  return output_of("git -C '" + root().string() +
                   "' ls-files -z --cached --others --exclude-standard 2>/dev/null");
}

std::vector<std::string> files_by_walking() {
  static const std::array<std::string_view, 3> skipped{".git", "build", "demo"};
  std::vector<std::string> files;
  for (auto entry = fs::recursive_directory_iterator(root());
       entry != fs::recursive_directory_iterator(); ++entry) {
    const std::string path = entry->path().lexically_relative(root()).generic_string();
    if (std::find(skipped.begin(), skipped.end(), path) != skipped.end()) {
      entry.disable_recursion_pending();
    } else if (entry->is_regular_file()) {
      files.push_back(path);
    }
  }
  return files;
}

}  // namespace

const std::vector<std::string>& project_files() {
  static const std::vector<std::string> files = [] {
    std::vector<std::string> found = files_by_git();
    if (found.empty()) found = files_by_walking();
    // Git still lists a file that was just deleted.
    std::erase_if(found, [](const std::string& path) { return !is_file(path); });
    std::sort(found.begin(), found.end());
    return found;
  }();
  return files;
}

std::vector<std::string> files_in(std::string_view folder,
                                  const std::vector<std::string_view>& endings) {
  std::vector<std::string> found;
  for (const std::string& path : project_files()) {
    if (!path.starts_with(folder)) continue;
    if (std::any_of(endings.begin(), endings.end(),
                    [&](std::string_view ending) { return path.ends_with(ending); })) {
      found.push_back(path);
    }
  }
  return found;
}

bool is_file(const std::string& path) { return fs::is_regular_file(root() / path); }

std::uintmax_t size_of_file(const std::string& path) { return fs::file_size(root() / path); }

std::string text_of(const std::string& path) {
  std::ifstream file(root() / path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<std::string> lines_of(const std::string& path) {
  std::istringstream text(text_of(path));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

std::string level_of(std::string_view path) {
  for (std::string_view folder : {"include/chronicler/", "src/", "tests/"}) {
    if (!path.starts_with(folder)) continue;
    const std::string_view rest = path.substr(folder.size());
    const std::size_t slash = rest.find('/');
    if (slash != std::string_view::npos) return std::string(rest.substr(0, slash));
  }
  return "";
}

std::string stem_of(std::string_view path) { return fs::path(path).stem().string(); }

std::vector<Include> includes_of(const std::string& path) {
  static const std::regex pattern(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"])");
  std::vector<Include> includes;
  int number = 0;
  for (const std::string& line : lines_of(path)) {
    ++number;
    std::smatch match;
    if (std::regex_search(line, match, pattern)) {
      includes.push_back({number, match[2].str(), match[1].str() == "\""});
    }
  }
  return includes;
}

std::string place(const std::string& path, int line) { return path + ":" + std::to_string(line); }

void expect_none(const std::vector<std::string>& findings, std::string_view what_to_do) {
  std::string list;
  for (const std::string& finding : findings) list += "\n  " + finding;
  EXPECT_TRUE(findings.empty()) << findings.size() << " found:" << list << "\n" << what_to_do;
}

}  // namespace chronicler::structure
