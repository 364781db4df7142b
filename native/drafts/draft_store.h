// Drafts of the process by number: one thread drafts a chunk, and another may finish it.
#pragma once

#include <cstdint>
#include <memory>

#include "drafts/draft.h"

namespace tiesmith {

// All thread-safe. Numbers are never used again.
std::uint64_t keep_draft(std::shared_ptr<Draft> draft);
// Null if the number is not that of a draft that is kept.
std::shared_ptr<Draft> find_draft(std::uint64_t number);
// As find_draft, and forgets the draft: of several callers one gets it.
std::shared_ptr<Draft> take_draft(std::uint64_t number);

}  // namespace tiesmith
