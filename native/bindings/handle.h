// JS objects that own a shared native object. Type-tagged, so that a wrong handle is an error and not a crash.
#pragma once

#include <memory>

#include "bindings/napi_setup.h"

namespace tiesmith {

template <class T>
struct HandleTag;  // specialised with `static constexpr napi_type_tag value` and `name`

template <class T>
Napi::Object make_handle(Napi::Env env, std::shared_ptr<T> native) {
  auto object = Napi::Object::New(env);
  auto* owner = new std::shared_ptr<T>(std::move(native));
  const auto release = [](napi_env, void* data, void*) { delete static_cast<std::shared_ptr<T>*>(data); };
  if (napi_wrap(env, object, owner, release, nullptr, nullptr) != napi_ok) {
    delete owner;
    throw Napi::Error::New(env);
  }
  napi_type_tag_object(env, object, &HandleTag<T>::value);
  return object;
}

// The handle's owner; `value` must be a handle of T that is still open.
template <class T>
std::shared_ptr<T>& owner_of(Napi::Env env, const Napi::Value& value) {
  bool matches = false;
  if (value.IsObject()) napi_check_object_type_tag(env, value, &HandleTag<T>::value, &matches);
  void* data = nullptr;
  if (!matches || napi_unwrap(env, value, &data) != napi_ok)
    throw Napi::TypeError::New(env, std::string("Expected a handle of ") + HandleTag<T>::name);
  return *static_cast<std::shared_ptr<T>*>(data);
}

template <class T>
std::shared_ptr<T> native_of(Napi::Env env, const Napi::Value& value) {
  std::shared_ptr<T> native = owner_of<T>(env, value);
  if (native == nullptr) throw Napi::TypeError::New(env, std::string(HandleTag<T>::name) + " is closed");
  return native;
}

}  // namespace tiesmith
