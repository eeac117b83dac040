/* Kernel memory from the host's malloc, so that the address sanitizer watches every object. */
#include <stdlib.h>
#include <string.h>
#include "host.h"
#include "mem/kmalloc.h"

void *kmalloc(size_t size, enum frame_alloc_flags flags)
{
	void *object;

	if (size > KMALLOC_LIMIT || host_allocation_fails())
		return NULL;
	object = malloc(size ? size : 1);
	if (!object)
		abort();
	/* Uninitialised memory is never zero by chance. */
	memset(object, flags & FRAME_ALLOC_ZEROED ? 0 : 0xa5, size);
	host_count_allocation(1);
	return object;
}

void *kzalloc(size_t size, enum frame_alloc_flags flags)
{
	return kmalloc(size, flags | FRAME_ALLOC_ZEROED);
}

void *kmalloc_array(size_t count, size_t size, enum frame_alloc_flags flags)
{
	size_t bytes;

	return __builtin_mul_overflow(count, size, &bytes) ? NULL : kmalloc(bytes, flags);
}

void kfree(void *object)
{
	if (object)
		host_count_allocation(-1);
	free(object);
}

char *kstrdup(const char *string, enum frame_alloc_flags flags)
{
	size_t size = strlen(string) + 1;
	char *copy = kmalloc(size, flags & ~FRAME_ALLOC_ZEROED);

	return copy ? memcpy(copy, string, size) : NULL;
}
