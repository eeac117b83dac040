/*
 * From an address in the kernel to the name of its function.
 */
#include "core/symbols.h"
#include "lib/format.h"

/* Made by tools/symbols from the linked kernel: functions in order of their addresses. */
extern const uint32_t symbol_count;
extern const uint32_t symbol_addresses[];
extern const uint32_t symbol_name_offsets[];
extern const char symbol_names[];

/* Where the last function ends is not in the table. */
enum { LAST_FUNCTION_SIZE = 4096 };

bool symbol_find(uintptr_t address, const char **name, size_t *offset)
{
	size_t low = 0;			/* symbols below `low` begin at or before the address */
	size_t high = symbol_count;	/* symbols from `high` on begin after it */

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (symbol_addresses[middle] <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return false;
	if (low == symbol_count && address - symbol_addresses[low - 1] >= LAST_FUNCTION_SIZE)
		return false;
	*name = symbol_names + symbol_name_offsets[low - 1];
	*offset = address - symbol_addresses[low - 1];
	return true;
}

void symbol_format(char *buffer, size_t size, uintptr_t address)
{
	const char *name;
	size_t offset;

	if (symbol_find(address, &name, &offset))
		snprintf(buffer, size, "%s+%#zx", name, offset);
	else
		snprintf(buffer, size, "%#zx", (size_t)address);
}
