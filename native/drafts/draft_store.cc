#include "drafts/draft_store.h"

#include <mutex>
#include <unordered_map>

namespace tiesmith {
namespace {

struct Store {
  std::mutex mutex;
  std::uint64_t next = 1;
  std::unordered_map<std::uint64_t, std::shared_ptr<Draft>> drafts;
};

// Never destroyed: threads may still end when the process's statics go.
Store& store() {
  static Store* const only = new Store;
  return *only;
}

}  // namespace

std::uint64_t keep_draft(std::shared_ptr<Draft> draft) {
  const std::lock_guard lock(store().mutex);
  const std::uint64_t number = store().next++;
  store().drafts.emplace(number, std::move(draft));
  return number;
}

std::shared_ptr<Draft> find_draft(std::uint64_t number) {
  const std::lock_guard lock(store().mutex);
  const auto found = store().drafts.find(number);
  return found == store().drafts.end() ? nullptr : found->second;
}

std::shared_ptr<Draft> take_draft(std::uint64_t number) {
  const std::lock_guard lock(store().mutex);
  const auto found = store().drafts.find(number);
  if (found == store().drafts.end()) return nullptr;
  std::shared_ptr<Draft> draft = std::move(found->second);
  store().drafts.erase(found);
  return draft;
}

}  // namespace tiesmith
