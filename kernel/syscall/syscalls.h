/*
 * The handlers of syscall.tbl. Each returns a result of 0 and up, or -errno; the table calls
 * them with the program's registers in order, so the types here are the ABI: 32 bits each,
 * 64-bit values in two, low half first.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "core/types.h"

/* sys_process_vm.c */
int sys_process_vm_readv(process_id id, user_addr local, unsigned int local_count, user_addr remote,
			 unsigned int remote_count, uint32_t flags);
int sys_process_vm_writev(process_id id, user_addr local, unsigned int local_count,
			  user_addr remote, unsigned int remote_count, uint32_t flags);

/* sys_ptrace.c */
int sys_ptrace(uint32_t request, process_id id, uintptr_t address, uint32_t data);

/* sys_file.c */
int sys_read(int fd, user_addr to, size_t size);
int sys_write(int fd, user_addr from, size_t size);
int sys_pread64(int fd, user_addr to, size_t size, uint32_t low, uint32_t high);
int sys_pwrite64(int fd, user_addr from, size_t size, uint32_t low, uint32_t high);
int sys_readv(int fd, user_addr vector, unsigned int count);
int sys_writev(int fd, user_addr vector, unsigned int count);
int sys_preadv(int fd, user_addr vector, unsigned int count, uint32_t low, uint32_t high);
int sys_pwritev(int fd, user_addr vector, unsigned int count, uint32_t low, uint32_t high);
int sys_lseek(int fd, int32_t offset, int whence);
int sys_llseek(int fd, uint32_t high, uint32_t low, user_addr result_out, int whence);
int sys_close(int fd);
int sys_close_range(unsigned int first, unsigned int last, unsigned int flags);
int sys_dup(int fd);
int sys_dup2(int old_fd, int new_fd);
int sys_dup3(int old_fd, int new_fd, int flags);
int sys_pipe2(user_addr fds_out, int flags);
int sys_pipe(user_addr fds_out);
int sys_fsync(int fd);
int sys_fdatasync(int fd);
int sys_sync(void);
int sys_syncfs(int fd);
int sys_ftruncate64(int fd, uint32_t low, uint32_t high);
int sys_ftruncate(int fd, int32_t size);
int sys_fallocate(int fd, int mode, uint32_t offset_low, uint32_t offset_high, uint32_t size_low,
		  uint32_t size_high);
int sys_preadv2(int fd, user_addr vector, unsigned int count, uint32_t low, uint32_t high,
		uint32_t flags);
int sys_pwritev2(int fd, user_addr vector, unsigned int count, uint32_t low, uint32_t high,
		 uint32_t flags);

/* sys_advise.c */
int sys_fadvise64_64(int fd, uint32_t offset_low, uint32_t offset_high, uint32_t size_low,
		     uint32_t size_high, int advice);
int sys_fadvise64(int fd, uint32_t offset_low, uint32_t offset_high, size_t size, int advice);
int sys_readahead(int fd, uint32_t low, uint32_t high, size_t size);
int sys_sync_file_range(int fd, uint32_t offset_low, uint32_t offset_high, uint32_t size_low,
			uint32_t size_high, uint32_t flags);

/* sys_socket.c */
int sys_socket(int family, int type, int protocol);
int sys_socketpair(int family, int type, int protocol, user_addr fds_out);
int sys_bind(int fd, user_addr address_in, int size);
int sys_connect(int fd, user_addr address_in, int size);
int sys_listen(int fd, int backlog);
int sys_accept4(int fd, user_addr address_out, user_addr size_inout, int flags);
int sys_getsockname(int fd, user_addr address_out, user_addr size_inout);
int sys_getpeername(int fd, user_addr address_out, user_addr size_inout);
int sys_shutdown(int fd, int how);
int sys_socketcall(unsigned int call, user_addr arguments);

/* sys_socket_message.c */
int sys_sendto(int fd, user_addr from, size_t size, uint32_t flags, user_addr address_in,
	       int address_size);
int sys_recvfrom(int fd, user_addr to, size_t size, uint32_t flags, user_addr address_out,
		 user_addr size_inout);
