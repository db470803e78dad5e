// The threads of Chronicler, and the processor mode they run in.
#pragma once

#include <cstdint>
#include <memory>

namespace chronicler {

// Calls of parallel() borrow the callable: no allocation, no copy.
class TaskRef {
 public:
  // A lambda is passed directly.
  template <class Callable>
  TaskRef(const Callable& callable)  // NOLINT(google-explicit-constructor)
      : object_(&callable), call_([](const void* object, std::int64_t index) {
          (*static_cast<const Callable*>(object))(index);
        }) {}
  void operator()(std::int64_t index) const { call_(object_, index); }

 private:
  const void* object_;
  void (*call_)(const void*, std::int64_t);
};

// One pool of threads. The caller takes part in the work; idle workers spin for about 50
// microseconds and then sleep. Results never depend on the number of threads: parallel() only says
// which tasks exist.
class Runtime {
 public:
  explicit Runtime(int threads);
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  // The process's own: CHRONICLER_THREADS threads if that is set, else one for each processor.
  static Runtime& global();

  int threads() const;
  // Throws Error unless 1 <= threads <= 256. Not while parallel() runs.
  void set_threads(int threads);

  // Runs task(0) ... task(tasks - 1), each once, in any order, and returns when all are done; the
  // first exception is thrown again here. A call from inside a task, or with one task, runs inline.
  void parallel(std::int64_t tasks, TaskRef task);
  // Runs task(0) ... task(tasks - 1) at the same time, each on a thread of its own, so that they
  // may wait for one another. False, and nothing has run, if there are not as many threads to be
  // had: too few, or busy. The tasks must not throw.
  bool together(std::int64_t tasks, TaskRef task);

 private:
  struct Pool;
  std::unique_ptr<Pool> pool_;
};

// Runtime::global().set_threads(threads).
void set_threads(int threads);

// While it lives, numbers too small to be normal are flushed to zero and rounding is to nearest;
// the caller's mode comes back when it dies. Every public entry that computes holds one.
class FlushDenormals {
 public:
  FlushDenormals();
  ~FlushDenormals();
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
  std::uint64_t saved_;
};

}  // namespace chronicler
