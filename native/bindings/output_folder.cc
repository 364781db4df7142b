// Functions on the place of an output: its lock, and the exchange with the folder that it replaces.
#include "bindings/addon.h"
#include "io/output_folder.h"

namespace tiesmith {
namespace {

int descriptor_argument(const Napi::CallbackInfo& info) {
  const double value = info[0].IsNumber() ? info[0].As<Napi::Number>().DoubleValue() : -1;
  if (!(value >= 0 && value <= 0x7fffffff))
    throw Napi::TypeError::New(info.Env(), "Expected descriptor to be a whole number from 0");
  return static_cast<int>(value);
}

using Ask = LockState (*)(int, SystemError&);

Napi::Value answer(const Napi::CallbackInfo& info, Ask ask, LockState yes) {
  SystemError error;
  const LockState state = ask(descriptor_argument(info), error);
  if (error) throw_system_error(info.Env(), error, "the lock file");
  return Napi::Boolean::New(info.Env(), state == yes);
}

// tryLock(descriptor) -> whether the lock is ours now
Napi::Value lock(const Napi::CallbackInfo& info) { return answer(info, try_lock, LockState::free); }

// isLocked(descriptor) -> whether another open file has the lock
Napi::Value is_locked(const Napi::CallbackInfo& info) { return answer(info, lock_state, LockState::held); }

// exchangePaths(a, b) -> whether they were swapped
Napi::Value exchange(const Napi::CallbackInfo& info) {
  if (!info[0].IsString() || !info[1].IsString())
    throw Napi::TypeError::New(info.Env(), "Expected two paths to be strings");
  const std::string a = info[0].As<Napi::String>(), b = info[1].As<Napi::String>();
  SystemError error;
  const bool done = exchange_paths(a, b, error);
  if (error) throw_system_error(info.Env(), error, b);
  return Napi::Boolean::New(info.Env(), done);
}

}  // namespace

void define_output_functions(Napi::Env env, Napi::Object exports) {
  exports.Set("tryLock", Napi::Function::New(env, lock, "tryLock"));
  exports.Set("isLocked", Napi::Function::New(env, is_locked, "isLocked"));
  exports.Set("exchangePaths", Napi::Function::New(env, exchange, "exchangePaths"));
}

}  // namespace tiesmith
