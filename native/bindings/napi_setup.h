// The one place that includes node-addon-api, with every macro that it needs.
#pragma once

#ifndef NAPI_VERSION
#define NAPI_VERSION 8
#endif
#define NODE_ADDON_API_DISABLE_DEPRECATED
// A worker that is being torn down cannot take exceptions any more; that must not abort the process.
#define NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS
#ifndef NAPI_CPP_EXCEPTIONS
#define NAPI_CPP_EXCEPTIONS
#endif
#include <napi.h>
