// The manual that the program writes of itself.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "cli/program_run.h"
#include "support/source_dir.h"
#include "support/temporary_folder.h"

namespace chronicler::test {
namespace {

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Manual, InTheDocumentsIsTheProgramsOwn) {
  const ProgramRun run = run_chronicler({"--help-markdown"});
  ASSERT_EQ(run.status, 0) << run.errors;
  EXPECT_TRUE(run.out == content_of(source_dir() / "docs/cli.md"))
      << "docs/cli.md is stale: build/release/chronicler --help-markdown > docs/cli.md";
}

// One page for the program and each command, which man reads without a warning.
TEST(Manual, PagesAreWithoutWarnings) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_chronicler({"--help-man", folder.path("man")}).status, 0);
  const std::string log = folder.path("warnings");
  int pages = 0;
  for (const auto& page : std::filesystem::directory_iterator(folder.path("man"))) {
    ++pages;
    // In a locale that every machine has, and also where a sandbox in a sandbox is refused.
    const std::string command =
        "LC_ALL=C.UTF-8 MAN_DISABLE_SECCOMP=1 man --warnings -E UTF-8 -l -Tutf8 -Z \"" +
        page.path().string() + "\" >/dev/null 2>>\"" + log + "\"";
    EXPECT_EQ(std::system(command.c_str()), 0) << command << " (man-db: ./scripts/setup tests)";
  }
  EXPECT_EQ(content_of(log), "");
  EXPECT_GT(pages, 20);
  EXPECT_TRUE(std::filesystem::exists(folder.path("man/chronicler-forecast-train.1")));
}

}  // namespace
}  // namespace chronicler::test
