// The operators of the domain "lastly", each for the CPU (fp32) and for CUDA (fp16, bf16).
#pragma once

#include "context.h"

// Normalises and rotates the heads of a packed product.
//   inputs   qkv [batch, tokens, (heads + 2 * kv_heads) * dim], cos and sin [tokens, dim / 2] in fp32,
//            q_norm and k_norm [dim] in fp32 (optional: without them heads are not normalised)
//   outputs  queries, keys, values [batch, tokens, heads * dim]: keys and values once for each head of queries
class RotaryHeads {
 public:
  static constexpr const char* kName = "RotaryHeads";
  static constexpr std::size_t kInputs = 5, kRequiredInputs = 3, kOutputs = 3;

  RotaryHeads(const Api& api, const OrtKernelInfo* info);
  void ComputeOnCpu(const Context& context) const;
  void ComputeOnGpu(const Context& context) const;

 private:
  struct Call;
  Call Prepare(const Context& context) const;

  std::int64_t heads_ = 0, kv_heads_ = 0;
  float epsilon_ = 0;
};

// SiLU(gate) * up.
//   inputs   gate and up side by side [..., 2 * width]; width is a multiple of 8
//   outputs  [..., width]
class GatedSilu {
 public:
  static constexpr const char* kName = "GatedSilu";
  static constexpr std::size_t kInputs = 1, kRequiredInputs = 1, kOutputs = 1;

  GatedSilu(const Api&, const OrtKernelInfo*) {}
  void ComputeOnCpu(const Context& context) const;
  void ComputeOnGpu(const Context& context) const;
};
