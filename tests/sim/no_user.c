/* User memory that no program has yet: whoever reaches for it gets EFAULT. */
#include "arch/mmu.h"
#include "arch/user_copy.h"
#include "core/panic.h"
#include "uapi/linux/errno.h"
#include "sim.h"

mmu_entry mmu_no_execute_bit = 1ull << 63;

void sim_mmu_init(void)
{
}

static noreturn void absent(const char *what)
{
	panic("%s: there are no address spaces here", what);
}

int mmu_space_init(struct mmu_space *space)
{
	(void)space;
	absent(__func__);
}

void mmu_space_fini(struct mmu_space *space)
{
	(void)space;
	absent(__func__);
}

void mmu_space_switch_irq_off(struct mmu_space *next)
{
	(void)next;
	absent(__func__);
}

int mmu_directory_entry_create(struct mmu_space *space, uintptr_t address, mmu_entry **out)
{
	(void)space, (void)address, (void)out;
	absent(__func__);
}

void mmu_flush_range(struct mmu_space *space, uintptr_t start, uintptr_t end)
{
	(void)space, (void)start, (void)end;
	absent(__func__);
}

void mmu_flush_space(struct mmu_space *space)
{
	(void)space;
	absent(__func__);
}

void mmu_flush_local(uintptr_t address)
{
	(void)address;
	absent(__func__);
}

int user_prefault(user_addr address, size_t size, bool write)
{
	(void)address, (void)size, (void)write;
	return -EFAULT;
}

size_t copy_from_user_partial(void *to, user_addr from, size_t size)
{
	(void)to, (void)from;
	return size;
}

size_t copy_to_user_partial(user_addr to, const void *from, size_t size)
{
	(void)to, (void)from;
	return size;
}

size_t copy_from_user_nofault(void *to, user_addr from, size_t size)
{
	(void)to, (void)from;
	return size;
}

size_t copy_to_user_nofault(user_addr to, const void *from, size_t size)
{
	(void)to, (void)from;
	return size;
}

size_t clear_user_partial(user_addr to, size_t size)
{
	(void)to;
	return size;
}

int copy_to_user(user_addr to, const void *from, size_t size)
{
	(void)to, (void)from, (void)size;
	return -EFAULT;
}

int get_user_u32(uint32_t *out, user_addr from)
{
	(void)out, (void)from;
	return -EFAULT;
}

int get_user_u32_nofault(uint32_t *out, user_addr from)
{
	(void)out, (void)from;
	return -EFAULT;
}

int put_user_u32(user_addr to, uint32_t value)
{
	(void)to, (void)value;
	return -EFAULT;
}

int put_user_pair(user_addr to, uint32_t first, uint32_t second)
{
	(void)to, (void)first, (void)second;
	return -EFAULT;
}

int put_user_triple(user_addr to, uint32_t first, uint32_t second, uint32_t third)
{
	(void)to, (void)first, (void)second, (void)third;
	return -EFAULT;
}

int user_word_compare_exchange(user_addr word, uint32_t expected, uint32_t desired, uint32_t *seen)
{
	(void)word, (void)expected, (void)desired, (void)seen;
	return -EFAULT;
}
