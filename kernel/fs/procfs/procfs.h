/*
 * procfs: what the kernel knows, as files in Linux's formats. Mounted on /proc.
 */
#pragma once

struct file;
struct process;

/* Registers the file system type. */
void procfs_init(void);

/* The process whose directory /proc/PID `file` is, borrowed from the file; NULL: it is none. */
struct process *procfs_process(const struct file *file);
