// Ctrl-C: training ends after its batch, and the program with status 130 and nothing half done.
#pragma once

#include <exception>

#include "chronicler/training/callbacks.h"

namespace chronicler::cli {

// The user asked to stop. Not an Error: nothing went wrong.
class Interrupted : public std::exception {
 public:
  const char* what() const noexcept override { return "interrupted"; }
};

// From now on, the first SIGINT or SIGTERM is only noted; a second one ends the program at once.
void note_interrupts();
bool interrupted();
// Throws Interrupted if a signal was noted.
void stop_if_interrupted();

// Ends training after the batch in which a signal came.
CallbackPtr stop_on_interrupt();

}  // namespace chronicler::cli
