#include <utility>

#include "chronicler/training/callbacks.h"

namespace chronicler {
namespace {

class LambdaCallbackObject final : public Callback {
 public:
  explicit LambdaCallbackObject(callbacks::LambdaCallbackOptions options)
      : options_(std::move(options)) {}

  void on_epoch_begin(std::int64_t epoch, Logs& logs) override {
    if (options_.on_epoch_begin) options_.on_epoch_begin(epoch, logs);
  }
  void on_epoch_end(std::int64_t epoch, Logs& logs) override {
    if (options_.on_epoch_end) options_.on_epoch_end(epoch, logs);
  }
  void on_train_begin(Logs& logs) override {
    if (options_.on_train_begin) options_.on_train_begin(logs);
  }
  void on_train_end(Logs& logs) override {
    if (options_.on_train_end) options_.on_train_end(logs);
  }
  void on_train_batch_begin(std::int64_t batch, Logs& logs) override {
    if (options_.on_train_batch_begin) options_.on_train_batch_begin(batch, logs);
  }
  void on_train_batch_end(std::int64_t batch, Logs& logs) override {
    if (options_.on_train_batch_end) options_.on_train_batch_end(batch, logs);
  }

 private:
  callbacks::LambdaCallbackOptions options_;
};

}  // namespace

CallbackPtr callbacks::LambdaCallback(LambdaCallbackOptions options) {
  return std::make_shared<LambdaCallbackObject>(std::move(options));
}

}  // namespace chronicler
