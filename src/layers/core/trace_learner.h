// A learner made of eligibility traces (kernels/trace.h): cells whose weights each feed one unit.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "kernels/gemm.h"
#include "kernels/trace.h"
#include "layers/core/learner.h"

namespace chronicler {

// A derived class computes its step and says, for each of its `columns` sums (several a unit, unit
// u of sum g at g * units + u), how the unit's states depend on the sum and on themselves before.
template <class Real>
class TraceLearner : public LayerLearner {
 public:
  std::int64_t outputs() const override { return static_cast<std::int64_t>(output_.size()); }

  TensorView step(const TensorView& x) noexcept final {
    settle(false);
    run(x.as<Real>());
    pending_ = true;
    return TensorView(output_.data(), dtype_of<Real>, {outputs()});
  }
  TensorView hold() noexcept final {
    settle(false);
    for (auto& each : carry_) std::fill(each.begin(), each.end(), Real{0});
    for (const std::size_t same : {std::size_t{0}, std::size_t{3}})
      std::fill(carry_[same].begin(), carry_[same].end(), Real{1});
    for (auto& each : direct_) std::fill(each.begin(), each.end(), Real{0});
    for (auto& each : direct_hidden_) std::fill(each.begin(), each.end(), Real{0});
    pending_ = true;
    return TensorView(output_.data(), dtype_of<Real>, {outputs()});
  }
  void learn(const TensorView& dy, const TensorView& dx) noexcept final {
    spread_loss(dy.as<Real>());
    settle(true);
    if (!dx) return;
    input_gradient(dx.as<Real>());
    add_input_gradient(dy.as<Real>(), dx.as<Real>());
  }
  void reset() noexcept override {
    for (Block& block : blocks_) {
      for (std::vector<Real>& each : block.state) std::fill(each.begin(), each.end(), Real{0});
    }
    std::fill(output_.begin(), output_.end(), Real{0});
    pending_ = false;
  }
  std::int64_t trace_bytes() const override {
    std::size_t count = 0;
    for (const Block& block : blocks_) count += block.state[0].size() + block.state[1].size();
    return static_cast<std::int64_t>(count * sizeof(Real));
  }

 protected:
  // `states` of a unit: 1, or 2. `sums` of a unit.
  TraceLearner(std::int64_t units, std::int64_t sums, int states)
      : units_(units), sums_(sums), states_(states), output_(static_cast<std::size_t>(units)) {
    const auto columns = static_cast<std::size_t>(units * sums);
    sum_losses_.resize(columns);
    for (std::size_t i = 0; i < carry_.size(); ++i) {
      if (states > 1 || i == 0) carry_[i].resize(columns);
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(states); ++i) {
      direct_[i].resize(columns);
      direct_hidden_[i].resize(columns);
      loss_[i].resize(columns);
    }
  }

  // What the sums of a block's weights multiply, and which of the two kinds of dependence counts.
  enum class Feeds : std::uint8_t { input, hidden };
  // Rows [first, first + rows) of a parameter of the layer, whose columns are those of sums
  // [first_sum, ...); source: rows numbers that stay where they are. learns: whether training
  // changes it.
  struct Rows {
    std::int64_t first = 0;
    std::int64_t count = 1;
    std::int64_t first_sum = 0;
  };
  void add_block(const Parameter& weight, const Rows& rows, const Real* source, Feeds feeds,
                 bool learns) {
    if (!learns) return;
    Block block{&weight, rows, weight.value.shape()[-1], source, feeds, {}};
    for (std::size_t i = 0; i < static_cast<std::size_t>(states_); ++i)
      block.state[i].resize(static_cast<std::size_t>(rows.count * block.columns));
    blocks_.push_back(std::move(block));
  }
  // The weights [features][columns] that x meets, for dLoss/dx.
  void set_input_weights(const Parameter& kernel) { kernel_ = &kernel; }

  // One step: writes output_, carry_, direct_ and direct_hidden_, and the layer's state. May not
  // touch what blocks have as their sources before it is called: they are of the step before.
  virtual void run(const Real* x) noexcept = 0;
  // dLoss/d each state that is shown, at each sum of its unit, from dLoss/d outputs.
  virtual void spread_loss(const Real* dy) noexcept {
    for (std::size_t i = 0; i < shown_.size(); ++i) {
      for (std::int64_t g = 0; shown_[i] && g < sums_; ++g)
        std::copy_n(dy, units_, loss_[i].data() + g * units_);
    }
  }

  // Of outputs that read x besides the states.
  virtual void add_input_gradient(const Real* /*dy*/, Real* /*dx*/) noexcept {}

  std::int64_t units_;
  std::int64_t sums_;
  int states_;
  std::array<bool, 2> shown_{true, false};          // which states the outputs are made of
  std::vector<Real> output_;                        // [units], or as many as there are
  std::array<std::vector<Real>, 4> carry_;          // [columns]  state i by state j before: 2 i + j
  std::array<std::vector<Real>, 2> direct_;         // [columns]  state i by a sum that x feeds
  std::array<std::vector<Real>, 2> direct_hidden_;  // [columns]  by a sum that hidden feeds
  std::array<std::vector<Real>, 2> loss_;           // [columns]  dLoss/d state i; empty: none

 private:
  struct Block {
    const Parameter* weight;
    Rows rows;
    std::int64_t columns;
    const Real* source;
    Feeds feeds;
    std::array<std::vector<Real>, 2> state;
  };

  // The traces of the last step, which is put off so that one pass over them learns as well.
  void settle(bool learns) noexcept {
    if (!pending_) return;
    pending_ = false;
    for (Block& block : blocks_) {
      kernels::Trace<Real> trace;
      trace.rows = block.rows.count;
      trace.columns = block.columns;
      const std::int64_t column = block.rows.first_sum * units_;
      trace.source = block.source;
      const auto& direct = block.feeds == Feeds::input ? direct_ : direct_hidden_;
      for (std::size_t i = 0; i < static_cast<std::size_t>(states_); ++i) {
        trace.direct[i] = direct[i].data() + column;
        trace.state[i] = block.state[i].data();
        if (shown_[i]) trace.loss[i] = loss_[i].data() + column;
      }
      for (std::size_t i = 0; i < carry_.size(); ++i)
        trace.carry[i] = carry_[i].empty() ? nullptr : carry_[i].data() + column;
      if (learns)
        trace.gradient =
            block.weight->gradient.template as<Real>() + block.rows.first * block.columns;
      kernels::advance_trace(trace);
    }
  }
  void input_gradient(Real* dx) noexcept {
    const Shape& shape = kernel_->value.shape();
    std::fill(sum_losses_.begin(), sum_losses_.end(), Real{0});
    for (std::size_t i = 0; i < shown_.size(); ++i) {
      if (!shown_[i]) continue;
      for (std::size_t n = 0; n < sum_losses_.size(); ++n)
        sum_losses_[n] += loss_[i][n] * direct_[i][n];
    }
    kernels::gemv(shape[0], shape[1], kernel_->value.template as<Real>(), shape[1],
                  sum_losses_.data(), Real{0}, dx);
  }

  std::vector<Block> blocks_;
  const Parameter* kernel_ = nullptr;
  std::vector<Real> sum_losses_;  // [columns]  dLoss/d sums, of the last step alone
  bool pending_ = false;
};

}  // namespace chronicler
