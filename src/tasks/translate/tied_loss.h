// The loss of an output layer that is a table of pieces, turned round: only where something is
// expected, and a part at a time, so that the scores of a whole batch never lie in memory.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "chronicler/base/runtime.h"
#include "chronicler/base/tensor.h"
#include "chronicler/layers/layer.h"
#include "chronicler/training/loss.h"

namespace chronicler::tasks {

// y_true: the piece that is expected at each place, 0 where there is none; y_pred (..., embedding).
// Its one value is the mean over places of -ln p(expected), with label smoothing. What it adds to
// the table's gradient comes besides what the network's layers add. It has memory of its own: for
// one caller at a time.
class TiedLoss final : public Loss {
 public:
  TiedLoss(const Parameter& table, double label_smoothing)
      : Loss(Reduction::sum), table_(table), label_smoothing_(label_smoothing) {}
  std::string_view class_name() const override { return "TiedLoss"; }
  std::string_view name() const override { return "tied_loss"; }
  // Who calls this has made the pieces.
  void check(const TensorView&, const Shape&, std::string_view) const override {}
  Shape values_shape(const Shape&) const override { return {1}; }
  bool takes_mask() const override { return true; }  // which says no more than y_true
  void values(TensorView y_true, TensorView y_pred, TensorView values,
              TensorView gradient) const override;

  // The value in double precision, with another smoothing. With a slope (as y_pred) also
  // dLoss/dy_pred, and dLoss/dtable is added to the table's gradient.
  double run(const TensorView& y_pred, const TensorView& y_true, double label_smoothing,
             const TensorView& slope) const;

 private:
  // Where something is expected, and what.
  void find_places(const TensorView& y_true) const;

  const Parameter& table_;
  double label_smoothing_;
  mutable std::vector<std::int64_t> places_;
  mutable std::vector<std::int32_t> expected_;
  mutable std::vector<float> gathered_, scores_, losses_, slopes_;
  mutable Tensor forward_, backward_;  // the table, laid out for products
};

}  // namespace chronicler::tasks
