// Model files: Model::save and its kin (declared in model.h) write them, load_model reads them.
//
//   .chronicler          Chronicler's own: layers, options and weights in one safetensors file, so
//                        that any safetensors reader finds the weights too
//   .weights.chronicler  the same without layers and options: for save_weights and load_weights
//   .keras, .weights.h5  Keras's own, both ways (keras.md sections 11 and 12): Keras 3.0 and later
//                        load what is written here. The optimizer's state comes along. HDF5 is read
//                        and written by code of our own, for the reasons in formats/hdf5_layout.h
//   .h5, .hdf5           Keras's old format, of Keras 2 too; read only
//
// A file either loads exactly or fails with one sentence that names the place: an unknown layer or
// option, a missing, left-over or misshapen weight, damage anywhere. Loading runs no code of the
// file, opens no other file, and takes memory in proportion to the file's size.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "chronicler/model/model.h"

namespace chronicler {

// The extensions of whole models that this build writes and reads: ".chronicler", ...
std::span<const std::string_view> model_file_extensions();

// The model in the file, built if it was built when it was saved. Throws Error.
std::unique_ptr<Model> load_model(const std::string& path);

}  // namespace chronicler
