#include <algorithm>
#include <array>
#include <memory>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/lines.h"
#include "layers/operations/operation_kinds.h"
#include "layers/operations/selection.h"

namespace chronicler {
namespace {

// Where a range begins, and how many steps it has; Python's rules.
struct Range {
  std::int64_t start;
  std::int64_t count;
};
Range range_of(const layers::SliceItem& item, std::int64_t extent, std::int64_t step) {
  const std::int64_t low = step > 0 ? 0 : -1;
  const std::int64_t high = step > 0 ? extent : extent - 1;
  const auto bound = [&](const std::optional<std::int64_t>& given, std::int64_t otherwise) {
    if (!given) return otherwise;
    return std::clamp(*given < 0 ? *given + extent : *given, low, high);
  };
  const std::int64_t start = bound(item.start, step > 0 ? low : high);
  const std::int64_t stop = bound(item.stop, step > 0 ? high : low);
  const std::int64_t length = step > 0 ? stop - start : start - stop;
  const std::int64_t stride = step > 0 ? step : -step;
  return {start, length <= 0 ? 0 : (length - 1) / stride + 1};
}

// Some of the numbers, or all in another order: GetItem, Transpose, Swapaxes, Flip, BroadcastTo.
class SelectOperation final : public OperationLayer {
 public:
  using OperationLayer::OperationLayer;
  LayerPtr clone() const override { return clone_of(*this); }
  bool causal() const override { return false; }

  void forward(Pass& pass, Call& call) const override {
    const TensorView& x = call.inputs[0].data;
    const Selection selection = selected(x.shape());
    const TensorView y = pass.arena.tensor(selection.shape, x.dtype());
    for (std::int64_t i = 0; i < y.size(); ++i)
      set_number(y, i, number_at(x, selection.place_of(i)));
    call.outputs[0] = {y, {}};
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    if (!gradient.wanted[0]) return;
    const TensorView& dy = gradient.outputs[0];
    const TensorView dx = gradient.inputs[0] =
        pass.arena.zeros(call.inputs[0].data.shape(), dtype());
    if (!is_real(dy.dtype())) return;
    const Selection selection = selected(call.inputs[0].data.shape());
    for (std::int64_t i = 0; i < dy.size(); ++i) {
      const std::int64_t place = selection.place_of(i);
      set_number(dx, place, number_at(dx, place) + number_at(dy, i));
    }
  }

 private:
  Shape result_shape(std::span<const Shape> inputs) const override {
    return selected(inputs[0]).shape;
  }

  Selection selected(const Shape& x) const {
    if (row().name == "GetItem") return taken(x);
    if (row().name == "Flip") return flipped(x);
    if (row().name == "BroadcastTo") return repeated(x);
    return reordered(x);
  }

  Selection reordered(const Shape& x) const {
    const int rank = x.rank();
    const auto count = static_cast<std::size_t>(rank);
    std::array<int, Shape::max_rank> order{};
    std::iota(order.begin(), order.end(), 0);
    if (row().name == "Swapaxes") {
      std::swap(order[static_cast<std::size_t>(axis_of(x, options_.sizes.at(0)))],
                order[static_cast<std::size_t>(axis_of(x, options_.sizes.at(1)))]);
    } else if (options_.sizes.empty()) {
      std::reverse(order.begin(), order.begin() + rank);
    } else {
      if (options_.sizes.size() != count) wrong_axes(x);
      AxisSet seen;
      for (std::size_t i = 0; i < count; ++i) {
        order[i] = axis_of(x, options_.sizes[i]);
        if (seen.has(order[i])) wrong_axes(x);
        seen.add(order[i]);
      }
    }
    if (rank > 0 && order[0] != 0) wrong_axes(x);
    const Strides strides = strides_of(x);
    Selection selection;
    for (std::size_t i = 0; i < count; ++i)
      selection.append(x[order[i]], strides[static_cast<std::size_t>(order[i])]);
    return selection;
  }
  [[noreturn]] void wrong_axes(const Shape& x) const {
    throw Error(
        fmt::format("{}: the axes of {} cannot be put in that order", described(), x.to_string()),
        "each axis once, the batch, 0, in front");
  }

