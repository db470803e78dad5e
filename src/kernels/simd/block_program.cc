// The fast block programs: the contract is kernels/block_program.h.
#include "kernels/block_program.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/block_program.cc"
#include "hwy/foreach_target.h"
// Highway's headers come after foreach_target.h.
#include "hwy/highway.h"

#include "kernels/readable_block.h"
#include "kernels/simd/activation-inl.h"
#include "kernels/simd/dispatch.h"
#include "kernels/simd/em1-inl.h"
#include "kernels/simd/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chronicler::kernels {
namespace HWY_NAMESPACE {

// One instruction over a block: where it reads and writes, and how many numbers.
struct Block {
  const float* a;
  const float* b;
  const float* c;
  float* to;
  std::int64_t count;
};

// to = function(a): whole vectors, then the rest.
template <class Function>
HWY_INLINE void each_of_one(const Block& block, const Function& function) {
  std::int64_t i = 0;
  for (; i + lanes <= block.count; i += lanes) {
    hn::StoreU(function(hn::LoadU(tag, block.a + i)), tag, block.to + i);
  }
  if (i == block.count) return;
  const std::int64_t rest = block.count - i;
  store_first(function(load_first(block.a + i, rest)), block.to + i, rest);
}

template <class Function>
HWY_INLINE void each_of_two(const Block& block, const Function& function) {
  std::int64_t i = 0;
  for (; i + lanes <= block.count; i += lanes) {
    const Vector value = function(hn::LoadU(tag, block.a + i), hn::LoadU(tag, block.b + i));
    hn::StoreU(value, tag, block.to + i);
  }
  if (i == block.count) return;
  const std::int64_t rest = block.count - i;
  const Vector value = function(load_first(block.a + i, rest), load_first(block.b + i, rest));
  store_first(value, block.to + i, rest);
}

template <class Function>
HWY_INLINE void each_of_three(const Block& block, const Function& function) {
  std::int64_t i = 0;
  for (; i + lanes <= block.count; i += lanes) {
    const Vector value = function(hn::LoadU(tag, block.a + i), hn::LoadU(tag, block.b + i),
                                  hn::LoadU(tag, block.c + i));
    hn::StoreU(value, tag, block.to + i);
  }
  if (i == block.count) return;
  const std::int64_t rest = block.count - i;
  const Vector value = function(load_first(block.a + i, rest), load_first(block.b + i, rest),
                                load_first(block.c + i, rest));
  store_first(value, block.to + i, rest);
}

// e^x as the square of e^(x/2), which neither overflows nor vanishes before e^x does.
HWY_INLINE Vector wide_exp(Vector x) {
  const Vector root = fine_exp_of(hn::Mul(x, hn::Set(tag, 0.5F)));
  return hn::Mul(root, root);
}
HWY_INLINE Vector elu_of(Vector x) {
  const Vector below = expm1_of(hn::Min(x, hn::Zero(tag)));
  return hn::IfThenElse(hn::Gt(x, hn::Zero(tag)), x, below);
}

// False: not one of those that have a form here.
HWY_INLINE bool activate_block(Activation activation, const Block& block) {
  switch (activation) {
    case Activation::relu:
      each_of_one(block, [](Vector x) { return at_least(0.0F, x); });
      return true;
    case Activation::tanh:
      each_of_one(block, [](Vector x) { return tanh_of(x); });
      return true;
    case Activation::sigmoid:
      each_of_one(block, [](Vector x) { return sigmoid_of(x); });
      return true;
    case Activation::hard_sigmoid:
      each_of_one(block, [](Vector x) { return activated(Activation::hard_sigmoid, x); });
      return true;
    case Activation::exponential:
      each_of_one(block, [](Vector x) { return wide_exp(x); });
      return true;
    case Activation::elu:
      each_of_one(block, [](Vector x) { return elu_of(x); });
      return true;
    default:
      return false;
  }
}

// The same backwards: of a only y = activation(a) counts, b, and c is dLoss/dy.
HWY_INLINE bool activate_block_back(Activation activation, const Block& block) {
  const Block of_output{block.b, block.c, nullptr, block.to, block.count};
  const auto with_slope = [&](Activation which) {
    each_of_two(of_output,
                [which](Vector y, Vector dy) { return hn::Mul(dy, slope(which, y, y)); });
  };
  switch (activation) {
    case Activation::relu:
      with_slope(Activation::relu);
      return true;
    case Activation::tanh:
      with_slope(Activation::tanh);
      return true;
    case Activation::sigmoid:
      with_slope(Activation::sigmoid);
      return true;
    case Activation::hard_sigmoid:
      each_of_two(of_output, [](Vector y, Vector dy) {
        const auto inside = hn::And(hn::Gt(y, hn::Zero(tag)), hn::Lt(y, hn::Set(tag, 1.0F)));
        return hn::IfThenElseZero(inside, hn::Mul(dy, hn::Set(tag, 1.0F / 6.0F)));
      });
      return true;
    case Activation::exponential:
      each_of_two(of_output, [](Vector y, Vector dy) { return hn::Mul(dy, y); });
      return true;
    case Activation::elu:
      each_of_two(of_output, [](Vector y, Vector dy) {
        const Vector one = hn::Set(tag, 1.0F);
        const auto above = hn::Gt(y, hn::Zero(tag));
        return hn::Mul(dy, hn::IfThenElse(above, one, hn::Add(y, one)));
      });
      return true;
    default:
      return false;
  }
}

HWY_INLINE void run_instruction(const BlockInstruction& instruction, const Block& block) {
  switch (instruction.op) {
    case BlockOp::copy:
      return each_of_one(block, [](Vector a) { return a; });
    case BlockOp::add:
      return each_of_two(block, [](Vector a, Vector b) { return hn::Add(a, b); });
    case BlockOp::subtract:
      return each_of_two(block, [](Vector a, Vector b) { return hn::Sub(a, b); });
    case BlockOp::multiply:
      return each_of_two(block, [](Vector a, Vector b) { return hn::Mul(a, b); });
    case BlockOp::divide:
      return each_of_two(block, [](Vector a, Vector b) { return hn::Div(a, b); });
    case BlockOp::multiply_add:
      return each_of_three(block, [](Vector a, Vector b, Vector c) { return hn::MulAdd(a, b, c); });
    case BlockOp::least:
      return each_of_two(block,
                         [](Vector a, Vector b) { return hn::IfThenElse(hn::Le(a, b), a, b); });
    case BlockOp::greatest:
      return each_of_two(block,
                         [](Vector a, Vector b) { return hn::IfThenElse(hn::Le(b, a), a, b); });
    case BlockOp::negate:
      return each_of_one(block, [](Vector a) { return hn::Neg(a); });
    case BlockOp::absolute:
      return each_of_one(block, [](Vector a) { return hn::Abs(a); });
    case BlockOp::square_root:
      return each_of_one(block, [](Vector a) { return hn::Sqrt(a); });
    case BlockOp::activate:
      if (activate_block(instruction.activation, block)) return;
      break;
    case BlockOp::activate_back:
      if (activate_block_back(instruction.activation, block)) return;
      break;
    case BlockOp::where_at_most:
      return each_of_three(
          block, [](Vector a, Vector b, Vector c) { return hn::IfThenElseZero(hn::Le(a, b), c); });
    case BlockOp::where_above:
      return each_of_three(
          block, [](Vector a, Vector b, Vector c) { return hn::IfThenElseZero(hn::Gt(a, b), c); });
    case BlockOp::signed_by: {
      const Block two{block.a, block.c, nullptr, block.to, block.count};
      return each_of_two(two, [](Vector a, Vector c) {
        const Vector zero = hn::Zero(tag);
        return hn::IfThenElse(hn::Gt(a, zero), c, hn::IfThenElseZero(hn::Lt(a, zero), hn::Neg(c)));
      });
    }
    case BlockOp::logarithm:
    case BlockOp::sine:
    case BlockOp::cosine:
      break;
  }
  readable_block(instruction, block.count, block.a, block.b, block.c, block.to);
}

void RunBlockProgram(const BlockProgram& program, const BlockMemory<float>& memory,
                     std::int64_t begin, std::int64_t end) {
  for (std::int64_t at = begin; at < end; at += block_size) {
    const std::int64_t in_row = at % memory.period;
    const auto place = [&](BlockPlace where) -> const float* {
      switch (where.kind) {
        case BlockPlace::Kind::none:
          return nullptr;
        case BlockPlace::Kind::scratch:
          return memory.scratch + where.index * block_size;
        case BlockPlace::Kind::stream:
          return memory.streams[where.index] + at;
        case BlockPlace::Kind::row:
          return memory.rows[where.index] + in_row;
      }
      return nullptr;
    };
    const std::int64_t count = smaller(block_size, end - at);
    for (const BlockInstruction& instruction : program.code) {
      run_instruction(instruction,
                      {place(instruction.a), place(instruction.b), place(instruction.c),
                       const_cast<float*>(place(instruction.to)), count});
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace chronicler::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chronicler::kernels {

CHRONICLER_EXPORT(RunBlockProgram);

template <>
void run_block_program<float>(const BlockProgram& program, const BlockMemory<float>& memory,
                              std::int64_t begin, std::int64_t end) {
  CHRONICLER_DISPATCH(RunBlockProgram)(program, memory, begin, end);
}

}  // namespace chronicler::kernels
#endif  // HWY_ONCE
