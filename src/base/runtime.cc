#include "chronicler/base/runtime.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <latch>
#include <limits>
#include <mutex>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler {
namespace {

constexpr int most_threads = 256;
constexpr std::chrono::microseconds spin_time{50};

void pause_processor() {
#if defined(__x86_64__) || defined(__i386__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Looks for `condition` for a short while; whether it came true.
template <class Condition>
bool spin_until(const Condition& condition, std::chrono::microseconds limit) {
  constexpr int looks_per_clock = 32;
  const auto end = std::chrono::steady_clock::now() + limit;
  do {
    for (int look = 0; look < looks_per_clock; ++look) {
      if (condition()) return true;
      pause_processor();
    }
  } while (std::chrono::steady_clock::now() < end);
  return condition();
}

// The processors that this process may use.
int processors() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return CPU_COUNT(&set);
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

int threads_at_start() {
  const char* variable = std::getenv("CHRONICLER_THREADS");
  const std::string_view text = variable == nullptr ? "" : variable;
  if (text.empty()) return std::min(processors(), most_threads);
  int threads = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), threads);
  if (error != std::errc() || end != text.data() + text.size() || threads < 1 ||
      threads > most_threads) {
    throw Error(fmt::format("CHRONICLER_THREADS is \"{}\"", text),
                fmt::format("set it to a whole number from 1 to {}, or unset it", most_threads));
  }
  return threads;
}

// How many forks lie between this process and the first: a child has none of its parent's workers,
// and this is how it knows.
std::atomic<int> forks{0};

int count_forks() {
  static const int failed =
      pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });
  static_cast<void>(failed);  // no memory: a child then waits for its parent's workers
  return forks.load(std::memory_order_relaxed);
}

thread_local bool inside_task = false;

class InsideTask {
 public:
  InsideTask() : before_(inside_task) { inside_task = true; }
  ~InsideTask() { inside_task = before_; }
  InsideTask(const InsideTask&) = delete;
  InsideTask& operator=(const InsideTask&) = delete;

 private:
  bool before_;
};

void run_inline(std::int64_t tasks, TaskRef task) {
  const InsideTask inside;
  for (std::int64_t index = 0; index < tasks; ++index) task(index);
}

}  // namespace

// One job at a time. The caller opens it, and workers may join while it is open; the caller takes
// tasks like the others until none is left, closes the job, and waits for those who joined. A
// worker that wakes up too late finds the job closed and is not waited for.
struct Runtime::Pool {
  explicit Pool(int count);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // False in a forked child, where there are no workers to do anything or to be waited for.
  bool is_of_this_process() const;
  // Whether the job was run here; not if there are no workers, or they do another thread's.
  bool run(std::int64_t tasks, TaskRef task);

  const int threads;

 private:
  // The state of the job in one word, so that joining is one atomic step: workers inside (low 16
  // bits), open (bit 16), and above them the number of the job.
  static constexpr std::uint64_t one_worker = 1;
  static constexpr std::uint64_t workers_mask = 0xFFFF;
  static constexpr std::uint64_t open_bit = 0x10000;
  static constexpr std::uint64_t one_job = 0x20000;
  static std::uint64_t job_of(std::uint64_t state) { return state / one_job; }
  static bool is_open(std::uint64_t state) { return (state & open_bit) != 0; }

  void end_workers();
  void work();
  bool join(std::uint64_t& seen);
  void leave();
  void take_tasks();
  void wait_for_workers();
  void keep_failure(std::int64_t index);

  const int born_after_forks_;
  const std::chrono::microseconds spin_;
  std::latch started_;  // by every worker
  std::vector<std::thread> workers_;

  std::atomic<bool> busy_{false};  // a caller is in run()
  // What changes hands with a job lies in one line of the cache: it travels once to a worker.
  alignas(64) std::atomic<std::uint64_t> state_{0};
  std::atomic<std::int64_t> next_{0};
  const TaskRef* task_ = nullptr;  // these two are written while the job is closed and empty
  std::int64_t tasks_ = 0;

  alignas(64) std::atomic<bool> stop_{false};
  std::atomic<int> sleepers_{0};
  std::atomic<bool> caller_sleeps_{false};
  std::mutex mutex_;
  std::condition_variable job_opened_;
  std::condition_variable workers_left_;

