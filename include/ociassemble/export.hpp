// SPDX-License-Identifier: Apache-2.0
#pragma once

// Marks what the shared library offers; every other symbol of it is hidden.
#if defined(__GNUC__)
#define OCIASSEMBLE_EXPORT __attribute__((visibility("default")))
#else
#define OCIASSEMBLE_EXPORT
#endif
