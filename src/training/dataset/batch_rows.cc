#include "training/dataset/batch_rows.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include <fmt/format.h>

#include "base/mapped_memory.h"
#include "chronicler/base/error.h"

namespace chronicler {
namespace {

// Whether they lie one after the other.
bool are_neighbours(std::span<const std::int64_t> rows) {
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (rows[i] != rows[i - 1] + 1) return false;
  }
  return !rows.empty();
}

void gather_rows(const Tensor& from, std::span<const std::int64_t> rows, Tensor& to) {
  if (!from) return;
  const auto count = static_cast<std::int64_t>(rows.size());
  // Those of a file that may be larger than memory stay there where they can.
  if (is_mapped(from) && are_neighbours(rows)) {
    to = from.rows(rows.front(), rows.back() + 1);
    return;
  }
  if (!to || to.shape()[0] != count || is_mapped(to))
    to = Tensor(from.shape().without_front().with_front(count), from.dtype());
  const std::size_t row_bytes = from.bytes() / static_cast<std::size_t>(from.shape()[0]);
  const auto* source = static_cast<const std::byte*>(from.view().raw());
  auto* target = static_cast<std::byte*>(to.view().raw());
  check_mapped(from);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto* row = source + static_cast<std::size_t>(rows[i]) * row_bytes;
    std::memcpy(target + i * row_bytes, row, row_bytes);
    done_with(row, row_bytes);
  }
}

// One list of each part: x, y, sample_weight or masks.
using Lists = std::vector<const TensorList*>;

Lists lists_of(const std::vector<Batch>& parts, TensorList Batch::*list) {
  Lists lists;
  for (const Batch& part : parts) lists.push_back(&(part.*list));
  return lists;
}

void check_counts(const Lists& lists, std::string_view name) {
  for (const TensorList* list : lists) {
    if (list->size() == lists.front()->size()) continue;
    throw Error(fmt::format("rows that belong into one batch have {} and {} tensors of {}",
                            lists.front()->size(), list->size(), name),
                "give the same tensors for every row");
  }
}

[[noreturn]] void refuse(const Tensor& first, const Tensor& other, std::string_view name,
                         std::string_view hint) {
  throw Error(fmt::format("rows of {} that belong into one batch have shapes {} and {}{}", name,
                          first.shape().without_front().to_string(),
                          other.shape().without_front().to_string(),
                          first.dtype() == other.dtype() ? "" : ", and different types"),
              std::string(hint));
}

// Tensor `index` of the lists, one below the other.
Tensor joined(const Lists& lists, std::size_t index, std::string_view name) {
  const Tensor& first = (*lists.front())[index];
  std::int64_t rows = 0;
  for (const TensorList* list : lists) {
    const Tensor& part = (*list)[index];
    if (part.dtype() != first.dtype() ||
        part.shape().without_front() != first.shape().without_front()) {
      refuse(first, part, name, "use padded_batch() or bucket_by_length() if lengths differ");
    }
    rows += part.shape()[0];
  }
  Tensor all(first.shape().without_front().with_front(rows), first.dtype());
  std::int64_t begin = 0;
  for (const TensorList* list : lists) {
    const Tensor& part = (*list)[index];
    copy(part, all.rows(begin, begin + part.shape()[0]));
    begin += part.shape()[0];
  }
  return all;
}

TensorList joined(const Lists& lists, std::string_view name) {
  check_counts(lists, name);
  std::vector<Tensor> all;
  for (std::size_t i = 0; i < lists.front()->size(); ++i) all.push_back(joined(lists, i, name));
  return all;
}

bool same_but_steps(const Tensor& a, const Tensor& b) {
  return a.dtype() == b.dtype() && a.shape().rank() == b.shape().rank() && a.shape().rank() >= 2 &&
         a.shape().without_front().without_front() == b.shape().without_front().without_front();
}

