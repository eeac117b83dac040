/*
 * The kernel's own symbol table, linked in by the build (tools/symbols).
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The function that contains `address`, and how far into it. False: not in kernel text. */
bool symbol_find(uintptr_t address, const char **name, size_t *offset);

/* "function+0x12" into `buffer`, or the bare address in hexadecimal. */
void symbol_format(char *buffer, size_t size, uintptr_t address);