  std::mutex failure_mutex_;
  std::exception_ptr failure_;
  std::int64_t failed_index_ = std::numeric_limits<std::int64_t>::max();
};

Runtime::Pool::Pool(int count)
    : threads(count),
      born_after_forks_(count_forks()),
      // With more threads than processors, a spinning one is in another's way.
      spin_(count <= processors() ? spin_time : std::chrono::microseconds{0}),
      started_(count - 1) {
  workers_.reserve(static_cast<std::size_t>(count - 1));
  try {
    for (int worker = 1; worker < count; ++worker) {
      workers_.emplace_back([this] {
        started_.count_down();
        work();
      });
    }
  } catch (const std::system_error& error) {
    end_workers();
    throw Error(fmt::format("{} threads cannot be started: {}", count, error.code().message()),
                "ask for fewer: set CHRONICLER_THREADS");
  }
  // A thread takes memory while it starts: nobody is to meet that in the middle of a training step.
  started_.wait();
}

Runtime::Pool::~Pool() { end_workers(); }

bool Runtime::Pool::is_of_this_process() const {
  return forks.load(std::memory_order_relaxed) == born_after_forks_;
}

void Runtime::Pool::end_workers() {
  {
    const std::lock_guard lock(mutex_);
    stop_.store(true);
  }
  job_opened_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

bool Runtime::Pool::run(std::int64_t tasks, TaskRef task) {
  if (workers_.empty() || !is_of_this_process()) return false;
  if (busy_.exchange(true, std::memory_order_acquire)) return false;

  task_ = &task;
  tasks_ = tasks;
  next_.store(0, std::memory_order_relaxed);
  // Sequentially consistent, here and where a worker goes to sleep: either the worker sees the job,
  // or this thread sees the sleeper.
  state_.store((job_of(state_.load(std::memory_order_relaxed)) + 1) * one_job + open_bit);
  const int sleepers = sleepers_.load();
  if (sleepers > 0) {
    { const std::lock_guard lock(mutex_); }  // whoever counted itself is waiting by now
    if (tasks > sleepers) {
      job_opened_.notify_all();
    } else {
      for (std::int64_t index = 1; index < tasks; ++index) job_opened_.notify_one();
    }
  }
  take_tasks();
  wait_for_workers();

  const std::exception_ptr failure = std::exchange(failure_, nullptr);
  failed_index_ = std::numeric_limits<std::int64_t>::max();
  busy_.store(false, std::memory_order_release);
  if (failure) std::rethrow_exception(failure);
  return true;
}

void Runtime::Pool::take_tasks() {
  const InsideTask inside;
  for (;;) {
    const std::int64_t index = next_.fetch_add(1, std::memory_order_relaxed);
    if (index >= tasks_) return;
    try {
      (*task_)(index);
    } catch (...) {
      keep_failure(index);
    }
  }
}

// Tasks are taken in order, and none is taken after a failure; those before it are finished. The
// failure of the lowest index is therefore the one that a single thread would have met.
void Runtime::Pool::keep_failure(std::int64_t index) {
  const std::lock_guard lock(failure_mutex_);
  if (index < failed_index_) {
    failed_index_ = index;
    failure_ = std::current_exception();
  }
  next_.store(tasks_, std::memory_order_relaxed);
}

void Runtime::Pool::wait_for_workers() {
  const auto all_left = [this] { return (state_.load() & workers_mask) == 0; };
  state_.fetch_and(~open_bit);
  if (spin_until(all_left, spin_)) return;
  std::unique_lock lock(mutex_);
  caller_sleeps_.store(true);
  workers_left_.wait(lock, all_left);
  caller_sleeps_.store(false);
}

void Runtime::Pool::work() {
  const FlushDenormals guard;
  std::uint64_t seen = 0;  // the last job this worker took part in
  const auto called = [&] {
    const std::uint64_t state = state_.load();
    return stop_.load() || (is_open(state) && job_of(state) != seen);
  };
  for (;;) {
    if (!spin_until(called, spin_)) {
      std::unique_lock lock(mutex_);
      sleepers_.fetch_add(1);
      job_opened_.wait(lock, called);
      sleepers_.fetch_sub(1);
    }
    if (stop_.load()) return;
    if (!join(seen)) continue;
    take_tasks();
    leave();
  }
}

bool Runtime::Pool::join(std::uint64_t& seen) {
  std::uint64_t state = state_.load();
  while (is_open(state) && job_of(state) != seen) {
    if (state_.compare_exchange_weak(state, state + one_worker)) {
      seen = job_of(state);
      return true;
    }
  }
  return false;
}

void Runtime::Pool::leave() {
  const std::uint64_t state = state_.fetch_sub(one_worker) - one_worker;
  if ((state & workers_mask) == 0 && caller_sleeps_.load()) {
    { const std::lock_guard lock(mutex_); }  // the caller is waiting by now
    workers_left_.notify_one();
  }
}

// ---- the runtime

namespace {

int checked_threads(int threads) {
  if (threads < 1 || threads > most_threads) {
    throw Error(fmt::format("{} threads were asked for", threads),
                fmt::format("use from 1 to {}", most_threads));
  }
  return threads;
}

}  // namespace

Runtime::Runtime(int threads) : pool_(std::make_unique<Pool>(checked_threads(threads))) {}

Runtime::~Runtime() {
  // Its condition variables would wait for the parent's workers: a forked child leaves it be.
  if (!pool_->is_of_this_process()) static_cast<void>(pool_.release());
}

Runtime& Runtime::global() {
  // Never destroyed: a thread may still be computing when the process ends.
  static Runtime& runtime = *new Runtime(threads_at_start());
  return runtime;
}

int Runtime::threads() const { return pool_->threads; }

void Runtime::set_threads(int threads) {
  if (checked_threads(threads) == pool_->threads && pool_->is_of_this_process()) return;
  if (inside_task) {
    throw Error("the number of threads cannot change while they work",
                "call set_threads before the computation starts");
  }
  auto pool = std::make_unique<Pool>(threads);  // may fail: the old one is still there
  pool_.swap(pool);
  if (!pool->is_of_this_process()) static_cast<void>(pool.release());  // as in the destructor
}

void Runtime::parallel(std::int64_t tasks, TaskRef task) {
  // The workers' mode, so that a result does not depend on who computed it.
  const FlushDenormals guard;
  if (tasks <= 1 || inside_task || !pool_->run(tasks, task)) run_inline(tasks, task);
}

// Every worker joins sooner or later, and each task that waits holds one thread: none takes two.
bool Runtime::together(std::int64_t tasks, TaskRef task) {
  if (tasks > threads() || inside_task) return false;
  const FlushDenormals guard;
  return pool_->run(tasks, task);
}

void set_threads(int threads) { Runtime::global().set_threads(threads); }

// ---- the processor's mode

namespace {

#if defined(__x86_64__) || defined(__i386__)

std::uint64_t read_mode() { return _mm_getcsr(); }
void write_mode(std::uint64_t mode) { _mm_setcsr(static_cast<unsigned>(mode)); }
std::uint64_t flushing(std::uint64_t mode) {
  constexpr std::uint64_t flush_to_zero = 0x8000;
  constexpr std::uint64_t denormals_are_zero = 0x0040;
  constexpr std::uint64_t rounding = 0x6000;  // all bits clear: to nearest
  return (mode | flush_to_zero | denormals_are_zero) & ~rounding;
}

#elif defined(__aarch64__)

std::uint64_t read_mode() {
  std::uint64_t mode = 0;
  asm volatile("mrs %0, fpcr" : "=r"(mode));
  return mode;
}
void write_mode(std::uint64_t mode) { asm volatile("msr fpcr, %0" : : "r"(mode)); }
std::uint64_t flushing(std::uint64_t mode) {
  constexpr std::uint64_t flush_to_zero = std::uint64_t{1} << 24U;
  constexpr std::uint64_t rounding = std::uint64_t{3} << 22U;  // all bits clear: to nearest
  return (mode | flush_to_zero) & ~rounding;
}

#else

std::uint64_t read_mode() { return 0; }
void write_mode(std::uint64_t) {}
std::uint64_t flushing(std::uint64_t mode) { return mode; }

#endif

}  // namespace

FlushDenormals::FlushDenormals() : saved_(read_mode()) {
  // Writing the mode drains the pipeline, reading it does not.
  if (flushing(saved_) != saved_) write_mode(flushing(saved_));
}

FlushDenormals::~FlushDenormals() {
  if (flushing(saved_) != saved_) write_mode(saved_);
}

}  // namespace chronicler
