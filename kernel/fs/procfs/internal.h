/*
 * procfs inside: entries, text files, and what a file is about.
 *
 * Every file and directory is described by a struct procfs_entry in a constant table; an inode
 * is an entry together with the process (and thread) it is about. Nothing is kept between two
 * opens: text is made when it is read.
 */
#pragma once
#include <stdarg.h>
#include "core/compiler.h"
#include "lib/list.h"
#include "proc/process.h"
#include "sched/mutex.h"
#include "vfs/file.h"
#include "vfs/inode.h"

struct fd_table;
struct procfs_text;

/* What an inode is about. References are the inode's. */
struct procfs_subject {
	struct process *process; /* NULL outside /proc/PID */
	process_id thread;	 /* /proc/PID/task/TID: its id; else 0 */
	int fd;			 /* /proc/PID/fd/N; else -1 */
};

/* A number that root may set (/proc/sys). */
struct procfs_setting {
	int (*get)(void);
	/* NULL: read-only. Errors: -EINVAL and others; nothing changed. May sleep. */
	int (*set)(int value);
};

struct procfs_entry {
	const char *name;
	file_mode mode; /* with type */
	uint32_t id;	/* [I] unique: lower bits of inode numbers */
	/*
	 * Regular files: make the whole text, or the piece from text->cursor on. Errors: -ESRCH,
	 * -EACCES, -ENOMEM. May sleep.
	 */
	int (*show)(const struct procfs_subject *subject, struct procfs_text *text);
	/*
	 * Regular files: what a write means; NULL: -EACCES at open or -EIO. `line` is
	 * terminated, without newline.
	 */
	ssize_t (*store)(const struct procfs_subject *subject, char *line, size_t size);
	/* Regular files: a number alone, instead of show and store. */
	const struct procfs_setting *setting;
	/* Regular files with bytes of their own (pagemap): instead of show. */
	const struct file_ops *file_ops;
	/*
	 * Directories: a constant table, ended by a NULL name; dynamic ones have ops of their
	 * own.
	 */
	const struct procfs_entry *children;
	const struct inode_ops *inode_ops;
	const struct file_ops *directory_ops;
	/* Links: the text, or the place itself (magic). */
	ssize_t (*read_link)(const struct procfs_subject *subject, char *buffer, size_t size);
	int (*follow_link)(const struct procfs_subject *subject, struct path *out);
	/* belongs to whoever may inspect the process, not to root */
	bool private_to_owner;
};

struct procfs_inode {
	struct inode inode;
	const struct procfs_entry *entry; /* [I] */
	struct procfs_subject subject;	  /* [I] */
};

static inline struct procfs_inode *procfs_inode(struct inode *inode)
{
	return container_of(inode, struct procfs_inode, inode);
}

static inline const struct procfs_subject *procfs_subject(const struct file *file)
{
	return &procfs_inode(file->inode)->subject;
}

/* super.c: an inode of `entry` about `subject` (references are taken). Errors: -ENOMEM. */
must_check int procfs_inode_create(struct super_block *super, const struct procfs_entry *entry,
				   const struct procfs_subject *subject, struct inode **out);

/* directory.c: for directories with a constant table. */
extern const struct inode_ops procfs_static_directory_inode_ops;
extern const struct file_ops procfs_static_directory_file_ops;
/*
 * Look `name` up in a table / give its entries from position on (positions 2, 3, ... are table
 * places).
 */
must_check int procfs_lookup_in(struct inode *dir, const struct procfs_entry *table,
				const char *name, size_t length, struct inode **out);
bool procfs_emit_table(struct file *file, struct directory_sink *sink,
		       const struct procfs_entry *table);
bool procfs_emit_dots(struct file *file, struct directory_sink *sink);
uint64_t procfs_inode_number(const struct procfs_entry *entry,
			     const struct procfs_subject *subject);
/* A decimal number without sign or leading zero, or -1. */
int procfs_parse_number(const char *name, size_t length);

/* text.c */
enum { PROCFS_PIECE_SIZE = 4096 };

/* All of it under the lock, against readers in other threads. */
struct procfs_text {
	struct mutex lock;
	uint64_t memory_serial;	 /* [I] see procfs_memory_serial() */
	char *buffer; /* kmalloc'ed; NULL until the first print, and if it was not kept */
	size_t length, capacity;
	int error; /* -ENOMEM: prints do nothing more */
	bool is_begun;		/* a piece has been made: what follows is about it */
	uint64_t start;		/* of the piece in the whole text */
	/* show's own: where the next piece begins (0: the first), and that there is one */
	uint64_t cursor;
	bool has_more;
	size_t counted;		/* bytes of the buffer that are in kept_total */
};
/* A `show` that knows pieces: is this one long enough? */
static inline bool procfs_piece_is_full(const struct procfs_text *text)
{
	return text->length >= PROCFS_PIECE_SIZE;
}
void procfs_print(struct procfs_text *text, const char *format, ...) format_printf(2, 3);
void procfs_put_bytes(struct procfs_text *text, const char *bytes, size_t size);
extern const struct file_ops procfs_text_file_ops;
/* A number with blanks around it, as Linux's proc_dointvec reads it. Errors: -EINVAL. */
must_check int procfs_parse_setting(const char *line, size_t size, int32_t *out);
/*
 * pid_memory.c: what is told of a process's inside is about the memory that it had at open; after
 * an exec it may be another's secret. 0 where there is none. Errors: -EACCES.
 */
