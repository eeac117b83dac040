/*
 * /proc/PID/oom_score and oom_score_adj: how likely the process is to die when memory runs out.
 */
#include "fs/procfs/internal.h"
#include "lib/parse.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "vfs/credentials.h"

int procfs_show_oom_score(const struct procfs_subject *subject, struct procfs_text *text)
{
	procfs_print(text, "%u\n", process_out_of_memory_score(subject->process));
	return 0;
}

int procfs_show_oom_adjust(const struct procfs_subject *subject, struct procfs_text *text)
{
	procfs_print(text, "%d\n", atomic_load(&subject->process->out_of_memory_adjust));
	return 0;
}

/* Anybody may offer the process as a victim; who can save it also sets how far it may go back. */
ssize_t procfs_store_oom_adjust(const struct procfs_subject *subject, char *line, size_t size)
{
	bool may_save = credentials_capable(credentials_current(), CAP_SYS_RESOURCE);
	struct process *process = subject->process;
	int32_t value;

	if (parse_i32(line, size, 10, &value) || value < OUT_OF_MEMORY_SPARED || value > 1000)
		return -EINVAL;
	if (value < atomic_load(&process->out_of_memory_minimum) && !may_save)
		return -EACCES;
	atomic_store(&process->out_of_memory_adjust, value);
	if (may_save)
		atomic_store(&process->out_of_memory_minimum, value);
	return (ssize_t)size;
}
