// Runs the analysing kernels of a set over a case.
#pragma once

#include <vector>

#include "kernels/kernel_types.h"
#include "test/kernel_case.h"
#include "test/transcript.h"

namespace tiesmith::test {

// A chunk of a case: its first element, its inputs with cuts that know the ties before, its share of the slack cut.
struct AnalysedChunk {
  std::size_t first;
  ChunkInputs inputs;
  Cut slack;
};

// Where an analysing kernel names undecided elements.
struct UndecidedElements {
  std::size_t first = 0;  // of the chunk
  std::vector<std::uint32_t> elements;

  static void take(void* context, const std::uint32_t* elements, std::size_t count) noexcept {
    auto& record = *static_cast<UndecidedElements*>(context);
    for (std::size_t i = 0; i < count; ++i) record.elements.push_back(static_cast<std::uint32_t>(record.first + elements[i]));
  }
};

void record_analysis(Transcript&, const KernelTable&, const KernelCase&, const std::vector<AnalysedChunk>&);
// Of a case that has brackets.
void record_draft_analysis(Transcript&, const KernelTable&, const KernelCase&, const std::vector<AnalysedChunk>&);

}  // namespace tiesmith::test