int sys_sendmsg(int fd, user_addr header_in, uint32_t flags);
int sys_recvmsg(int fd, user_addr header_inout, uint32_t flags);
int sys_sendmmsg(int fd, user_addr vector, unsigned int count, uint32_t flags);
int sys_recvmmsg(int fd, user_addr vector, unsigned int count, uint32_t flags, user_addr timeout);
int sys_recvmmsg_time64(int fd, user_addr vector, unsigned int count, uint32_t flags,
			user_addr timeout);

/* sys_socket_option.c */
int sys_setsockopt(int fd, int level, int name, user_addr from, int size);
int sys_getsockopt(int fd, int level, int name, user_addr to, user_addr size_inout);

/* sys_lock.c */
int sys_flock(int fd, int operation);

/* sys_fcntl.c */
int sys_fcntl64(int fd, unsigned int command, uintptr_t argument);
int sys_fcntl(int fd, unsigned int command, uintptr_t argument);
int sys_ioctl(int fd, unsigned int command, uintptr_t argument);

/* sys_transfer.c */
int sys_sendfile64(int out_fd, int in_fd, user_addr offset, size_t size);
int sys_sendfile(int out_fd, int in_fd, user_addr offset, size_t size);
int sys_copy_file_range(int in_fd, user_addr in_offset, int out_fd, user_addr out_offset,
			size_t size, uint32_t flags);
int sys_splice(int in_fd, user_addr in_offset, int out_fd, user_addr out_offset, size_t size,
	       uint32_t flags);
int sys_tee(int in_fd, int out_fd, size_t size, uint32_t flags);
int sys_vmsplice(int fd, user_addr vector, unsigned int count, uint32_t flags);

/* sys_xattr.c */
int sys_setxattr(user_addr path, user_addr name, user_addr value, size_t size, int flags);
int sys_lsetxattr(user_addr path, user_addr name, user_addr value, size_t size, int flags);
int sys_fsetxattr(int fd, user_addr name, user_addr value, size_t size, int flags);
int sys_getxattr(user_addr path, user_addr name, user_addr value, size_t size);
int sys_lgetxattr(user_addr path, user_addr name, user_addr value, size_t size);
int sys_fgetxattr(int fd, user_addr name, user_addr value, size_t size);
int sys_listxattr(user_addr path, user_addr list, size_t size);
int sys_llistxattr(user_addr path, user_addr list, size_t size);
int sys_flistxattr(int fd, user_addr list, size_t size);
int sys_removexattr(user_addr path, user_addr name);
int sys_lremovexattr(user_addr path, user_addr name);
int sys_fremovexattr(int fd, user_addr name);

/* sys_open.c */
int sys_openat(int dirfd, user_addr name, uint32_t flags, uint32_t mode);
int sys_open(user_addr name, uint32_t flags, uint32_t mode);
int sys_openat2(int dirfd, user_addr name, user_addr how, size_t size);
int sys_memfd_create(user_addr name, uint32_t flags);
int sys_creat(user_addr name, uint32_t mode);
int sys_faccessat2(int dirfd, user_addr name, uint32_t wish, uint32_t flags);
int sys_faccessat(int dirfd, user_addr name, uint32_t wish);
int sys_access(user_addr name, uint32_t wish);
int sys_fchmodat(int dirfd, user_addr name, uint32_t mode);
int sys_chmod(user_addr name, uint32_t mode);
int sys_fchmod(int fd, uint32_t mode);
int sys_fchownat(int dirfd, user_addr name, user_id uid, group_id gid, uint32_t flags);
int sys_chown32(user_addr name, user_id uid, group_id gid);
int sys_lchown32(user_addr name, user_id uid, group_id gid);
int sys_fchown32(int fd, user_id uid, group_id gid);
int sys_chown(user_addr name, uint32_t uid, uint32_t gid);
int sys_lchown(user_addr name, uint32_t uid, uint32_t gid);
int sys_fchown(int fd, uint32_t uid, uint32_t gid);
int sys_truncate64(user_addr name, uint32_t low, uint32_t high);
int sys_truncate(user_addr name, int32_t size);
int sys_utimensat(int dirfd, user_addr name, user_addr times, uint32_t flags);
int sys_utimensat_time64(int dirfd, user_addr name, user_addr times, uint32_t flags);
int sys_futimesat(int dirfd, user_addr name, user_addr times);
int sys_utimes(user_addr name, user_addr times);
int sys_utime(user_addr name, user_addr times);

