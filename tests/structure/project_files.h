// The project's own files, for tests that read them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace chronicler::structure {

// Files of the project, by path from its root with '/', sorted: what git tracks, and what it would.
// Without git (a source archive), every file outside build/, demo/ and .git/.
const std::vector<std::string>& project_files();

// Those of them under `folder` ("src/") whose names end in one of `endings` (".h").
std::vector<std::string> files_in(std::string_view folder,
                                  const std::vector<std::string_view>& endings);

bool is_file(const std::string& path);
std::uintmax_t size_of_file(const std::string& path);

// The text, line by line, without the ends of line. A carriage return stays.
std::vector<std::string> lines_of(const std::string& path);
std::string text_of(const std::string& path);

// The part of a path between `folder` and the next '/', or "" : level_of("src/layers/lstm.cc") is
// "layers", level_of("include/chronicler/base/shape.h") is "base".
std::string level_of(std::string_view path);

// The file's name without folder and ending.
std::string stem_of(std::string_view path);

struct Include {
  int line = 0;
  std::string name;  // as written between the quotes or brackets
  bool quoted = false;
};
std::vector<Include> includes_of(const std::string& path);

// "path:line".
std::string place(const std::string& path, int line);

// Fails the running test if there are findings: lists them, one a line, and says what to do.
void expect_none(const std::vector<std::string>& findings, std::string_view what_to_do);

}  // namespace chronicler::structure
