#include "chronicler/base/atomic_file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "chronicler/base/error.h"

namespace chronicler {
namespace {

namespace fs = std::filesystem;

template <class Call>
Error caught(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no Error was thrown";
  return Error("none");
}

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void put(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }

mode_t mode_of(const fs::path& path) {
  struct stat found {};
  EXPECT_EQ(stat(path.c_str(), &found), 0);
  return found.st_mode & 07777U;
}

// A process that has ended.
pid_t dead_process() {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  waitpid(child, nullptr, 0);
  return child;
}

class AtomicFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "chronicler-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  // The names in the folder, hidden ones too.
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      found.push_back(entry.path().filename().string());
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  fs::path folder_;
};

TEST_F(AtomicFile, WritesEveryByte) {
  std::string bytes;
  for (int i = 0; i < 3000000; ++i) bytes += static_cast<char>(i * 7);
  write_file_atomically(folder_ / "model.bin", bytes);
  EXPECT_EQ(content(folder_ / "model.bin"), bytes);
  EXPECT_EQ(names(), std::vector<std::string>{"model.bin"});
  write_file_atomically(folder_ / "empty", "");
  EXPECT_EQ(fs::file_size(folder_ / "empty"), 0U);
}

TEST_F(AtomicFile, WritesPiecesInOrder) {
  const std::array<std::string_view, 4> pieces{"one ", "", "two ", "three"};
  write_file_atomically(folder_ / "pieces", pieces);
  EXPECT_EQ(content(folder_ / "pieces"), "one two three");
}

TEST_F(AtomicFile, ReplacesAndKeepsTheMode) {
  const fs::path path = folder_ / "model.bin";
  put(path, "a much longer old content");
  ASSERT_EQ(chmod(path.c_str(), 0640), 0);
  write_file_atomically(path, "new");
  EXPECT_EQ(content(path), "new");
  EXPECT_EQ(mode_of(path), 0640U);
  EXPECT_EQ(names(), std::vector<std::string>{"model.bin"});
}

TEST_F(AtomicFile, GivesANewFileTheUsualMode) {
  const mode_t before = umask(027);
  write_file_atomically(folder_ / "model.bin", "x");
  umask(before);
  EXPECT_EQ(mode_of(folder_ / "model.bin"), 0640U);
}

TEST_F(AtomicFile, WritesInTheCurrentFolder) {
  const fs::path before = fs::current_path();
  fs::current_path(folder_);
  write_file_atomically("plain", "x");
  fs::current_path(before);
  EXPECT_EQ(content(folder_ / "plain"), "x");
}

TEST_F(AtomicFile, ReplacesRatherThanOverwrites) {
  const fs::path path = folder_ / "model.bin";
  put(path, "old");
  std::ifstream reader(path);  // somebody reads while we save
  write_file_atomically(path, "new");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(reader), {}), "old");
}

TEST_F(AtomicFile, FollowsSymbolicLinks) {
  fs::create_directory(folder_ / "store");
  put(folder_ / "store" / "target", "old");
  fs::create_symlink("store/target", folder_ / "first");
  fs::create_symlink(folder_ / "first", folder_ / "second");
  write_file_atomically(folder_ / "second", "new");
  EXPECT_EQ(content(folder_ / "store" / "target"), "new");
  EXPECT_TRUE(fs::is_symlink(folder_ / "first"));
  EXPECT_TRUE(fs::is_symlink(folder_ / "second"));

  fs::create_symlink("store/created", folder_ / "dangling");
  write_file_atomically(folder_ / "dangling", "made");
  EXPECT_EQ(content(folder_ / "store" / "created"), "made");

  fs::create_symlink("circle", folder_ / "circle");
  EXPECT_NE(caught([&] { write_file_atomically(folder_ / "circle", "x"); })
                .message()
                .find("symbolic links"),
            std::string::npos);
}

TEST_F(AtomicFile, FailureLeavesTheOldFileAndNothingElse) {
  const fs::path path = folder_ / "model.bin";
  put(path, "old");
  // The disk is full after 100,000 bytes: the limit on a file's size stands in for it.
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{100000, before.rlim_max};
  const auto handler = signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const Error error =
      caught([&] { write_file_atomically(path, std::string(std::size_t{200000}, 'x')); });
  setrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, handler);

  EXPECT_EQ(error.message(), fmt::format("cannot write \"{}\": File too large", path.string()));
  EXPECT_EQ(content(path), "old");
  EXPECT_EQ(names(), std::vector<std::string>{"model.bin"});
}