/* sys_dir.c */
int sys_mkdirat(int dirfd, user_addr name, uint32_t mode);
int sys_mkdir(user_addr name, uint32_t mode);
int sys_mknodat(int dirfd, user_addr name, uint32_t mode, uint32_t device);
int sys_mknod(user_addr name, uint32_t mode, uint32_t device);
int sys_unlinkat(int dirfd, user_addr name, uint32_t flags);
int sys_unlink(user_addr name);
int sys_rmdir(user_addr name);
int sys_linkat(int old_dirfd, user_addr old_name, int new_dirfd, user_addr new_name,
	       uint32_t flags);
int sys_link(user_addr old_name, user_addr new_name);
int sys_symlinkat(user_addr target, int dirfd, user_addr name);
int sys_symlink(user_addr target, user_addr name);
int sys_readlinkat(int dirfd, user_addr name, user_addr to, int size);
int sys_readlink(user_addr name, user_addr to, int size);
int sys_renameat2(int old_dirfd, user_addr old_name, int new_dirfd, user_addr new_name,
		  uint32_t flags);
int sys_renameat(int old_dirfd, user_addr old_name, int new_dirfd, user_addr new_name);
int sys_rename(user_addr old_name, user_addr new_name);
int sys_chdir(user_addr name);
int sys_fchdir(int fd);
int sys_chroot(user_addr name);
int sys_getcwd(user_addr to, size_t size);
int sys_umask(uint32_t mask);
int sys_getdents64(int fd, user_addr to, size_t size);
int sys_getdents(int fd, user_addr to, size_t size);

/* sys_stat.c */
int sys_stat64(user_addr name, user_addr to);
int sys_lstat64(user_addr name, user_addr to);
int sys_fstat64(int fd, user_addr to);
int sys_fstatat64(int dirfd, user_addr name, user_addr to, uint32_t flags);
int sys_stat(user_addr name, user_addr to);
int sys_lstat(user_addr name, user_addr to);
int sys_fstat(int fd, user_addr to);
int sys_oldstat(user_addr name, user_addr to);
int sys_oldlstat(user_addr name, user_addr to);
int sys_oldfstat(int fd, user_addr to);
int sys_statx(int dirfd, user_addr name, uint32_t flags, uint32_t mask, user_addr to);
int sys_statfs(user_addr name, user_addr to);
int sys_fstatfs(int fd, user_addr to);
int sys_statfs64(user_addr name, size_t size, user_addr to);
int sys_fstatfs64(int fd, size_t size, user_addr to);

/* sys_mount.c */
int sys_mount(user_addr source, user_addr target, user_addr type, uint32_t flags,
	      user_addr options);
int sys_umount2(user_addr target, uint32_t flags);
int sys_umount(user_addr target);
int sys_pivot_root(user_addr new_root, user_addr put_old);

/* sys_memory.c */
int sys_mmap2(uintptr_t address, size_t size, unsigned int protection, unsigned int flags, int fd,
	      uint32_t page_offset);
int sys_mmap(user_addr block);
int sys_munmap(uintptr_t address, size_t size);
int sys_mprotect(uintptr_t address, size_t size, unsigned int protection);
int sys_mremap(uintptr_t old_address, size_t old_size, size_t new_size, unsigned int flags,
	       uintptr_t new_address);
int sys_brk(uintptr_t end);
int sys_msync(uintptr_t address, size_t size, unsigned int flags);
int sys_madvise(uintptr_t address, size_t size, int advice);
int sys_mincore(uintptr_t address, size_t size, user_addr to);
int sys_mlock(uintptr_t address, size_t size);
int sys_mlock2(uintptr_t address, size_t size, unsigned int flags);
int sys_munlock(uintptr_t address, size_t size);
int sys_mlockall(unsigned int flags);
int sys_munlockall(void);

/* sys_clone.c */
int sys_fork(void);
int sys_vfork(void);
int sys_clone(uint32_t flags, uintptr_t stack, user_addr parent_tid, user_addr tls,
	      user_addr child_tid);
int sys_clone3(user_addr from, size_t size);

/* sys_pidfd.c */
int sys_pidfd_open(process_id id, uint32_t flags);
int sys_pidfd_send_signal(int pidfd, int signal, user_addr from, uint32_t flags);
int sys_pidfd_getfd(int pidfd, int fd, uint32_t flags);

