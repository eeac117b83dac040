/* The host has better tools to find names than we have. */
#include <stdio.h>
#include "core/symbols.h"

void symbol_format(char *buffer, size_t size, uintptr_t address)
{
	snprintf(buffer, size, "%#zx", (size_t)address);
}