  Selection flipped(const Shape& x) const {
    const Strides strides = strides_of(x);
    Selection selection;
    for (int axis = 0; axis < x.rank(); ++axis) {
      const bool turned = options_.axis.empty() || names_axis(x, axis);
      if (turned && axis == 0)
        throw Error(fmt::format("{}: the batch axis cannot be turned round", described()));
      const std::int64_t stride = strides[static_cast<std::size_t>(axis)];
      if (turned && x[axis] != None) selection.base += (x[axis] - 1) * stride;
      selection.append(x[axis], turned ? -stride : stride);
    }
    return selection;
  }

  Selection repeated(const Shape& x) const {
    const int missing = static_cast<int>(options_.sizes.size()) - x.rank();
    const Strides strides = strides_of(x);
    Selection selection;
    const auto refuse = [&] {
      Shape wanted;
      for (const std::int64_t size : options_.sizes) wanted.append(size);
      throw Error(fmt::format("{}: {} cannot be repeated to {}", described(), x.to_string(),
                              wanted.to_string()));
    };
    if (missing < 0 || options_.sizes.size() > Shape::max_rank) refuse();
    for (int axis = 0; axis < missing + x.rank(); ++axis) {
      const std::int64_t wanted = options_.sizes[static_cast<std::size_t>(axis)];
      const std::int64_t extent = axis < missing ? 1 : x[axis - missing];
      if (wanted < -1 || (wanted != -1 && extent != 1 && extent != None && extent != wanted))
        refuse();
      const bool stays = wanted == -1 || extent == wanted;
      selection.append(
          stays ? extent : wanted,
          stays && axis >= missing ? strides[static_cast<std::size_t>(axis - missing)] : 0);
    }
    return selection;
  }

  [[noreturn]] void wrong_items(const Shape& shape, std::string_view why) const {
    throw Error(
        fmt::format("{}: {} cannot be indexed so: {}", described(), shape.to_string(), why));
  }

  Selection taken(const Shape& x) const {
    using Item = layers::SliceItem::Kind;
    const Strides strides = strides_of(x);
    int count = 0;  // axes that items speak of
    for (const layers::SliceItem& item : options_.items)
      count += item.kind == Item::range || item.kind == Item::index ? 1 : 0;
    if (count > x.rank()) wrong_items(x, fmt::format("it has no {} axes", count));
    Selection selection;
    int axis = 0;
    const auto take_whole = [&](int more) {
      for (; more > 0; --more, ++axis)
        selection.append(x[axis], strides[static_cast<std::size_t>(axis)]);
    };
    for (const layers::SliceItem& item : options_.items) {
      if (item.kind == Item::new_axis) {
        selection.append(1, 0);
      } else if (item.kind == Item::ellipsis) {
        take_whole(x.rank() - count);
      } else {
        take_item(item, x, axis, strides[static_cast<std::size_t>(axis)], selection);
        ++axis;
      }
    }
    take_whole(x.rank() - axis);
    return selection;
  }

  void take_item(const layers::SliceItem& item, const Shape& x, int axis, std::int64_t stride,
                 Selection& selection) const {
    const std::int64_t extent = x[axis];
    if (item.kind == layers::SliceItem::Kind::index) {
      const std::int64_t given = item.start.value_or(0);
      const std::int64_t place = given < 0 && extent != None ? given + extent : given;
      if (axis == 0) wrong_items(x, "the batch axis must be taken whole");
      if (extent != None && (place < 0 || place >= extent))
        wrong_items(x, fmt::format("axis {} has no place {}", axis, given));
      selection.base += place * stride;
      return;
    }
    const std::int64_t step = item.step.value_or(1);
    if (step == 0) wrong_items(x, "a step of 0 leads nowhere");
    const bool whole = !item.start && !item.stop;
    if (axis == 0 && !(whole && step == 1)) wrong_items(x, "the batch axis must be taken whole");
    if (extent == None) {
      selection.append(None, 0);
      return;
    }
    const Range range = range_of(item, extent, step);
    selection.base += range.count > 0 ? range.start * stride : 0;
    selection.append(range.count, step * stride);
  }
};

}  // namespace

OperationPtr select_operation(const OperationRow& row, const layers::OperationOptions& options) {
  return std::make_shared<SelectOperation>(row, options);
}

}  // namespace chronicler
