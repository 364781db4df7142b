// The merge methods one parameter at a time, from the definitions of docs/architecture.md: what every
// kernel set must do, the scalar one included.
#pragma once

#include <cstdint>
#include <vector>

#include "test/kernel_case.h"
#include "test/transcript.h"

namespace tiesmith::test {

// One parameter of all models after trim and vote.
struct Ballot {
  float base;
  std::vector<float> tau;
  std::vector<float> trimmed;
  std::vector<float> vote;  // of the rescaled
  float sum;
  int elected;  // -1, 0 or 1
};

// The ballots of the elements `visited`, in order: tied elements are counted among these alone.
std::vector<Ballot> cast_ballots(const KernelCase&, const std::vector<std::size_t>& visited);

// Elements that a sampling names.
std::vector<std::size_t> visited_elements(std::size_t element_count, const Sampling&);

// Whether model m was kept by trim and lost by the election. A vote of zero agrees with no sign.
bool is_discarded(const Ballot&, std::size_t m);

// What slack ranks by, as a key cut from the top; 0 unless the priority model was discarded here.
std::vector<std::uint32_t> loss_keys(const std::vector<Ballot>&, int priority);

std::vector<std::uint32_t> trim_keys(const KernelCase&, std::size_t m);

Transcript reference_transcript(const KernelCase&);

}  // namespace tiesmith::test
