#include <utility>

#include "chronicler/base/error.h"
#include "chronicler/model/model.h"
#include "chronicler/training/callbacks.h"

namespace chronicler {
namespace {

class ReportCallback final : public Callback {
 public:
  explicit ReportCallback(callbacks::ReportOptions options) : options_(std::move(options)) {
    check_fields(callbacks::ReportOptions::class_name, options_);
    if (!options_.report) throw Error("Report needs a function to call");
  }

  void on_train_begin(Logs& /*logs*/) override { last_.reset(); }
  void on_train_batch_end(std::int64_t /*batch*/, Logs& logs) override {
    if (!last_) last_ = 0.0;
    if (progress().seconds - *last_ >= options_.seconds) report(logs);
  }
  void on_epoch_end(std::int64_t /*epoch*/, Logs& logs) override { report(logs); }

  // A run that goes on does not report what it reported before.
  CallbackState state() const override {
    CallbackState state;
    if (last_) state.numbers["last"] = *last_;
    return state;
  }
  void set_state(const CallbackState& state) override { last_ = state.number("last"); }

 private:
  void report(const Logs& logs) {
    last_ = progress().seconds;
    if (!options_.report(progress(), logs)) model().pause_training = true;
  }

  callbacks::ReportOptions options_;
  std::optional<double> last_;
};

}  // namespace

CallbackPtr callbacks::Report(ReportOptions options) {
  return std::make_shared<ReportCallback>(std::move(options));
}

}  // namespace chronicler