TEST_F(AtomicFile, RefusesAFolder) {
  fs::create_directory(folder_ / "models");
  for (const fs::path& path : {folder_ / "models", folder_ / "models" / "", folder_ / "new" / "",
                               fs::path(), fs::path("/")}) {
    const Error error = caught([&] { write_file_atomically(path, "x"); });
    EXPECT_EQ(error.message(), fmt::format("cannot write \"{}\": Is a directory", path.string()));
    EXPECT_EQ(error.hint(), "give the name of a file in it");
  }
  EXPECT_TRUE(fs::is_directory(folder_ / "models"));
  EXPECT_TRUE(fs::is_empty(folder_ / "models"));
}

TEST_F(AtomicFile, NamesAFolderThatIsNotThere) {
  const fs::path path = folder_ / "missing" / "model.bin";
  const Error error = caught([&] { write_file_atomically(path, "x"); });
  EXPECT_EQ(error.message(),
            fmt::format("cannot write \"{}\": No such file or directory", path.string()));
  EXPECT_EQ(error.hint(), "create its folder first");

  put(folder_ / "file", "x");
  EXPECT_EQ(caught([&] { write_file_atomically(folder_ / "file" / "model.bin", "x"); }).hint(),
            "create its folder first");
}

TEST_F(AtomicFile, TakesTheLongestName) {
  const fs::path path = folder_ / std::string(255, 'n');
  write_file_atomically(path, "x");
  EXPECT_EQ(content(path), "x");
}

// What is no regular file cannot be replaced: /dev/stdout must not become one.
TEST_F(AtomicFile, WritesIntoAPipe) {
  const fs::path path = folder_ / "pipe";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const int reader = open(path.c_str(), O_RDWR | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  write_file_atomically(path, "through");
  std::array<char, 20> buffer{};
  EXPECT_EQ(read(reader, buffer.data(), buffer.size()), 7);
  EXPECT_STREQ(buffer.data(), "through");
  close(reader);
  EXPECT_TRUE(fs::is_fifo(path));
}

TEST_F(AtomicFile, RemovesWhatDeadProcessesLeftOfThisFile) {
  const pid_t dead = dead_process();
  const std::string stale = fmt::format(".model.bin.tmp-{}-0123456789abcdef", dead);
  const std::vector<std::string> others{
      fmt::format(".model.bin.tmp-{}-0123456789abcdef", getpid()),  // alive
      fmt::format(".other.bin.tmp-{}-0123456789abcdef", dead),      // another file's
      ".model.bin.tmp-notes",                                       // a user's own
      fmt::format(".model.bin.tmp-{}", dead),
  };
  put(folder_ / stale, "half");
  for (const std::string& other : others) put(folder_ / other, "kept");
  write_file_atomically(folder_ / "model.bin", "x");
  EXPECT_FALSE(fs::exists(folder_ / stale));
  for (const std::string& other : others) EXPECT_TRUE(fs::exists(folder_ / other)) << other;
}

TEST_F(AtomicFile, IsWholeAtEveryMoment) {
  const fs::path path = folder_ / "model.bin";
  const std::string a(50000, 'a');
  const std::string b(70000, 'b');
  write_file_atomically(path, a);
  std::atomic<bool> done{false};
  std::atomic<int> broken{0};
  std::thread reader([&] {
    while (!done.load()) {
      const std::string found = content(path);
      if (found != a && found != b) ++broken;
    }
  });
  std::vector<std::thread> writers;
  for (const std::string* text : {&a, &b}) {
    writers.emplace_back([&path, text] {
      for (int round = 0; round < 20; ++round) write_file_atomically(path, *text);
    });
  }
  for (std::thread& writer : writers) writer.join();
  done.store(true);
  reader.join();
  EXPECT_EQ(broken.load(), 0);
  EXPECT_EQ(names(), std::vector<std::string>{"model.bin"});
}

}  // namespace
}  // namespace chronicler
