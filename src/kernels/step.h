// One step of one sequence: what a live stream computes. float32 only.
//
// The same sums in the same order as the kernels for whole sequences: a stream and a prediction
// agree bit for bit. None of these allocates, throws, locks or starts a thread, but for the
// functions that lay weights out.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/activation.h"
#include "kernels/heads.h"

namespace chronicler::kernels {

// A row times a matrix whose columns were laid out for it: out[n] = bias[n] + sum_k a[k] A[k][n] +
// sum_k b[k] B[k][n].
struct StepProduct {
  std::int64_t a_size = 0;
  std::int64_t b_size = 0;
  std::int64_t columns = 0;  // a multiple of lanes: what lies beyond the matrix is zero
  std::int64_t lanes = 0;    // step_lanes of what matters
  std::int64_t group = 0;    // step_group: vectors whose weights lie together
  HeadRows heads;       // of a cell with heads: a group of its units reads b_size = heads.rows of h
  bool halves = false;  // weights rounded to bfloat16: half as much to read
  const float* packed = nullptr;  // step_product_size(*this) numbers, written by pack_step_product
  const float* bias = nullptr;    // [columns]
};
// Numbers in a vector for a product or a cell of `size` columns or units: those of the running
// instruction set, or fewer.
std::int64_t step_lanes(std::int64_t size);
// For vectors of so many numbers: those that are summed together, in a cell of `sums` sums a unit
// or (1) a plain product.
std::int64_t step_group(std::int64_t lanes, std::int64_t sums);
std::int64_t step_product_size(const StepProduct& product);
// The nearest number whose last 16 bits are 0; of two, the one whose last bit is 0.
float rounded_to_bfloat16(float x);
// A matrix to be packed: [k][ld], of which columns[n] is the place of column n; -1: zeros.
struct StepMatrix {
  const float* data = nullptr;
  std::int64_t ld = 0;
  const std::int64_t* columns = nullptr;  // [columns]
  // Of a cell with heads, [units of a head][ld], where place n is that of unit n % units.
  HeadRows heads;
};
void pack_step_product(const StepProduct& product, const StepMatrix& a, const StepMatrix& b,
                       float* packed);
// b and B may be absent (b_size 0). out [columns].
void run_step_product(const StepProduct& product, const float* a, const float* b, float* out);

// One step of a cell. Sums come in blocks of product.lanes units with all sums of a block side by
// side, [block][sum][lane]; LSTM: i f c o; SLSTM as LSTM; GRU (reset_after): z r, x's
// and h's part of the candidate; SimpleRNN: one. The product's rows are x and hidden.
struct StepCell {
  std::int64_t units = 0;
  Activation activation = Activation::tanh;
  Activation recurrent_activation = Activation::sigmoid;
  StepProduct product;
  bool exponential_forget = false;  // SLSTM
  float* sums = nullptr;            // [product.columns]  scratch
  float* hidden = nullptr;          // [units, rounded up to whole vectors]  read and written
  float* cell = nullptr;            // [cells][as hidden]  the same: LSTM c, SLSTM c n m; else null
  std::int64_t cell_stride = 0;
  bool from_the_end = false;  // the order of the next step's blocks; changes no result
};
// The step for vectors of so many numbers, to be called again and again.
using CellStep = void (*)(StepCell& run, const float* x);
CellStep lstm_step(std::int64_t lanes);
CellStep gru_step(std::int64_t lanes);
CellStep slstm_step(std::int64_t lanes);
CellStep simple_rnn_step(std::int64_t lanes);

}  // namespace chronicler::kernels
