#include "chronicler/base/runtime.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cfenv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/error.h"

namespace chronicler {
namespace {

class Pool : public testing::TestWithParam<int> {};

INSTANTIATE_TEST_SUITE_P(Threads, Pool, testing::Values(1, 2, 5));

TEST_P(Pool, RunsEachTaskOnceInManyRounds) {
  Runtime runtime(GetParam());
  EXPECT_EQ(runtime.threads(), GetParam());
  for (int round = 0; round < 2000; ++round) {
    const std::int64_t tasks = round % 23;
    std::vector<std::atomic<int>> runs(static_cast<std::size_t>(tasks));
    runtime.parallel(tasks, [&](std::int64_t index) { ++runs[static_cast<std::size_t>(index)]; });
    for (const auto& count : runs) ASSERT_EQ(count.load(), 1) << "round " << round;
  }
}

// What tasks wrote without any lock is there when parallel() returns, and tasks see what was
// written before.
TEST_P(Pool, PassesMemoryOnBothWays) {
  Runtime runtime(GetParam());
  std::vector<std::int64_t> values(64, 0);
  for (std::int64_t round = 1; round <= 500; ++round) {
    runtime.parallel(64, [&](std::int64_t index) { ++values[static_cast<std::size_t>(index)]; });
    for (std::int64_t& value : values) {
      ASSERT_EQ(value, round * 2 - 1);
      ++value;
    }
  }
}

TEST_P(Pool, RunsNestedCallsOnTheThreadThatMakesThem) {
  Runtime runtime(GetParam());
  std::atomic<int> runs{0};
  std::atomic<int> elsewhere{0};
  runtime.parallel(8, [&](std::int64_t) {
    const auto self = std::this_thread::get_id();
    runtime.parallel(8, [&](std::int64_t) {
      ++runs;
      if (std::this_thread::get_id() != self) ++elsewhere;
    });
  });
  EXPECT_EQ(runs.load(), 64);
  EXPECT_EQ(elsewhere.load(), 0);
}

TEST_P(Pool, ThrowsTheFailureThatComesFirst) {
  Runtime runtime(GetParam());
  for (int round = 0; round < 200; ++round) {
    std::atomic<int> runs{0};
    try {
      runtime.parallel(100, [&](std::int64_t index) {
        ++runs;
        if (index >= 10) throw std::runtime_error(std::to_string(index));
      });
      FAIL() << "nothing was thrown";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "10");
    }
    EXPECT_GE(runs.load(), 11);
    EXPECT_LT(runs.load(), 100);  // no new tasks after a failure
  }
  std::atomic<int> runs{0};
  runtime.parallel(100, [&](std::int64_t) { ++runs; });  // and the pool is as before
  EXPECT_EQ(runs.load(), 100);
}

TEST_P(Pool, ServesSeveralCallersAtOnce) {
  Runtime runtime(GetParam());
  std::vector<std::thread> callers;
  std::atomic<int> wrong{0};
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&] {
      for (int round = 0; round < 500; ++round) {
        std::vector<std::atomic<int>> runs(10);
        runtime.parallel(10, [&](std::int64_t index) { ++runs[static_cast<std::size_t>(index)]; });
        for (const auto& count : runs) wrong += count.load() == 1 ? 0 : 1;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong.load(), 0);
}

TEST(Runtime, UsesItsThreads) {
  Runtime runtime(3);
  std::atomic<int> inside{0};
  // Each of three tasks waits for the other two: one thread alone would never finish.
  runtime.parallel(3, [&](std::int64_t) {
    ++inside;
    while (inside.load() < 3) std::this_thread::yield();
  });
  EXPECT_EQ(inside.load(), 3);
}

TEST(Runtime, WakesThreadsThatSleep) {
  Runtime runtime(2);
  for (int round = 0; round < 20; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    std::atomic<int> inside{0};
    runtime.parallel(2, [&](std::int64_t) {
      ++inside;
      while (inside.load() < 2) std::this_thread::yield();
    });
  }
}

TEST(Runtime, WaitsForSlowTasks) {
  Runtime runtime(2);
  std::atomic<int> done{0};
  runtime.parallel(2, [&](std::int64_t) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    ++done;
  });
  EXPECT_EQ(done.load(), 2);
}

TEST(Runtime, RunsASingleTaskOnTheCaller) {
  Runtime runtime(3);
  const auto self = std::this_thread::get_id();
  for (int round = 0; round < 100; ++round) {
    runtime.parallel(1, [&](std::int64_t index) {
      EXPECT_EQ(index, 0);
      EXPECT_EQ(std::this_thread::get_id(), self);
    });
  }
  runtime.parallel(0, [](std::int64_t) { FAIL(); });
}

TEST(Runtime, IdleThreadsCostNothing) {
  Runtime runtime(2);
  runtime.parallel(2, [](std::int64_t) {});
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const std::clock_t before = std::clock();  // processor time of all threads
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  const double seconds = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
  EXPECT_LT(seconds, 0.05);
}

TEST(Runtime, ChangesItsThreads) {
  Runtime runtime(2);
  for (const int threads : {5, 1, 3}) {
    runtime.set_threads(threads);
    EXPECT_EQ(runtime.threads(), threads);
    std::atomic<int> runs{0};
    runtime.parallel(50, [&](std::int64_t) { ++runs; });
    EXPECT_EQ(runs.load(), 50);
  }
  for (const int threads : {0, -1, 257}) EXPECT_THROW(runtime.set_threads(threads), Error);
  EXPECT_EQ(runtime.threads(), 3);
  EXPECT_THROW(Runtime(0), Error);
  EXPECT_THROW(runtime.parallel(2, [&](std::int64_t) { runtime.set_threads(2); }), Error);
}

