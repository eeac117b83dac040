/*
 * Marks: where the parts of a program lie in its address space, from its code to its environment.
 *
 * exec sets them. A program may say otherwise (prctl's PR_SET_MM): one that was put together anew
 * from a checkpoint, or that shows what it does in /proc/PID/cmdline. Nothing here moves memory,
 * but brk() goes on from where its marks are.
 */
#include "uapi/linux/errno.h"
#include "vm/internal.h"

static uintptr_t *mark_in(struct address_space *space, enum address_space_mark which)
{
	switch (which) {
	case MARK_CODE_START:
		return &space->code_start;
	case MARK_CODE_END:
		return &space->code_end;
	case MARK_DATA_START:
		return &space->data_start;
	case MARK_DATA_END:
		return &space->data_end;
	case MARK_STACK_START:
		return &space->stack_start;
	case MARK_BRK_START:
		return &space->brk_start;
	case MARK_BRK_END:
		return &space->brk_end;
	case MARK_ARGUMENTS_START:
		return &space->arguments_start;
	case MARK_ARGUMENTS_END:
		return &space->arguments_end;
	case MARK_ENVIRONMENT_START:
		return &space->environment_start;
	default:
		return &space->environment_end;
	}
}

/* Errors: -EINVAL. */
static int check(const uintptr_t marks[MARK_COUNT], const struct vm_limits *limits)
{
	for (unsigned int i = 0; i < MARK_COUNT; i++) {
		if (marks[i] < VM_MAP_MIN || marks[i] >= USER_END)
			return -EINVAL;
	}
	if (marks[MARK_CODE_START] >= marks[MARK_CODE_END] ||
	    marks[MARK_DATA_START] > marks[MARK_DATA_END] ||
	    marks[MARK_BRK_START] > marks[MARK_BRK_END] ||
	    marks[MARK_ARGUMENTS_START] > marks[MARK_ARGUMENTS_END] ||
	    marks[MARK_ENVIRONMENT_START] > marks[MARK_ENVIRONMENT_END])
		return -EINVAL;
	if ((uint64_t)(marks[MARK_BRK_END] - marks[MARK_BRK_START]) +
		    (marks[MARK_DATA_END] - marks[MARK_DATA_START]) >
	    limits->data_size)
		return -EINVAL;
	return 0;
}

int vm_set_marks(struct address_space *space, const uintptr_t marks[MARK_COUNT],
		 const struct vm_limits *limits)
{
	int error = check(marks, limits);

	if (error)
		return error;
	rwlock_write_lock(&space->lock);
	for (unsigned int i = 0; i < MARK_COUNT; i++)
		*mark_in(space, (enum address_space_mark)i) = marks[i];
	rwlock_write_unlock(&space->lock);
	return 0;
}

/* What is looked for in memory must be there: the stack, arguments, environment. */
static bool must_be_mapped(enum address_space_mark which)
{
	return which == MARK_STACK_START || which >= MARK_ARGUMENTS_START;
}

int vm_set_mark(struct address_space *space, enum address_space_mark which, uintptr_t address,
		const struct vm_limits *limits)
{
	uintptr_t marks[MARK_COUNT];
	int error;

	rwlock_write_lock(&space->lock);
	for (unsigned int i = 0; i < MARK_COUNT; i++)
		marks[i] = *mark_in(space, (enum address_space_mark)i);
	marks[which] = address;
	error = check(marks, limits);
	/* As on Linux it is enough that something lies above. */
	if (!error && must_be_mapped(which) && !region_find_from(space, address))
		error = -EFAULT;
	if (!error)
		*mark_in(space, which) = address;
	rwlock_write_unlock(&space->lock);
	return error;
}

void vm_set_auxv(struct address_space *space, const uint32_t words[ADDRESS_SPACE_AUXV_WORDS])
{
	rwlock_write_lock(&space->lock);
	for (unsigned int i = 0; i < ADDRESS_SPACE_AUXV_WORDS; i++)
		space->saved_auxv[i] = words[i];
	rwlock_write_unlock(&space->lock);
}
