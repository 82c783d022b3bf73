// SPDX-License-Identifier: Apache-2.0
// Isobar
#pragma once
#include <stddef.h>
#include <stdint.h>

// libFuzzer's own entry point; the library comes with -sanitize=fuzzer. An executable of a Swift package brings its own main, so libFuzzer's
// cannot be used, and this is what that one calls.
int LLVMFuzzerRunDriver(int *_Nonnull argc, char *_Nullable *_Nullable *_Nonnull argv,
                        int (*_Nonnull test)(const uint8_t *_Nullable data, size_t count));

// libFuzzer's own way to change an input, for mutators that only sometimes know better.
size_t LLVMFuzzerMutate(uint8_t *_Nonnull data, size_t count, size_t countMax);
