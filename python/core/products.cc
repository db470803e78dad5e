// Matrix products for operations of Python: the same bits for any number of threads, and no threads
// of another library that wait in turns with those of the runtime.
#include <nanobind/nanobind.h>

#include <algorithm>
#include <cstdint>

#include "bindings.h"
#include "chronicler/base/error.h"
#include "chronicler/base/runtime.h"
#include "convert.h"
#include "kernels/gemm.h"

namespace chronicler::python {
namespace {

// Below it, threads and the interpreter's lock cost more than they give.
constexpr std::int64_t small_product = 1 << 18;

struct Sizes {
  std::int64_t rows, columns, depth;
};

Sizes sizes_of(const Tensor& a, const Tensor& b, bool a_turned, bool b_turned) {
  if (a.shape().rank() != 2 || b.shape().rank() != 2 || (a_turned && b_turned))
    throw Error("product: two matrices are needed, one of which may be turned");
  const Sizes sizes{a.shape()[a_turned ? 1 : 0], b.shape()[b_turned ? 0 : 1],
                    a.shape()[a_turned ? 0 : 1]};
  if (b.shape()[b_turned ? 1 : 0] != sizes.depth)
    throw Error("product: the matrices do not fit together");
  return sizes;
}

// Rows [begin, end) of the result. packed: b, if it is turned.
void multiply(const Sizes& sizes, const float* a, const float* b, const float* packed,
              bool a_turned, float* c, std::int64_t begin, std::int64_t end) {
  const std::int64_t n = sizes.columns;
  const std::int64_t k = sizes.depth;
  float* to = c + begin * n;
  if (a_turned)
    kernels::gemm_outer(end - begin, n, k, a + begin, sizes.rows, b, n, to, n);
  else if (packed != nullptr)
    kernels::gemm_packed(end - begin, n, k, a + begin * k, k, packed, to, n, kernels::Start::zero);
  else
    kernels::gemm(end - begin, n, k, a + begin * k, k, b, n, to, n, kernels::Start::zero);
}

Tensor computed(const Tensor& a, const Tensor& b, bool a_turned, bool b_turned) {
  const Sizes sizes = sizes_of(a, b, a_turned, b_turned);
  Tensor result({sizes.rows, sizes.columns});
  if (result.size() == 0 || sizes.depth == 0) return result;
  const FlushDenormals flush;
  Tensor packed;
  if (b_turned) {
    packed = Tensor({kernels::packed_size<float>(sizes.depth, sizes.columns)});
    kernels::pack(sizes.depth, sizes.columns, b.as<float>(), sizes.depth, true, packed.as<float>());
  }
  const float* panels = b_turned ? packed.as<float>() : nullptr;
  const auto part = [&](std::int64_t begin, std::int64_t end) {
    multiply(sizes, a.as<float>(), b.as<float>(), panels, a_turned, result.as<float>(), begin, end);
  };
  Runtime& runtime = Runtime::global();
  const std::int64_t work = sizes.rows * sizes.columns * sizes.depth;
  const std::int64_t tasks =
      work <= small_product ? 1 : std::min<std::int64_t>(runtime.threads(), sizes.rows);
  if (tasks == 1) {
    part(0, sizes.rows);
  } else {
    runtime.parallel(tasks, [&](std::int64_t task) {
      part(task * sizes.rows / tasks, (task + 1) * sizes.rows / tasks);
    });
  }
  return result;
}

// a b, a^T b or a b^T of float32 matrices.
nb::object product(nb::handle a, nb::handle b, bool a_turned, bool b_turned) {
  const Tensor first = to_tensor(a);
  const Tensor second = to_tensor(b);
  if (first.size() * (second.shape().rank() > 0 ? second.shape()[0] : 1) <= small_product)
    return to_array(computed(first, second, a_turned, b_turned));
  Tensor result;
  {
    const nb::gil_scoped_release others_may_run;
    result = computed(first, second, a_turned, b_turned);
  }
  return to_array(result);
}

}  // namespace

void bind_products(nb::module_& module) {
  module.def("product", &product, nb::arg("a"), nb::arg("b"), nb::arg("a_turned"),
             nb::arg("b_turned"));
}

}  // namespace chronicler::python
