// The equations of the gated cells for one vector of units, from their sums.
#if defined(CHRONICLER_KERNELS_SIMD_CELLS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CHRONICLER_KERNELS_SIMD_CELLS_INL_H_
#undef CHRONICLER_KERNELS_SIMD_CELLS_INL_H_
#else
#define CHRONICLER_KERNELS_SIMD_CELLS_INL_H_
#endif

#include "hwy/highway.h"

#include "kernels/simd/activation-inl.h"
#include "kernels/simd/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chronicler::kernels {
namespace HWY_NAMESPACE {

// c = s(zf) c' + s(zi) a(zc), h = s(zo) a(c). Sums: zi zf zc zo.
struct LstmUnits {
  Vector input_gate, forget_gate, new_value, output_gate, cell, hidden;

  template <class Pair>
  HWY_INLINE LstmUnits(const Pair& pair, Vector z_input, Vector z_forget, Vector z_new,
                       Vector z_output, Vector cell_before)
      : input_gate(pair.gate(z_input)),
        forget_gate(pair.gate(z_forget)),
        new_value(pair.inner(z_new)),
        output_gate(pair.gate(z_output)),
        cell(hn::MulAdd(forget_gate, cell_before, hn::Mul(input_gate, new_value))),
        hidden(hn::Mul(output_gate, pair.inner(cell))) {}

  template <class Pair>
  HWY_INLINE LstmUnits(const Pair& pair, const float* sums, Vector cell_before)
      : LstmUnits(pair, hn::LoadU(tag, sums), hn::LoadU(tag, sums + lanes),
                  hn::LoadU(tag, sums + 2 * lanes), hn::LoadU(tag, sums + 3 * lanes), cell_before) {
  }
};

// h = z h' + (1 - z) n
HWY_INLINE Vector next_hidden(Vector update_gate, Vector before, Vector new_value) {
  const Vector rest = hn::Sub(hn::Set(tag, 1.0F), update_gate);
  return hn::MulAdd(update_gate, before, hn::Mul(rest, new_value));
}

// reset_after: n = a(xh + r hh), h = z h' + (1 - z) n. Sums: z r xh hh.
struct GruUnits {
  Vector update_gate, reset_gate, kept, z_new, new_value, hidden;

  template <class Pair>
  HWY_INLINE GruUnits(const Pair& pair, Vector z_update, Vector z_reset, Vector of_input,
                      Vector of_hidden, Vector before)
      : update_gate(pair.gate(z_update)),
        reset_gate(pair.gate(z_reset)),
        kept(of_hidden),
        z_new(hn::MulAdd(reset_gate, kept, of_input)),
        new_value(pair.inner(z_new)),
        hidden(next_hidden(update_gate, before, new_value)) {}

  template <class Pair>
  HWY_INLINE GruUnits(const Pair& pair, const float* sums, Vector before)
      : GruUnits(pair, hn::LoadU(tag, sums), hn::LoadU(tag, sums + lanes),
                 hn::LoadU(tag, sums + 2 * lanes), hn::LoadU(tag, sums + 3 * lanes), before) {}
};

// The logarithm of a forget gate, sigmoid(z) or e^z, and its slope.
struct ForgetLog {
  Vector log, slope;

  HWY_INLINE ForgetLog(bool exponential, Vector z) : log(z), slope(hn::Set(tag, 1.0F)) {
    if (exponential) return;
    // log sigmoid(z) = min(z, 0) - log(1 + e^-|z|)
    const Vector one = hn::Set(tag, 1.0F);
    const Vector small = fine_exp_of(hn::Neg(hn::Abs(z)));
    log = hn::Sub(at_most(0.0F, z), log1p_of(small));
    slope = hn::Div(hn::IfThenElse(hn::Gt(z, hn::Zero(tag)), small, one), hn::Add(one, small));
  }
};

// The gates of an sLSTM (kernels/slstm.h): I and F, m, and dl/dzf.
struct SlstmGates {
  Vector input_gate, forget_gate, stabilizer, slope;

  HWY_INLINE SlstmGates(bool exponential_forget, Vector z_input, Vector z_forget,
                        Vector normalizer_before, Vector stabilizer_before) {
    const ForgetLog forget(exponential_forget, z_forget);
    slope = forget.slope;
    const Vector carried = hn::Add(forget.log, stabilizer_before);
    const auto is_first = hn::Eq(normalizer_before, hn::Zero(tag));
    const auto input_wins = hn::Or(is_first, hn::Lt(carried, z_input));
    stabilizer = hn::IfThenElse(input_wins, z_input, carried);
    input_gate = fine_exp_of(hn::Sub(z_input, stabilizer));
    forget_gate = fine_exp_of(at_most(0.0F, hn::Sub(carried, stabilizer)));
  }
};

// c = F c' + I a(zc), n = F n' + I, h = s(zo) c / n. Sums: zi zf zc zo.
struct SlstmUnits {
  SlstmGates gates;
  Vector new_value, output_gate, cell, normalizer, hidden;

  template <class Pair>
  HWY_INLINE SlstmUnits(const Pair& pair, bool exponential_forget, Vector z_input, Vector z_forget,
                        Vector z_new, Vector z_output, Vector cell_before, Vector normalizer_before,
                        Vector stabilizer_before)
      : gates(exponential_forget, z_input, z_forget, normalizer_before, stabilizer_before),
        new_value(pair.inner(z_new)),
        output_gate(pair.gate(z_output)),
        cell(hn::MulAdd(gates.forget_gate, cell_before, hn::Mul(gates.input_gate, new_value))),
        normalizer(hn::MulAdd(gates.forget_gate, normalizer_before, gates.input_gate)),
        hidden(hn::Mul(output_gate, hn::Div(cell, normalizer))) {}
};

}  // namespace HWY_NAMESPACE
}  // namespace chronicler::kernels
HWY_AFTER_NAMESPACE();

#endif
