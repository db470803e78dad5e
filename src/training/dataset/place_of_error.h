// Errors of a data set say where in it they were.
#pragma once

#include <exception>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler {

// work(). Its errors begin with place(): "batch 3 of epoch 1: ..."; those of a user's own functions
// with what it was that failed, too: "batch 3 of epoch 1 could not be made: ...".
template <class Place, class Work>
auto at_place(const Place& place, const char* failure, const Work& work) {
  try {
    return work();
  } catch (const Error& error) {
    throw Error(fmt::format("{}: {}", place(), error.message()), error.hint());
  } catch (const std::exception& error) {
    throw Error(fmt::format("{} {}: {}", place(), failure, error.what()));
  }
}

}  // namespace chronicler