/* sys_process.c */
int sys_exit(int status);
int sys_exit_group(int status);
int sys_execve(user_addr name, user_addr argv, user_addr envp);
int sys_execveat(int dirfd, user_addr name, user_addr argv, user_addr envp, uint32_t flags);
int sys_wait4(process_id id, user_addr status, uint32_t options, user_addr usage);
int sys_waitpid(process_id id, user_addr status, uint32_t options);
int sys_waitid(int kind, process_id id, user_addr info_out, uint32_t options, user_addr usage);
int sys_getpid(void);
int sys_gettid(void);
int sys_getppid(void);
int sys_setpgid(process_id pid, process_id group);
int sys_getpgid(process_id pid);
int sys_getpgrp(void);
int sys_setsid(void);
int sys_getsid(process_id pid);
int sys_set_tid_address(user_addr word);
int sys_set_robust_list(user_addr head, size_t size);
int sys_get_robust_list(process_id id, user_addr head, user_addr size);
int sys_set_thread_area(user_addr from);
int sys_get_thread_area(user_addr to);
int sys_getrusage(int who, user_addr to);
int sys_times(user_addr to);
int sys_personality(uint32_t wish);

/* sys_sched.c */
int sys_setpriority(int kind, int who, int nice);
int sys_getpriority(int kind, int who);
int sys_nice(int increment);
int sys_sched_yield(void);
int sys_sched_setattr(process_id id, user_addr from, uint32_t flags);
int sys_sched_getattr(process_id id, user_addr to, uint32_t size, uint32_t flags);
int sys_sched_getscheduler(process_id id);
int sys_sched_getparam(process_id id, user_addr to);
int sys_sched_setscheduler(process_id id, int policy, user_addr from);
int sys_sched_setparam(process_id id, user_addr from);
int sys_sched_get_priority_max(int policy);
int sys_sched_get_priority_min(int policy);
int sys_sched_rr_get_interval(process_id id, user_addr to);
int sys_sched_rr_get_interval_time64(process_id id, user_addr to);
int sys_sched_setaffinity(process_id id, size_t size, user_addr from);
int sys_sched_getaffinity(process_id id, size_t size, user_addr to);
int sys_getcpu(user_addr cpu, user_addr node);

/* sys_limits.c */
int sys_ugetrlimit(unsigned int kind, user_addr to);
int sys_getrlimit(unsigned int kind, user_addr to);
int sys_setrlimit(unsigned int kind, user_addr from);
int sys_prlimit64(process_id id, unsigned int kind, user_addr new, user_addr old);
int sys_prctl(int option, uintptr_t argument, uintptr_t third, uintptr_t fourth, uintptr_t fifth);

/* sys_identity.c */
int sys_getuid32(void);
int sys_geteuid32(void);
int sys_getgid32(void);
int sys_getegid32(void);
int sys_getuid(void);
int sys_geteuid(void);
int sys_getgid(void);
int sys_getegid(void);
int sys_setuid32(user_id uid);
int sys_setgid32(group_id gid);
int sys_setreuid32(user_id ruid, user_id euid);
int sys_setregid32(group_id rgid, group_id egid);
int sys_setresuid32(user_id ruid, user_id euid, user_id suid);
int sys_setresgid32(group_id rgid, group_id egid, group_id sgid);
int sys_getresuid32(user_addr ruid, user_addr euid, user_addr suid);
int sys_getresgid32(user_addr rgid, user_addr egid, user_addr sgid);
int sys_getresuid(user_addr ruid, user_addr euid, user_addr suid);
int sys_getresgid(user_addr rgid, user_addr egid, user_addr sgid);
int sys_setfsuid32(user_id uid);
int sys_setfsgid32(group_id gid);
int sys_setuid(uint32_t uid);
int sys_setgid(uint32_t gid);
int sys_setfsuid(uint32_t uid);
int sys_setfsgid(uint32_t gid);
int sys_setreuid(uint32_t ruid, uint32_t euid);
int sys_setregid(uint32_t rgid, uint32_t egid);
int sys_setresuid(uint32_t ruid, uint32_t euid, uint32_t suid);
int sys_setresgid(uint32_t rgid, uint32_t egid, uint32_t sgid);
int sys_getgroups32(int size, user_addr to);
int sys_getgroups(int size, user_addr to);
int sys_setgroups32(int size, user_addr from);
int sys_setgroups(int size, user_addr from);
int sys_capget(user_addr header, user_addr data);
int sys_capset(user_addr header, user_addr data);

