// A formula as what runs: programs over blocks of numbers (kernels/block_program.h), and matrix
// products between them, in parts.
//
//   weights forward    what depends on weights alone: one row
//   input forward      what depends on x alone: all steps of a window at once
//   state forward      the rest, step by step
//   state backward, input backward, weights backward: the same the other way round
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "kernels/block_program.h"
#include "layers/formula/cell_formula.h"

namespace chronicler::formula {

// Memory that programs read and write: a row of numbers for each row of the batch (and each step).
struct Stream {
  enum class Kind : unsigned char {
    input,            // x
    state_before,     // by state
    state_after,      // by state, and last the output, if it is none of them
    kept,             // what the way back reads, of every step
    passing,          // what only the way forward reads
    gradient_after,   // by state, and last of the output
    gradient_before,  // by state
    gradient,         // what the way back makes at every step
    input_gradient,   // d Loss/d x
    row,              // one row: of weights. In the other parts a row of kernels::BlockPlace.
    row_gradient,     // one row: d Loss/d a row
  };
  Kind kind = Kind::passing;
  int index = 0;  // among those of its kind
  Width width = Width::units;
};
using StreamId = std::int16_t;

// to = start + from times a weight, row by row.
struct Product {
  int weight = 0;
  bool is_transposed = false;
  StreamId from = 0;
  StreamId to = 0;
  bool accumulates = false;  // starts from what is there; else from `row`
  int row = -1;              // -1: from 0
};

// Elementwise work on values of one width.
struct Code {
  std::vector<kernels::BlockInstruction> instructions;
  std::vector<double> numbers;
  std::int64_t scratch_blocks = 0;
  std::int64_t scratch_begin = 0;  // in the scratch of the whole program, in blocks

  kernels::BlockProgram program() const { return {instructions, numbers, scratch_blocks}; }
};

// Products of the same numbers with matrices of one shape, run together.
struct ProductGroup {
  std::size_t begin = 0;  // among the products
  std::size_t end = 0;
  std::int64_t index = 0;  // in the program
};

// First the code, then the products.
struct PartStep {
  Code of_units;
  Code of_features;
  std::vector<Product> products;
  std::vector<ProductGroup> groups;  // of all products, but transposed ones
};
using Part = std::vector<PartStep>;

struct Program {
  CellFormula formula;
  const void* identity = nullptr;  // the same for all programs of one text
  std::vector<Stream> streams;

  Part weights_forward, input_forward, state_forward;
  Part state_backward, weights_backward;
  Part input_backward[2];  // without and with d Loss/d x

  // d weight += from^T gradient, over all rows and steps.
  struct MatrixSum {
    int weight;
    StreamId from;
    StreamId gradient;
  };
  std::vector<MatrixSum> matrix_sums;      // those of a weight side by side
  std::vector<std::size_t> matrix_groups;  // where those of each weight begin, and the end
  // The row gradient of that index += all rows of a stream.
  struct RowSum {
    int row;
    StreamId gradient;
  };
  std::vector<RowSum> row_sums;
  // Which rows hold weights themselves, and where their gradients are in the end.
  struct WeightRow {
    int weight;
    StreamId stream;
  };
  std::vector<WeightRow> weight_rows;
  std::vector<WeightRow> weight_row_gradients;

  StreamId input = 0;
  StreamId input_gradient = 0;
  std::vector<StreamId> before, after;  // states; after also the output, if it is none of them
  std::vector<StreamId> gradients_before;
  std::vector<StreamId> gradients_after;      // of the states, and of the output
  std::vector<StreamId> rows, row_gradients;  // by index
  int output_state = -1;                      // the state that is the output; -1: none
  std::vector<int> unread_states;             // nothing flows back into them

  // Where a mask clears rows: values that matrix sums read, by what makes them, and gradients.
  std::vector<StreamId> input_factors, state_factors;
  std::vector<StreamId> state_gradients, input_gradients;

  std::array<const Part*, 7> parts() const;
  // The streams of a kind, by index.
  std::vector<StreamId> of_kind(Stream::Kind kind) const;
  std::int64_t scratch_blocks = 0;  // of all codes
  std::int64_t group_count = 0;
};

// Lays out a formula.
Program compile(CellFormula formula);

}  // namespace chronicler::formula
