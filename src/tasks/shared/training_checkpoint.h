// What an interrupted training of a task goes on from: one file.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "chronicler/base/error.h"
#include "chronicler/base/tensor.h"
#include "chronicler/model/model.h"

namespace chronicler::tasks {

// Seconds from one to the next: what a killed training may lose.
inline constexpr double checkpoint_seconds = 30.0;

struct TrainingCheckpoint {
  std::string identity;  // of data and options: the checkpoint of another run is refused
  std::map<std::string, double> numbers;
  std::vector<Tensor> tensors;  // besides the model's weights and its optimizer's variables
};

// The refusal of a checkpoint: tells the parts in which two identities, "lstm, seed 1", differ.
Error another_run(const std::string& path, const std::string& then, const std::string& now);

// The model is compiled and its optimizer built. The file is whole or absent.
void save_checkpoint(const std::string& path, const TrainingCheckpoint& checkpoint, Model& model);

// False if there is no file. Else weights, optimizer and dropout of the model are as they were, and
// numbers and tensors those of the file. Throws Error for a file of another identity.
bool restore_checkpoint(const std::string& path, TrainingCheckpoint& checkpoint, Model& model);

}  // namespace chronicler::tasks