must_check int procfs_memory_serial(struct process *process, uint64_t *out);
/* The memory with that serial number, with a reference, or NULL if the process has another. */
struct address_space *procfs_memory_get(struct process *process, uint64_t serial);
/* memory_files.c */
int procfs_show_meminfo(const struct procfs_subject *subject, struct procfs_text *text);
int procfs_show_vmstat(const struct procfs_subject *subject, struct procfs_text *text);
int procfs_show_swaps(const struct procfs_subject *subject, struct procfs_text *text);
/* lock_files.c: /proc/locks, and the locks of `file` that belong to it or to `fds`, for fdinfo. */
int procfs_show_locks(const struct procfs_subject *subject, struct procfs_text *text);
void procfs_print_locks(const struct file *file, const struct fd_table *fds,
			struct procfs_text *text);
/* boot_file.c: /proc/quartet/boot. */
int procfs_show_boot(const struct procfs_subject *subject, struct procfs_text *text);
ssize_t procfs_store_boot(const struct procfs_subject *subject, char *line, size_t size);
/* violate_file.c: /proc/quartet/violate. */
int procfs_show_violations(const struct procfs_subject *subject, struct procfs_text *text);
ssize_t procfs_violate(const struct procfs_subject *subject, char *line, size_t size);
extern const struct inode_ops procfs_file_inode_ops, procfs_link_inode_ops;

/* The tables. */
extern const struct procfs_entry procfs_root_entry;	  /* root.c */
extern const struct procfs_entry procfs_system_entries[]; /* system_files.c: in the root */
extern const struct procfs_entry procfs_process_entry;	  /* pid_directory.c: /proc/PID */
/* pid_directory.c: what /proc/PID and task/TID share */
extern const struct procfs_entry procfs_thread_entries[];
extern const struct procfs_entry procfs_task_directory;
/* fd_directory.c */
extern const struct inode_ops procfs_fd_inode_ops, procfs_fdinfo_inode_ops;
extern const struct file_ops procfs_fd_file_ops, procfs_fdinfo_file_ops;
extern const struct procfs_entry procfs_quartet_entries[]; /* quartet_files.c */
extern const struct procfs_entry procfs_sys_entries[];	   /* sys_files.c */
extern const struct procfs_entry procfs_sys_net_entries[];	/* net_files.c */
extern const struct procfs_entry procfs_net_entries[];	   /* net_files.c: /proc/PID/net */
extern const struct procfs_entry procfs_sysvipc_entries[]; /* sysvipc_files.c */
extern const struct file_ops procfs_arguments_ops, procfs_environment_ops;
extern const struct file_ops procfs_pagemap_ops, procfs_kpagecount_ops, procfs_memory_ops,
	procfs_kmsg_ops;

/* pid_directory.c: a directory of a process is there as long as the process is. */
bool procfs_subject_revalidate(struct inode *inode);
/* Whose a file about a process is follows the process: anew at each use of its name. No locks. */
void procfs_refresh_owner(struct inode *inode);
/* What a link to `path` says to the caller. Returns its length, or -ENOMEM, -ERANGE. */
ssize_t procfs_format_path(const struct path *path, char *buffer, size_t size);

/* Shows of /proc/PID files. */
int procfs_show_maps(const struct procfs_subject *subject, struct procfs_text *text);
int procfs_show_smaps(const struct procfs_subject *subject, struct procfs_text *text);
int procfs_show_smaps_rollup(const struct procfs_subject *subject, struct procfs_text *text);
int procfs_show_stat(const struct procfs_subject *subject, struct procfs_text *text);
int procfs_show_status(const struct procfs_subject *subject, struct procfs_text *text);
int procfs_show_statm(const struct procfs_subject *subject, struct procfs_text *text);
int procfs_show_auxv(const struct procfs_subject *subject, struct procfs_text *text);
int procfs_show_comm(const struct procfs_subject *subject, struct procfs_text *text);
ssize_t procfs_store_comm(const struct procfs_subject *subject, char *line, size_t size);
int procfs_show_login_user(const struct procfs_subject *subject, struct procfs_text *text);
ssize_t procfs_store_login_user(const struct procfs_subject *subject, char *line, size_t size);
int procfs_show_login_session(const struct procfs_subject *subject, struct procfs_text *text);
int procfs_show_wait_channel(const struct procfs_subject *subject, struct procfs_text *text);
int procfs_show_io(const struct procfs_subject *subject, struct procfs_text *text);
int procfs_show_limits(const struct procfs_subject *subject, struct procfs_text *text);
int procfs_show_oom_score(const struct procfs_subject *subject, struct procfs_text *text);
int procfs_show_oom_adjust(const struct procfs_subject *subject, struct procfs_text *text);
ssize_t procfs_store_oom_adjust(const struct procfs_subject *subject, char *line, size_t size);
int procfs_show_mounts(const struct procfs_subject *subject, struct procfs_text *text);
int procfs_show_mountinfo(const struct procfs_subject *subject, struct procfs_text *text);

/* sysvipc_files.c: System V's limits, for /proc/sys/kernel. */
int procfs_show_mqueue_messages(const struct procfs_subject *subject, struct procfs_text *text);
int procfs_show_mqueue_size(const struct procfs_subject *subject, struct procfs_text *text);
int procfs_show_mqueue_count(const struct procfs_subject *subject, struct procfs_text *text);
int procfs_show_shm_max(const struct procfs_subject *subject, struct procfs_text *text);
int procfs_show_shm_count(const struct procfs_subject *subject, struct procfs_text *text);
int procfs_show_sem_limits(const struct procfs_subject *subject, struct procfs_text *text);
int procfs_show_msg_max(const struct procfs_subject *subject, struct procfs_text *text);
int procfs_show_msg_queue_bytes(const struct procfs_subject *subject, struct procfs_text *text);
int procfs_show_msg_queues(const struct procfs_subject *subject, struct procfs_text *text);
