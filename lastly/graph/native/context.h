// One run of an operator: its inputs, its outputs, and the stream it belongs to. All throw std::runtime_error.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "onnxruntime_abi.h"

using Shape = std::vector<std::int64_t>;

inline void Check(const Api& api, OrtStatus* status) {
  if (!status) return;
  const std::string message = api.GetErrorMessage(status);
  api.ReleaseStatus(status);
  throw std::runtime_error(message);
}

struct Tensor {
  void* data = nullptr;  // null where an optional input is left out
  ElementType type = kAny;
  Shape shape;

  std::int64_t Rows() const {  // all axes but the last
    std::int64_t rows = 1;
    for (std::size_t axis = 0; axis + 1 < shape.size(); ++axis) rows *= shape[axis];
    return rows;
  }
};

class Context {
 public:
  Context(const Api& api, OrtKernelContext* context) : api_(api), context_(context) {}

  Tensor Input(std::size_t index) const {
    const OrtValue* value = nullptr;
    Check(api_, api_.KernelContextGetInput(context_, index, &value));
    Tensor tensor;
    if (!value) return tensor;
    Check(api_, api_.GetTensorMutableData(const_cast<OrtValue*>(value), &tensor.data));
    OrtTensorTypeAndShapeInfo* info = nullptr;
    Check(api_, api_.GetTensorTypeAndShape(value, &info));
    std::size_t axes = 0;
    OrtStatus* status = api_.GetDimensionsCount(info, &axes);
    tensor.shape.resize(axes);
    if (!status) status = api_.GetDimensions(info, tensor.shape.data(), axes);
    if (!status) status = api_.GetTensorElementType(info, &tensor.type);
    api_.ReleaseShape(info);
    Check(api_, status);
    return tensor;
  }

  void* Output(std::size_t index, const Shape& shape) const {
    OrtValue* value = nullptr;
    Check(api_, api_.KernelContextGetOutput(context_, index, shape.data(), shape.size(), &value));
    void* data = nullptr;
    Check(api_, api_.GetTensorMutableData(value, &data));
    return data;
  }

  void* Stream() const {
    void* stream = nullptr;
    Check(api_, api_.KernelContextGetStream(context_, &stream));
    return stream;
  }

 private:
  const Api& api_;
  OrtKernelContext* context_;
};
