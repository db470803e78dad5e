#include "cli/interrupt.h"

#include <csignal>
#include <memory>

#include "chronicler/model/model.h"

namespace chronicler::cli {
namespace {

volatile std::sig_atomic_t signal_came = 0;

void note_signal(int) { signal_came = 1; }

class StopOnInterrupt : public Callback {
 public:
  void on_train_batch_end(std::int64_t /*batch*/, Logs& /*logs*/) override {
    if (interrupted()) model().stop_training = true;
  }
};

}  // namespace

void note_interrupts() {
  struct sigaction action {};
  action.sa_handler = note_signal;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  for (const int number : {SIGINT, SIGTERM}) sigaction(number, &action, nullptr);
}

bool interrupted() { return signal_came != 0; }

void stop_if_interrupted() {
  if (interrupted()) throw Interrupted();
}

CallbackPtr stop_on_interrupt() { return std::make_shared<StopOnInterrupt>(); }

}  // namespace chronicler::cli
