/*
 * What we ask of the compiler beyond C17; lib, which may not look up here, needs it too.
 */
#pragma once
#include "lib/compiler.h"
