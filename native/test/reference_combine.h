// The fused passes of the reference: results, rounding, overflow and counts.
#pragma once

#include "test/kernel_case.h"
#include "test/transcript.h"

namespace tiesmith::test {

float value_at(const TestSource&, std::size_t element);

void record_linear(Transcript&, const KernelCase&);
void record_task(Transcript&, const KernelCase&);
void record_ties(Transcript&, const KernelCase&);
void record_draft(Transcript&, const KernelCase&);

}  // namespace tiesmith::test
