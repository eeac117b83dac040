/*
 * Stale bytes: whose memory is filled, and with what. The word is written last when arming and
 * first when it ends, so whoever sees one sees its thread.
 */
#include "core/stale.h"
#include "lib/string.h"

_Atomic(struct thread *) stale_thread;
atomic_uint stale_word;

void stale_arm(uint8_t byte)
{
	atomic_store(&stale_word, 0);
	atomic_store(&stale_thread, byte ? thread_current() : NULL);
	atomic_store(&stale_word, byte * 0x01010101u);
}

void stale_forget(struct thread *thread)
{
	if (atomic_load(&stale_thread) == thread)
		stale_arm(0);
}

void stale_fill_always(void *memory, size_t size)
{
	memset(memory, (int)(atomic_load(&stale_word) & 0xff), size);
}
