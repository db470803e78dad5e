// A loss: one value for each prediction, and its derivative. Reduction, weights and masks are the
// same for all losses, each of which has its header in losses/.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chronicler/base/arena.h"
#include "chronicler/base/fields.h"
#include "chronicler/base/tensor.h"
#include "chronicler/layers/layer.h"
#include "chronicler/layers/options.h"

namespace chronicler {

enum class Reduction : std::uint8_t {
  sum_over_batch_size,
  sum,
  mean,
  mean_with_sample_weight,
  none
};
std::string_view name_of(Reduction reduction);
Reduction reduction_from_name(std::string_view name);

// A loss function and its reduction. Immutable once made.
class Loss {
 public:
  virtual ~Loss() = default;
  virtual std::string_view class_name() const = 0;  // "MeanSquaredError"
  virtual std::string_view name() const = 0;        // "mean_squared_error"
  virtual std::vector<Setting> settings() const {
    return {};
  }  // options in Keras's order, for config files
  Reduction reduction() const { return reduction_; }

  // Throws Error, with `where` as the place, unless y_true can be compared with predictions of this
  // shape: shapes, label ranges, values outside the domain. Called once for each fit or evaluate
  // over all of the data.
  virtual void check(const TensorView& y_true, const Shape& y_pred, std::string_view where) const;

  // Value of each prediction: y_pred's shape without its last axis (a scalar prediction (B,) gives
  // (B,)). If `gradient` is not empty (y_pred's shape and type) also d value / d y_pred there,
  // unscaled. y_true float32, float64 or int32 (labels), y_pred float32 or float64, values of
  // y_pred's type.
  virtual void values(TensorView y_true, TensorView y_pred, TensorView values,
                      TensorView gradient) const = 0;
  virtual Shape values_shape(const Shape& y_pred) const;

  // A loss of whole sequences (CTC) takes the mask of the steps, (B, T), as their lengths. For all
  // others the mask says which values count.
  virtual bool takes_mask() const { return false; }
  // What values() is for a loss that takes a mask, which may be empty.
  virtual void masked_values(TensorView y_true, TensorView y_pred, TensorView mask,
                             TensorView values, TensorView gradient) const;

  // Predictions that come straight out of a softmax or a sigmoid: Keras on TensorFlow computes the
  // cross-entropies from what that was given, so that nothing is clipped. True for such a loss.
  virtual bool takes_logits() const { return false; }
  // Whether it depends on the predictions besides (focal losses).
  virtual bool takes_both() const { return false; }
  // What values() is then. `of_logits` takes the derivative by the logits, `gradient`, if the loss
  // takes both, that by the predictions; both may be empty.
  virtual void logit_values(TensorView y_true, TensorView y_pred, const Logits& logits,
                            TensorView values, TensorView gradient, TensorView of_logits) const;

  // Writes 0 into `counts`, one for each value, where a prediction is to leave numerator and
  // divisor (ignore_class). All others keep theirs.
  virtual void leave_out(TensorView y_true, std::span<std::uint8_t> counts) const;

 protected:
  explicit Loss(Reduction reduction) : reduction_(reduction) {}

 private:
  Reduction reduction_;
};
using LossPtr = std::shared_ptr<const Loss>;

// What a reduced loss is made of.
struct LossInput {
  TensorView y_true;
  TensorView y_pred;
  TensorView sample_weight;  // float32, (B) or the shape of the values; empty: all one. (B) is
                             // spread over steps.
  TensorView mask;           // boolean, the shape of the values or (B, T) of it; empty: all true
  Logits logits = {};        // of y_pred, for a loss that takes them; empty: there are none
};
// The reduced loss, summed in a fixed order in double; if `gradient` is not empty, its derivative
// with respect to y_pred; with logits, `of_logits` takes that by them, and `gradient` only what a
// loss that takes both has besides. With values l, weights w and mask m, as Keras has it:
//   sum_over_batch_size, mean   sum(w l m) / sum(m)
//   mean_with_sample_weight     sum(w l m) / sum(w m)
//   sum                         sum(w l m)
//   none                        an Error: there is no one number to learn from
// What divides by nothing is 0. Scratch comes from the arena.
double reduced_loss(const Loss& loss, const LossInput& input, TensorView gradient, Arena& arena,
                    TensorView of_logits = {});

namespace losses {

// By Keras's name ("mse", "mean_squared_error", "MeanSquaredError", ...); Error with the nearest
// names otherwise.
LossPtr get(std::string_view name);
// By class name and settings, for config files.
LossPtr from(std::string_view class_name, const std::vector<Setting>& settings);
// Every class name, for tests and documentation.
std::vector<std::string_view> class_names();

// The name of every reduction.
FieldRange reduction_range();

// The fields that the options of every loss end with.
template <class Options, class Visitor>
void visit_loss_fields(Visitor&& visit) {
  visit("reduction", &Options::reduction, reduction_range(),
        "how the values of a batch become one number");
  visit("name", &Options::name, any_value(), "name of the loss in files");
}

}  // namespace losses

// An option that takes a name or an object.
class LossOption {
 public:
  LossOption() = default;  // none
  // NOLINTBEGIN(google-explicit-constructor): a name or an object stands for the option
  LossOption(const char* name) : loss_(losses::get(name)), given_name_(name) {}
  LossOption(const std::string& name) : loss_(losses::get(name)), given_name_(name) {}
  LossOption(LossPtr loss) : loss_(std::move(loss)) {}
  // NOLINTEND(google-explicit-constructor)
  explicit operator bool() const { return static_cast<bool>(loss_); }
  const LossPtr& loss() const { return loss_; }
  const std::string& given_name() const { return given_name_; }  // empty if an object was given

 private:
  LossPtr loss_;
  std::string given_name_;
};

}  // namespace chronicler
