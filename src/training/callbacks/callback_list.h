// The callbacks of one run.
#pragma once

#include <type_traits>
#include <vector>

#include "chronicler/base/error.h"
#include "chronicler/model/model.h"
#include "chronicler/training/callbacks.h"

namespace chronicler {

// Sets them up, and calls a hook of each in their order.
class CallbackList {
 public:
  CallbackList(Model& model, const std::vector<CallbackPtr>& callbacks,
               const TrainingParams& params, const TrainingProgress& progress)
      : callbacks_(callbacks) {
    for (const CallbackPtr& callback : callbacks_) {
      if (!callback) throw Error("one of the callbacks is null", "leave it out of the list");
      callback->set_model(&model);
      callback->set_params(params);
      callback->set_progress(&progress);
    }
  }
  // For evaluate and predict, which have no run.
  CallbackList(Model& model, const std::vector<CallbackPtr>& callbacks,
               const TrainingParams& params)
      : CallbackList(model, callbacks, params, no_progress()) {}

  template <class... Arguments>
  void call(void (Callback::*hook)(Arguments...),
            std::type_identity_t<Arguments>... arguments) const {
    for (const CallbackPtr& callback : callbacks_) (callback.get()->*hook)(arguments...);
  }

 private:
  static const TrainingProgress& no_progress() {
    static const TrainingProgress none;
    return none;
  }
  const std::vector<CallbackPtr>& callbacks_;
};

}  // namespace chronicler
