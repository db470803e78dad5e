// Model files: Model::save and its kin (declared in model.h) write them, load_model reads them.
//
//   .chronicler          Chronicler's own: layers, options and weights in one safetensors file, so
//                        that any safetensors reader finds the weights too
//   .weights.chronicler  the same without layers and options: for save_weights and load_weights
//   .keras, .weights.h5  Keras's own, both ways: read from Keras 2.12 on, and Keras 3.0 and later
//                        load what is written here. The optimizer's state comes along. HDF5 is read
//                        and written by code of our own, for the reasons in formats/hdf5_layout.h
//   .h5, .hdf5           Keras's old format, of Keras 1 and 2 too, with or without a model; read
//   only
//
// Formats are recognized by their first bytes, never by their names.
//
// A file either loads exactly or fails with one sentence that names the place: an unknown layer or
// option, a missing, left-over or misshapen weight, damage anywhere. Loading runs no code of the
// file, opens no other file, and takes memory in proportion to the file's size.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chronicler/model/model.h"

namespace chronicler {

// The extensions of whole models that this build writes and reads: ".chronicler", ...
std::span<const std::string_view> model_file_extensions();

// The model in the file, built if it was built when it was saved. Throws Error.
std::unique_ptr<Model> load_model(const std::string& path);

// What a file holds, whatever it is called. Throws Error for what is none of these.
enum class ModelFileContent : std::uint8_t {
  model,
  weights,       // alone: .weights.h5, what save_weights of Keras 1 and 2 wrote, .safetensors
  architecture,  // alone: what Keras's model.to_json() gives
};
ModelFileContent content_of(const std::string& path);

// The model of an architecture, or of a model file; its weights are zero. Throws Error if they
// would take up more than a gigabyte.
std::unique_ptr<Model> load_architecture(const std::string& path);
// The arrays of a file of weights alone, by its own names.
std::vector<std::pair<std::string, Tensor>> load_arrays(const std::string& path);

// The model that `like` holds, a model file or an architecture, with the weights of another file.
// Those with paths go by these, those by layer in the order of the layers, as in Keras; PyTorch's
// by the names of modules (safetensors_file.h). Throws Error for weights that are missing, left
// over or of another shape.
struct FilledModel {
  std::unique_ptr<Model> model;
  // Layers whose weights the file has under another name: that one, and the model's.
  std::vector<std::pair<std::string, std::string>> renamed = {};
};
FilledModel load_model_with_weights(const std::string& like, const std::string& weights);

}  // namespace chronicler
