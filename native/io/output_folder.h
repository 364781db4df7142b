// What makes a model folder appear safely: a lock that dies with its process, and the exchange of two folders.
#pragma once

#include <string>

#include "io/mapped_file.h"

namespace tiesmith {

// Of a lock that was asked for.
enum class LockState { free, held };

// Takes the exclusive lock of an open file (which must be open for writing), without waiting; `held` if another
// open file has it. It belongs to the open file: the kernel releases it when the last descriptor is closed, however
// the process ends. Over NFS it is the server's byte-range lock. `error` where the file system has no locks.
LockState try_lock(int descriptor, SystemError& error);

// Whether another open file has the lock, without taking it.
LockState lock_state(int descriptor, SystemError& error);

// Swaps two paths in one step. False where the system or the file system cannot, and nothing was done.
bool exchange_paths(const std::string& a, const std::string& b, SystemError& error);

}  // namespace tiesmith
