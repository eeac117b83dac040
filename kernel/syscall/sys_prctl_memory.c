/*
 * prctl's PR_SET_MM: a program says where its parts lie (vm/marks.c), one by one, which takes a
 * privilege, or all at once.
 *
 * Another executable (PR_SET_MM_EXE_FILE) cannot be named.
 */
#include "arch/user_copy.h"
#include "lib/string.h"
#include "proc/process.h"
#include "syscall/sys_internal.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "vfs/credentials.h"
#include "vm/mmap.h"

/* 1 to 11 are single marks. */
enum { SET_MM_AUXV = 12, SET_MM_MAP = 14, SET_MM_MAP_SIZE = 15 };

/* struct prctl_mm_map: all of them, in another order. */
struct linux_mm_map {
	uint64_t code_start, code_end, data_start, data_end, brk_start, brk_end, stack_start;
	uint64_t arguments_start, arguments_end, environment_start, environment_end;
	uint32_t auxv, auxv_size;	/* bytes; 0: stays */
	int32_t executable;		/* -1: stays */
};
_Static_assert(sizeof(struct linux_mm_map) == 100, "struct prctl_mm_map");

static int set_auxv(struct address_space *space, user_addr from, size_t size)
{
	uint32_t words[ADDRESS_SPACE_AUXV_WORDS] = { 0 };

	if (size > sizeof(words))
		return -EINVAL;
	if (copy_from_user(words, from, size))
		return -EFAULT;
	/* It ends, whatever they say. */
	words[ADDRESS_SPACE_AUXV_WORDS - 2] = words[ADDRESS_SPACE_AUXV_WORDS - 1] = 0;
	vm_set_auxv(space, words);
	return 0;
}

/* Errors: -EINVAL: a mark beyond all addresses. */
static int get_marks(const struct linux_mm_map *map, uintptr_t marks[MARK_COUNT])
{
	const uint64_t wide[MARK_COUNT] = {
		[MARK_CODE_START] = map->code_start,
		[MARK_CODE_END] = map->code_end,
		[MARK_DATA_START] = map->data_start,
		[MARK_DATA_END] = map->data_end,
		[MARK_STACK_START] = map->stack_start,
		[MARK_BRK_START] = map->brk_start,
		[MARK_BRK_END] = map->brk_end,
		[MARK_ARGUMENTS_START] = map->arguments_start,
		[MARK_ARGUMENTS_END] = map->arguments_end,
		[MARK_ENVIRONMENT_START] = map->environment_start,
		[MARK_ENVIRONMENT_END] = map->environment_end,
	};

	for (unsigned int i = 0; i < MARK_COUNT; i++) {
		marks[i] = (uintptr_t)wide[i];
		if (wide[i] > UINTPTR_MAX)
			return -EINVAL;
	}
	return 0;
}

static int set_map(struct address_space *space, user_addr from, size_t size,
		   const struct vm_limits *limits)
{
	uintptr_t marks[MARK_COUNT];
	struct linux_mm_map map;
	int error;

	if (size != sizeof(map))
		return -EINVAL;
	if (copy_from_user(&map, from, sizeof(map)))
		return -EFAULT;
	error = get_marks(&map, marks);
	if (!error && map.auxv_size &&
	    (!map.auxv || map.auxv_size > ADDRESS_SPACE_AUXV_WORDS * sizeof(uint32_t)))
		error = -EINVAL;
	if (!error && map.executable != -1)
		error = credentials_capable(credentials_current(), CAP_CHECKPOINT_RESTORE) ||
					credentials_capable(credentials_current(), CAP_SYS_ADMIN)
				? -EINVAL
				: -EPERM;
	if (!error)
		error = vm_set_marks(space, marks, limits);
	if (!error && map.auxv_size)
		error = set_auxv(space, user_addr_from(map.auxv), map.auxv_size);
	return error;
}

int syscall_prctl_memory(uintptr_t what, uintptr_t address, uintptr_t size, uintptr_t fifth)
{
	struct process *process = process_current();
	bool takes_size = what == SET_MM_AUXV || what == SET_MM_MAP || what == SET_MM_MAP_SIZE;
	user_addr pointer = user_addr_from(address);
	struct vm_limits limits;

	if (fifth || (size && !takes_size))
		return -EINVAL;
	process_vm_limits(process, &limits);
	if (what == SET_MM_MAP_SIZE)
		return put_user_u32(pointer, sizeof(struct linux_mm_map));
	if (what == SET_MM_MAP)
		return set_map(process->space, pointer, size, &limits);
	if (!credentials_capable(credentials_current(), CAP_SYS_RESOURCE))
		return -EPERM;
	if (what == SET_MM_AUXV)
		return set_auxv(process->space, pointer, size);
	if (what < 1 || what > MARK_COUNT)
		return -EINVAL;
	return vm_set_mark(process->space, (enum address_space_mark)(what - 1), address, &limits);
}
