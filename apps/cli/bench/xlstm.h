// What `chronicler bench xlstm` times: models::xlstm in TiRex's size, and MLSTM both ways.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace chronicler::cli::bench {

// One row: xLSTM-35M-1 and -64 (512 steps in, 128 out, so many series), MLSTM-256-T4096-B1 in
// chunks and, -steps, step by step.
struct XlstmShape {
  std::string id;
  std::string name;
  bool trains = false;  // a training step is timed, too
};
const std::vector<XlstmShape>& xlstm_shapes();

// What is timed, with data of its own.
struct XlstmRun {
  std::function<void()> train;  // empty where it is not timed
  std::function<void()> infer;
};
XlstmRun xlstm_run(const XlstmShape& shape);

}  // namespace chronicler::cli::bench
