// The kinds of operations, each in a source of its name (element_operation.cc ...).
#pragma once

#include <memory>

#include "layers/operations/operation_functions.h"
#include "layers/operations/operation_layer.h"

namespace chronicler {

using OperationPtr = std::shared_ptr<OperationLayer>;

OperationPtr element_operation(const OperationRow& row, const layers::OperationOptions& options,
                               const ElementFunction& function);
OperationPtr reduce_operation(const OperationRow& row, const layers::OperationOptions& options,
                              const ReduceFunction& function);
OperationPtr cast_operation(const OperationRow& row, const layers::OperationOptions& options);
OperationPtr line_operation(const OperationRow& row, const layers::OperationOptions& options);
OperationPtr reshape_operation(const OperationRow& row, const layers::OperationOptions& options);
OperationPtr select_operation(const OperationRow& row, const layers::OperationOptions& options);
OperationPtr join_operation(const OperationRow& row, const layers::OperationOptions& options);
OperationPtr matmul_operation(const OperationRow& row, const layers::OperationOptions& options);

}  // namespace chronicler