// Rows of `steps` steps; of tensors that have no steps, or that agree, as they are.
Tensor padded(const Lists& lists, std::size_t index, std::int64_t steps, std::string_view name) {
  const Tensor& first = (*lists.front())[index];
  std::int64_t rows = 0;
  for (const TensorList* list : lists) {
    const Tensor& part = (*list)[index];
    if (!same_but_steps(first, part)) {
      refuse(first, part, name, "only the first axis of a row, its steps, may differ");
    }
    rows += part.shape()[0];
  }
  const Shape step = first.shape().without_front().without_front();
  Tensor all(step.with_front(steps).with_front(rows), first.dtype());
  auto* target = static_cast<std::byte*>(all.view().raw());
  const std::size_t row_bytes = all.bytes() / static_cast<std::size_t>(rows);
  for (const TensorList* list : lists) {
    const Tensor& part = (*list)[index];
    const auto* source = static_cast<const std::byte*>(part.view().raw());
    const std::size_t bytes = part.bytes() / static_cast<std::size_t>(part.shape()[0]);
    for (std::int64_t row = 0; row < part.shape()[0]; ++row) {
      std::memcpy(target, source, bytes);
      target += row_bytes;
      source += bytes;
    }
  }
  return all;
}

// The most steps that a row of a tensor has; 0 if rows have no steps or all agree.
std::int64_t longest(const Lists& lists, std::size_t index) {
  const Shape first = (*lists.front())[index].shape();
  if (first.rank() < 2) return 0;
  std::int64_t steps = first[1];
  bool differ = false;
  for (const TensorList* list : lists) {
    const Shape& shape = (*list)[index].shape();
    if (shape.rank() < 2) return 0;
    differ = differ || shape[1] != first[1];
    steps = std::max(steps, shape[1]);
  }
  return differ ? steps : 0;
}

// True where a step of x[0] is a row's own: by the mask that a part has, or all of its steps.
Tensor mask_of(const std::vector<Batch>& parts, std::int64_t rows, std::int64_t steps) {
  Tensor mask({rows, steps}, DType::boolean);
  auto* row = mask.as<std::uint8_t>();
  for (const Batch& part : parts) {
    const Shape& shape = part.x[0].shape();
    const std::uint8_t* own = part.masks.empty() ? nullptr : part.masks[0].as<std::uint8_t>();
    for (std::int64_t i = 0; i < shape[0]; ++i, row += steps) {
      if (own == nullptr) {
        std::fill_n(row, shape[1], std::uint8_t{1});
      } else {
        std::copy_n(own + i * shape[1], shape[1], row);
      }
    }
  }
  return mask;
}

}  // namespace

void gather_rows(const TensorList& from, std::span<const std::int64_t> rows, TensorList& to) {
  if (to.size() != from.size()) to = std::vector<Tensor>(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) gather_rows(from[i], rows, to[i]);
}

void gather_rows(const Batch& from, std::span<const std::int64_t> rows, Batch& to) {
  gather_rows(from.x, rows, to.x);
  gather_rows(from.y, rows, to.y);
  gather_rows(from.sample_weight, rows, to.sample_weight);
  gather_rows(from.masks, rows, to.masks);
}

Batch join_rows(const std::vector<Batch>& parts) {
  if (parts.size() == 1) return parts.front();
  return {joined(lists_of(parts, &Batch::x), "x"), joined(lists_of(parts, &Batch::y), "y"),
          joined(lists_of(parts, &Batch::sample_weight), "sample_weight"),
          joined(lists_of(parts, &Batch::masks), "masks")};
}

Batch join_padded(const std::vector<Batch>& parts) {
  Batch all;
  const auto join = [&](TensorList Batch::*list, std::string_view name) {
    const Lists lists = lists_of(parts, list);
    check_counts(lists, name);
    std::vector<Tensor> tensors;
    for (std::size_t i = 0; i < lists.front()->size(); ++i) {
      const std::int64_t steps = longest(lists, i);
      tensors.push_back(steps == 0 ? joined(lists, i, name) : padded(lists, i, steps, name));
    }
    all.*list = std::move(tensors);
  };
  join(&Batch::x, "x");
  join(&Batch::y, "y");
  join(&Batch::sample_weight, "sample_weight");
  const Shape& shape = all.x[0].shape();
  const bool has_masks = std::any_of(parts.begin(), parts.end(), [&](const Batch& part) {
    return !part.masks.empty() || (shape.rank() >= 2 && part.x[0].shape()[1] < shape[1]);
  });
  if (has_masks) all.masks = TensorList({mask_of(parts, shape[0], shape[1])});
  return all;
}

}  // namespace chronicler