/* sys_signal.c */
int sys_kill(process_id id, int signal);
int sys_tkill(process_id id, int signal);
int sys_tgkill(process_id process, process_id id, int signal);
int sys_rt_sigqueueinfo(process_id id, int signal, user_addr from);
int sys_rt_tgsigqueueinfo(process_id process, process_id id, int signal, user_addr from);
int sys_rt_sigaction(int signal, user_addr new, user_addr old, size_t set_size);
int sys_sigaction(int signal, user_addr new, user_addr old);
int sys_signal(int signal, uintptr_t handler);
int sys_rt_sigprocmask(int how, user_addr new, user_addr old, size_t set_size);
int sys_sigprocmask(int how, user_addr new, user_addr old);
int sys_sgetmask(void);
int sys_ssetmask(uint32_t set);
int sys_rt_sigpending(user_addr to, size_t set_size);
int sys_sigpending(user_addr to);
int sys_pause(void);
int sys_rt_sigsuspend(user_addr from, size_t set_size);
int sys_sigsuspend(int unused1, int unused2, uint32_t set);
int sys_rt_sigtimedwait(user_addr which, user_addr info, user_addr timeout, size_t set_size);
int sys_rt_sigtimedwait_time64(user_addr which, user_addr info, user_addr timeout, size_t set_size);
int sys_sigaltstack(user_addr new, user_addr old);
int sys_sigreturn(void);
int sys_rt_sigreturn(void);

/* sys_time.c */
int sys_clock_gettime(int clock, user_addr to);
int sys_clock_gettime64(int clock, user_addr to);
int sys_clock_getres(int clock, user_addr to);
int sys_clock_getres_time64(int clock, user_addr to);
int sys_clock_settime(int clock, user_addr from);
int sys_clock_settime64(int clock, user_addr from);
int sys_gettimeofday(user_addr time, user_addr zone);
int sys_settimeofday(user_addr time, user_addr zone);
int sys_time(user_addr to);
int sys_stime(user_addr from);
int sys_nanosleep(user_addr request, user_addr left);
int sys_clock_nanosleep(int clock, int flags, user_addr request, user_addr left);
int sys_clock_nanosleep_time64(int clock, int flags, user_addr request, user_addr left);
int sys_restart_syscall(void);
int sys_getitimer(int which, user_addr to);
int sys_setitimer(int which, user_addr from, user_addr old);
int sys_alarm(unsigned int seconds);

/* sys_poll.c */
int sys_poll(user_addr list, unsigned int count, int timeout_ms);
int sys_ppoll(user_addr list, unsigned int count, user_addr timeout, user_addr mask, size_t size);
int sys_ppoll_time64(user_addr list, unsigned int count, user_addr timeout, user_addr mask,
		     size_t size);
int sys_select(int count, user_addr readable, user_addr writable, user_addr exceptional,
	       user_addr timeout);
int sys_old_select(user_addr block);
int sys_pselect6(int count, user_addr readable, user_addr writable, user_addr exceptional,
		 user_addr timeout, user_addr mask);
int sys_pselect6_time64(int count, user_addr readable, user_addr writable, user_addr exceptional,
			user_addr timeout, user_addr mask);

/* sys_futex.c */
int sys_futex(user_addr word, int operation, uint32_t value, user_addr timeout, user_addr word2,
	      uint32_t value3);
int sys_futex_time64(user_addr word, int operation, uint32_t value, user_addr timeout,
		     user_addr word2, uint32_t value3);

int sys_futex_waitv(user_addr list, unsigned int count, unsigned int flags, user_addr timeout,
		    int clock);

/* sys_ioprio.c */
int sys_ioprio_set(int kind, int who, int priority);
int sys_ioprio_get(int kind, int who);

/* sys_old.c */
int sys_oldolduname(user_addr to);
int sys_readdir(int fd, user_addr to, unsigned int count);
int sys_ustat(uint32_t device, user_addr to);
int sys_sysfs(int option, uintptr_t first, uintptr_t second);

