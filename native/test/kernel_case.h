// A random call of every kernel: sources, cuts, election, combination, output.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/kernel_types.h"
#include "test/random_source.h"

namespace tiesmith::test {

struct KernelCase {
  std::size_t element_count;
  TestSource base;
  std::vector<TestSource> models;
  std::vector<ModelInput> inputs;  // of `models`, in the same order
  Election election;
  Combination combination;
  Window trim_window;
  Window slack_window;
  Sampling sampling;
  Dtype output_dtype;
  bool saturate;
  std::vector<std::uint32_t> trim_lows;  // of brackets whose tops are the thresholds of the cuts
  std::uint32_t slack_low;
  bool has_not_finite;        // an input holds a NaN or an Inf: only the outcomes are defined
  std::size_t chunk_elements;  // a multiple of kBlockElements

  bool samples_everything() const { return sampling.run == sampling.stride; }
};

// The case as a draft has it: cuts that take none of the tied.
KernelCase with_brackets(const KernelCase&);

KernelCase random_case(Random&, std::size_t element_count, std::size_t model_count);

}  // namespace tiesmith::test
