// The fused passes of the reference: results, rounding, overflow and counts.
#pragma once

#include <cstdint>
#include <vector>

#include "test/kernel_case.h"
#include "test/transcript.h"

namespace tiesmith::test {

float value_at(const TestSource&, std::size_t element);

// Of a case that has brackets: the elements that one of them holds, by a task vector, or by the loss that is left when
// no tie is taken.
std::vector<std::uint32_t> undecided_elements(const KernelCase& drafted);

void record_linear(Transcript&, const KernelCase&);
void record_task(Transcript&, const KernelCase&);
void record_ties(Transcript&, const KernelCase&);
void record_draft(Transcript&, const KernelCase&);

}  // namespace tiesmith::test
