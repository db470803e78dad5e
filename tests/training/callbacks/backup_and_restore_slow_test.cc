// Killed amid every batch there is, whenever checkpoints are written.
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <numeric>
#include <thread>

#include <gtest/gtest.h>

#include "training/callbacks/backup_and_restore.h"
#include "training/callbacks/interrupted_programs.h"

namespace chronicler::test {
namespace {

std::vector<std::int64_t> first(std::int64_t count) {
  std::vector<std::int64_t> batches(static_cast<std::size_t>(count));
  std::iota(batches.begin(), batches.end(), 0);
  return batches;
}

void expect_resumes_always(std::optional<std::int64_t> save_freq) {
  expect_resumes<WithEverything>(save_freq, first(9));
  expect_resumes<Stateful>(save_freq, first(12));
}

TEST(BackupAndRestoreSlow, SavedAfterEachBatch) { expect_resumes_always(1); }
TEST(BackupAndRestoreSlow, SavedAfterTwoBatches) { expect_resumes_always(2); }
TEST(BackupAndRestoreSlow, SavedAfterFiveBatches) { expect_resumes_always(5); }
TEST(BackupAndRestoreSlow, SavedAfterEachEpoch) { expect_resumes_always({}); }

// ---- kill -9

constexpr const char* child_folder = "CHRONICLER_TEST_CHILD_FOLDER";

// This test again, in a process of its own, which trains in that folder.
pid_t spawn_child(const std::string& folder) {
  setenv(child_folder, folder.c_str(), 1);
  std::string program = std::filesystem::read_symlink("/proc/self/exe");
  std::string filter = "--gtest_filter=BackupAndRestoreSlow.KilledByTheSystem";
  std::vector<char*> arguments{program.data(), filter.data(), nullptr};
  pid_t child = 0;
  EXPECT_EQ(posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments.data(), environ), 0);
  unsetenv(child_folder);
  return child;
}

// At any moment, also while a checkpoint is being written.
TEST(BackupAndRestoreSlow, KilledByTheSystem) {
  if (const char* folder = std::getenv(child_folder)) {
    WithEverything(folder).run(1, -1, std::chrono::milliseconds(5));
    return;
  }
  const Outcome expected = WithEverything().run(1);
  int killed = 0;
  for (int attempt = 0; attempt < 3; ++attempt) {
    WithEverything program;
    for (int life = 0; life < 8; ++life) {
      const pid_t child = spawn_child(program.folder());
      std::this_thread::sleep_for(std::chrono::milliseconds(5 + (attempt * 31 + life * 17) % 45));
      kill(child, SIGKILL);
      int status = 0;
      ASSERT_EQ(waitpid(child, &status, 0), child);
      killed += WIFSIGNALED(status) ? 1 : 0;
      if (!WIFSIGNALED(status)) break;  // it had come to its end
    }
    expect_same(program.run(1), expected);
  }
  EXPECT_GT(killed, 0);
}

}  // namespace
}  // namespace chronicler::test