TEST(Runtime, TheProcessHasOne) {
  EXPECT_EQ(&Runtime::global(), &Runtime::global());
  const int before = Runtime::global().threads();
  set_threads(2);
  EXPECT_EQ(Runtime::global().threads(), 2);
  set_threads(before);
}

// ThreadSanitizer ends a child that does.
#if defined(__SANITIZE_THREAD__)
constexpr bool threads_may_start_after_fork = false;
#elif defined(__has_feature)
constexpr bool threads_may_start_after_fork = !__has_feature(thread_sanitizer);
#else
constexpr bool threads_may_start_after_fork = true;
#endif

// A child of fork() has only the thread that forked. It must not wait for the others, and may start
// its own.
TEST(Runtime, WorksInAForkedChild) {
  auto* runtime = new Runtime(3);
  auto* other = new Runtime(2);
  runtime->parallel(10, [](std::int64_t) {});
  std::this_thread::sleep_for(std::chrono::milliseconds(5));  // all asleep
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    std::atomic<int> runs{0};
    runtime->parallel(10, [&](std::int64_t) { ++runs; });
    if (threads_may_start_after_fork) {
      runtime->set_threads(3);
      std::atomic<int> inside{0};
      runtime->parallel(3, [&](std::int64_t) {
        ++inside;
        while (inside.load() < 3) std::this_thread::yield();
      });
    }
    delete runtime;
    delete other;
    _exit(runs.load() == 10 ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  delete runtime;
  delete other;
}

// Exits with 0 if the global runtime could be made, else prints the error and exits with 3.
[[noreturn]] void start_with(const char* threads, int expected) {
  setenv("CHRONICLER_THREADS", threads, 1);
  try {
    std::exit(Runtime::global().threads() == expected ? 0 : 1);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    std::exit(3);
  }
}

TEST(RuntimeDeathTest, ReadsTheEnvironment) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // a new process, with a new global runtime
  EXPECT_EXIT(start_with("3", 3), testing::ExitedWithCode(0), "");
  for (const char* wrong : {"0", "257", "-1", "two", "2x", " 2", "1e1", "99999999999999999999"}) {
    EXPECT_EXIT(start_with(wrong, 0), testing::ExitedWithCode(3),
                "CHRONICLER_THREADS is \".*\": set it to a whole number from 1 to 256");
  }
}

TEST(Runtime, RunsTasksTogetherThatWaitForOneAnother) {
  Runtime runtime(3);
  for (int round = 0; round < 100; ++round) {
    std::atomic<int> arrived{0};
    ASSERT_TRUE(runtime.together(3, [&](std::int64_t) {
      ++arrived;
      while (arrived.load() < 3) std::this_thread::yield();
    }));
    EXPECT_EQ(arrived.load(), 3);
  }
}

TEST(Runtime, RunsNothingTogetherForWhichThereAreNotEnoughThreads) {
  Runtime runtime(2);
  std::atomic<int> ran{0};
  EXPECT_FALSE(runtime.together(3, [&](std::int64_t) { ++ran; }));
  runtime.parallel(2, [&](std::int64_t) {
    if (runtime.together(2, [&](std::int64_t) { ++ran; })) ++ran;
  });
  EXPECT_EQ(ran.load(), 0);
  EXPECT_FALSE(Runtime(1).together(1, [&](std::int64_t) { ++ran; }));
}

// ---- denormals

// Not known to the compiler, so that the processor does the arithmetic.
float tenth_of_the_smallest() {
  const volatile float smallest = 1.2e-38F;
  const volatile float tenth = 0.1F;
  return smallest * tenth;
}

bool rounds_upwards() {
  const volatile float one = 1.0F;
  const volatile float tiny = 1e-10F;
  return one + tiny > 1.0F;
}

#if defined(__x86_64__) || defined(__aarch64__)

TEST(FlushDenormals, LastsAsLongAsTheGuard) {
  ASSERT_NE(tenth_of_the_smallest(), 0.0F);
  {
    const FlushDenormals guard;
    EXPECT_EQ(tenth_of_the_smallest(), 0.0F);
    {
      const FlushDenormals inner;
      EXPECT_EQ(tenth_of_the_smallest(), 0.0F);
    }
    EXPECT_EQ(tenth_of_the_smallest(), 0.0F);
  }
  EXPECT_NE(tenth_of_the_smallest(), 0.0F);
}

TEST(FlushDenormals, RoundsToNearestAndGivesTheOldModeBack) {
  ASSERT_EQ(std::fesetround(FE_UPWARD), 0);
  ASSERT_TRUE(rounds_upwards());
  {
    const FlushDenormals guard;
    EXPECT_FALSE(rounds_upwards());
  }
  EXPECT_TRUE(rounds_upwards());
  std::fesetround(FE_TONEAREST);
}

TEST(FlushDenormals, IsOnInEveryTask) {
  for (const int threads : {1, 3}) {
    Runtime runtime(threads);
    std::atomic<int> kept{0};
    for (int round = 0; round < 50; ++round) {
      runtime.parallel(20, [&](std::int64_t) { kept += tenth_of_the_smallest() != 0.0F ? 1 : 0; });
    }
    EXPECT_EQ(kept.load(), 0);
    EXPECT_NE(tenth_of_the_smallest(), 0.0F);
  }
}

#endif

}  // namespace
}  // namespace chronicler
