// Kernels on the GPU of the calling thread, through the driver and NVRTC, both opened when they are first wanted: the
// library needs no CUDA to be built or to be loaded.
#pragma once

#include <string>

#include "onnxruntime_abi.h"

// Runs a kernel of kernels.cu for an element type on a stream; throws std::runtime_error.
void Launch(const std::string& kernel, ElementType type, void* stream, unsigned blocks, unsigned threads,
            void** arguments);

// Waits until the GPU has done what it was given, unless the stream is being recorded; throws std::runtime_error.
void Wait(void* stream);