/* sys_mqueue.c */
int sys_mq_open(user_addr name, uint32_t flags, uint32_t mode, user_addr attributes);
int sys_mq_unlink(user_addr name);
int sys_mq_timedsend(int fd, user_addr from, size_t size, uint32_t priority, user_addr timeout);
int sys_mq_timedsend_time64(int fd, user_addr from, size_t size, uint32_t priority,
			    user_addr timeout);
int sys_mq_timedreceive(int fd, user_addr to, size_t size, user_addr priority, user_addr timeout);
int sys_mq_timedreceive_time64(int fd, user_addr to, size_t size, user_addr priority,
			       user_addr timeout);
int sys_mq_notify(int fd, user_addr event);
int sys_mq_getsetattr(int fd, user_addr new, user_addr old);

/* sys_namespace.c */
int sys_unshare(uint32_t flags);
int sys_setns(int fd, uint32_t kind);

/* sys_membarrier.c */
int sys_membarrier(int command, uint32_t flags, int cpu);

/* sys_ipc.c */
int sys_ipc(uint32_t call, int first, uint32_t second, uint32_t third, user_addr pointer,
	    uint32_t fifth);
int sys_semget(int32_t key, int count, int flags);
int sys_semop(int id, user_addr operations, unsigned int count);
int sys_semctl(int id, int number, int command, uint32_t argument);
int sys_semtimedop_time64(int id, user_addr operations, unsigned int count, user_addr timeout);
int sys_msgget(int32_t key, int flags);
int sys_msgsnd(int id, user_addr from, size_t size, int flags);
int sys_msgrcv(int id, user_addr to, size_t size, int32_t type, int flags);
int sys_msgctl(int id, int command, user_addr pointer);
int sys_shmget(int32_t key, size_t size, int flags);
int sys_shmat(int id, uintptr_t address, int flags);
int sys_shmdt(uintptr_t address);
int sys_shmctl(int id, int command, user_addr pointer);

/* sys_system.c */
int sys_uname(user_addr to);
int sys_olduname(user_addr to);
int sys_sethostname(user_addr from, int size);
int sys_setdomainname(user_addr from, int size);
int sys_sysinfo(user_addr to);
int sys_syslog(int command, user_addr buffer, int size);
int sys_getrandom(user_addr to, size_t size, uint32_t flags);
int sys_vhangup(void);
int sys_reboot(uint32_t magic1, uint32_t magic2, uint32_t command);

/* sys_epoll.c */
int sys_epoll_create(int size);
int sys_epoll_create1(int flags);
int sys_epoll_ctl(int epoll_fd, int operation, int fd, user_addr from);
int sys_epoll_wait(int epoll_fd, user_addr events, int max, int timeout_ms);
int sys_epoll_pwait(int epoll_fd, user_addr events, int max, int timeout_ms, user_addr mask,
		    size_t mask_size);
int sys_epoll_pwait2(int epoll_fd, user_addr events, int max, user_addr timeout, user_addr mask,
		     size_t mask_size);

/* sys_event.c */
int sys_eventfd2(unsigned int initial, uint32_t flags);
int sys_inotify_init(void);
int sys_inotify_init1(uint32_t flags);
int sys_inotify_add_watch(int fd, user_addr name, uint32_t mask);
int sys_inotify_rm_watch(int fd, int watch);
int sys_eventfd(unsigned int initial);
int sys_signalfd4(int fd, user_addr mask, size_t size, uint32_t flags);
int sys_signalfd(int fd, user_addr mask, size_t size);
int sys_adjtimex(user_addr buffer);
int sys_clock_adjtime(int clock, user_addr buffer);
int sys_clock_adjtime64(int clock, user_addr buffer);
int sys_timer_create(int clock, user_addr event_from, user_addr id_out);
int sys_timer_settime(int id, uint32_t flags, user_addr new, user_addr old);
int sys_timer_settime64(int id, uint32_t flags, user_addr new, user_addr old);
int sys_timer_gettime(int id, user_addr to);
int sys_timer_gettime64(int id, user_addr to);
int sys_timer_getoverrun(int id);
int sys_timer_delete(int id);
int sys_timerfd_create(int clock, uint32_t flags);
int sys_timerfd_settime(int fd, uint32_t flags, user_addr new, user_addr old);
int sys_timerfd_settime64(int fd, uint32_t flags, user_addr new, user_addr old);
int sys_timerfd_gettime(int fd, user_addr to);
int sys_timerfd_gettime64(int fd, user_addr to);
