// What a mapping takes of the page cache and gives back, seen by what the system has there.
#pragma once

#include "test/io/check.h"

namespace tiesmith::test {

void check_borrowed_ranges(Checks& checks);
void check_borrows(Checks& checks);
// Of whom the system does not tell what the page cache has.
void check_files_of_others(Checks& checks);

}  // namespace tiesmith::test
