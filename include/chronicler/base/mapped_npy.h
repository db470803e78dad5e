// Arrays in .npy files that are mapped instead of read: a Tensor of a file far larger than memory,
// whose numbers come from the file as they are used.
//
//   Tensor x = map_npy("x.npy");                      // (1, 10000000, 8): nothing is read yet
//   model.fit(x, map_npy("y.npy"), {.bptt = {256}});
//
// fit, evaluate and predict give pages back to the system behind themselves, so that such a run
// takes no more memory than one over short sequences. The files must stay as they are meanwhile:
// one that was cut or written to is an Error when its next part is asked for. (A file that is cut
// at the very moment in which a part of it is read ends the process by SIGBUS, as with every mapped
// file.)
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "chronicler/base/tensor.h"

namespace chronicler {

// The array as it lies in the file, which can only be read. It must be of float32, float64, int32
// or bool, in the order of C, and whole; others throw Error, as load_npy (which reads every kind)
// or `chronicler convert` make them once into what can be mapped.
Tensor map_npy(const std::string& path);

// The .npy files of a folder in the order of their names, and all of them mapped: sequences of
// different lengths for a SequenceList, for instance. Throw Error if there are none.
std::vector<std::string> npy_files(const std::string& folder);
std::vector<Tensor> map_npy_folder(const std::string& folder);

// A new .npy file, to be written through a Tensor: at its full size from the start, so that a full
// disk is an Error at once, and whole or absent: it has another name until finish().
class NpyOutput {
 public:
  // Throws Error if the file cannot be made.
  NpyOutput(const std::string& path, const Shape& shape, DType dtype = DType::float32);
  ~NpyOutput();
  NpyOutput(NpyOutput&&) noexcept;
  NpyOutput& operator=(NpyOutput&&) noexcept;

  // The elements, zero at first.
  const Tensor& tensor() const { return tensor_; }
  // Writes out what is not written yet and gives the file its name; the array, mapped. Without it
  // nothing is left of the file.
  Tensor finish();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
  Tensor tensor_;
};

// A new .npy file to which rows are added until there are no more; whole or absent, too.
class NpyRows {
 public:
  // `row`: the shape of one. Throws Error if the file cannot be made.
  NpyRows(const std::string& path, const Shape& row, DType dtype = DType::float32);
  ~NpyRows();
  NpyRows(NpyRows&&) noexcept;
  NpyRows& operator=(NpyRows&&) noexcept;

  // (n, ...) of that type. Throws Error if they are of another shape, or cannot be written.
  void append(const TensorView& rows);
  std::int64_t size() const;  // rows so far
  // Gives the file its name; without it nothing is left of it. as_sequence: with an axis of 1 in
  // front, as the steps of one sequence.
  void finish(bool as_sequence = false);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace chronicler
