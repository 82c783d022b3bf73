// SPDX-License-Identifier: Apache-2.0
// Isobar
#pragma once
#include <stddef.h>
#include <stdint.h>
