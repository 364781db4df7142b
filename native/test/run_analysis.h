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

void record_analysis(Transcript&, const KernelTable&, const KernelCase&, const std::vector<AnalysedChunk>&);

}  // namespace tiesmith::test
