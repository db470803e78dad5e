// The interpreter's lock: given up while C++ computes, taken where C++ calls Python.
#pragma once

#include <cxxabi.h>
#include <nanobind/nanobind.h>

#include <chrono>
#include <thread>

namespace chronicler::python {

namespace detail {

// Until Python 3.13, a thread that asks for the lock once the interpreter has ended is unwound,
// which ends the process where a frame lets no exception through. Such a thread waits here until
// the process is gone.
template <class Take>
auto take_lock(const Take& take) {
  try {
    return take();
  } catch (abi::__forced_unwind&) {
    while (true) std::this_thread::sleep_for(std::chrono::hours(1));
  }
}

}  // namespace detail

// Other threads of Python run while it lives.
class Unlocked {
 public:
  Unlocked() : state_(PyEval_SaveThread()) {}
  Unlocked(const Unlocked&) = delete;
  Unlocked& operator=(const Unlocked&) = delete;
  ~Unlocked() noexcept(false) {
    detail::take_lock([this] { PyEval_RestoreThread(state_); });
  }

 private:
  PyThreadState* state_;
};

// Python may be called while it lives, from any thread.
class Locked {
 public:
  Locked() : state_(detail::take_lock([] { return PyGILState_Ensure(); })) {}
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;
  ~Locked() { PyGILState_Release(state_); }

 private:
  PyGILState_STATE state_;
};

}  // namespace chronicler::python
