/* All locks, outermost first. A thread takes them downwards only; docs/locking.md says why. */
#pragma once

enum lock_rank {
	/* Sleeping locks. */
	LOCK_RANK_LOOP,		  /* mutex: which loop devices there are, and what they show */
	LOCK_RANK_LOOP_FILE,	  /* rwlock: the file of a loop device, while it is used */
	LOCK_RANK_CHANGE,	  /* count: calls that change a file system */
	LOCK_RANK_FILE_POSITION,  /* mutex: the offset of an open file description */
	LOCK_RANK_FILE_TEXT,	  /* mutex: the text that an open file of /proc shows */
	LOCK_RANK_PARTITIONS,	  /* mutex: disks' partitions and their nodes coming and going */
	LOCK_RANK_RENAME,	  /* mutex: moving directories to other directories, one a mount */
	LOCK_RANK_TTY_SESSION,	  /* mutex: a terminal's session and foreground group */
	LOCK_RANK_EXEC,		  /* mutex: a process replacing its image, against /proc */
	LOCK_RANK_IPC_UNDO,	  /* mutex: what a process has to take back of semaphores */
	LOCK_RANK_IPC_TABLE,	  /* mutex: ids and keys of System V objects of one kind */
	LOCK_RANK_FREEZE,	  /* mutex: one file system being frozen and thawed */
	LOCK_RANK_MOUNT,	  /* mutex: the mount tree */
	LOCK_RANK_DIRECTORY,	  /* rwlock: entries of a directory; ancestors before descendants */
	LOCK_RANK_INODE,	  /* rwlock: contents and size of a file */
	LOCK_RANK_EPOLL_NESTING,  /* mutex: which epoll watches which */
	LOCK_RANK_EPOLL,	  /* mutex: what one epoll watches; outer before inner */
	LOCK_RANK_TTY_READ,	  /* mutex: one reader of a terminal at a time */
	LOCK_RANK_TTY_WRITE,	  /* mutex: one writer to a terminal at a time */
	LOCK_RANK_PIPE,		  /* mutex: contents of a pipe */
	LOCK_RANK_SOCKET_READ,	  /* mutex: one receiver of a socket at a time */
	LOCK_RANK_ADDRESS_SPACE,  /* rwlock: regions; faults inside read() take it */
	LOCK_RANK_CHANGE_FAULT,	  /* count: write faults of shared mappings */
	LOCK_RANK_TRUNCATE,	  /* rwlock: a file's size against faults and page-cache fills */
	LOCK_RANK_WRITEBACK,	  /* mutex: one writer-back of one cache at a time */
	LOCK_RANK_JOURNAL,	  /* mutex: commits of one journal; shared: an open handle */
	LOCK_RANK_FS_ORPHANS,	  /* mutex: files of one mount that wait to be deleted or cut */
	LOCK_RANK_BLOCK_MAP,	  /* mutex: where one file's blocks lie on the disk */
	LOCK_RANK_FS_METADATA,	  /* mutex: bitmaps, inode tables, indirect blocks of one mount */
	LOCK_RANK_BLOCK_DEVICE,	  /* mutex: opening, partitions */
	LOCK_RANK_SOCKET_BIND,	  /* mutex: giving a socket its name */
	LOCK_RANK_SLEEPING_LEAF,  /* mutex: takes no sleeping lock inside but reclaim's, the next */
	LOCK_RANK_CACHE_REGIONS,  /* mutex: regions that map one page cache */
	LOCK_RANK_SLEEPING_LAST = LOCK_RANK_CACHE_REGIONS,

	/* Spinlocks. */
	LOCK_RANK_IPC_OBJECT,	  /* spinlock: one System V object */
	LOCK_RANK_PROCESS_TREE,	  /* rwspinlock: parents, children, groups, sessions, pids */
	LOCK_RANK_CLOCK_LISTENERS, /* spinlock, interrupts off: who hears of a clock being set */
	LOCK_RANK_FD_TABLE,	  /* spinlock: descriptor to open file description */
	LOCK_RANK_MOUNT_HASH,	  /* spinlock: mounts by mount point */
	LOCK_RANK_DENTRY_LRU,	  /* spinlock: unused dentries */
	LOCK_RANK_DENTRY,	  /* spinlock: one dentry's name, parent, children */
	LOCK_RANK_DENTRY_HASH,	  /* spinlock: one bucket of the dentry table */
	LOCK_RANK_NOTIFY,	  /* spinlock: the watches of one inotify instance by number */
	LOCK_RANK_INODE_TABLE,	  /* spinlock: inodes of one mount by number */
	LOCK_RANK_INODE_STATE,	  /* spinlock: one inode's dirty state, times, link count */
	LOCK_RANK_EPOLL_LINKS,	  /* spinlock: which epolls watch each file */
	LOCK_RANK_FILE_LOCK,	  /* spinlock: record locks of files */
	LOCK_RANK_SOCKET_NAMES,	  /* spinlock: abstract names of local sockets; the list of all */
	LOCK_RANK_SOCKET_FLIGHT,  /* spinlock: files on their way through local sockets */
	LOCK_RANK_SOCKET,	  /* spinlock: one socket's state and queues */
	LOCK_RANK_SOCKET_ROOM,	  /* spinlock: who polls for room at whose datagram socket */
	LOCK_RANK_JOURNAL_STATE,  /* spinlock: blocks and handles of one journal */
	LOCK_RANK_FUTEX,	  /* spinlock: one bucket of waiters on user words */
	LOCK_RANK_FUTEX_PI,	  /* spinlock: who lends his priority to whom */
	LOCK_RANK_PAGE_DIRECTORY, /* spinlock: which page tables one address space has */
	LOCK_RANK_PAGE_TABLE,	  /* spinlock: entries of one page table */

	/*
	 * Interrupt handlers take locks from here on: they may have stopped a thread that holds any
	 * of those above.
	 */
	LOCK_RANK_SIGNAL,	  /* spinlock, interrupts off: one process's signals and life */
	LOCK_RANK_FIRST_IN_INTERRUPT = LOCK_RANK_SIGNAL, /* here: what follows counts on from it */
	LOCK_RANK_SIGNAL_HANDLERS, /* spinlock, interrupts off: what a process does on signals */
	LOCK_RANK_USER_COUNT,	  /* spinlock, interrupts off: how many threads a user has */
	LOCK_RANK_PAGE_CACHE,	  /* spinlock, interrupts off: one inode's cached frames */
	LOCK_RANK_TTY_STATE,	  /* spinlock, interrupts off: line discipline and termios */
	LOCK_RANK_CONSOLE,	  /* spinlock, interrupts off: the screen and its cursor */
	LOCK_RANK_BLOCK_QUEUE,	  /* spinlock, interrupts off: requests to one disk */
	LOCK_RANK_DEVICE,	  /* spinlock, interrupts off: registers of one device */
	LOCK_RANK_WORK_QUEUE,	  /* spinlock, interrupts off: work to be done by threads */
	LOCK_RANK_TIMER_OWNER,	  /* spinlock, interrupts off: what one timerfd counts */
	LOCK_RANK_TIMER,	  /* spinlock, interrupts off: one CPU's timers */
	LOCK_RANK_WAIT_QUEUE,	  /* spinlock, interrupts off: one queue's sleepers */
	LOCK_RANK_EPOLL_QUEUE,	  /* spinlock, interrupts off: who polls one epoll; inner first */
	LOCK_RANK_EPOLL_READY,	  /* spinlock, interrupts off: one epoll's ready list, sleepers */
	LOCK_RANK_FILE_NEWS,	  /* spinlock, interrupts off: owners of files to be sent SIGIO */
	LOCK_RANK_THREAD,	  /* spinlock, interrupts off: one thread's state */
	LOCK_RANK_RUN_QUEUE,	  /* spinlock, interrupts off: one CPU's runnable threads */
	LOCK_RANK_RECLAIM,	  /* spinlock, interrupts off: the clock hand's lists */
	LOCK_RANK_SLAB,		  /* spinlock, interrupts off: one cache of kernel objects */
	LOCK_RANK_VMAP,		  /* spinlock, interrupts off: addresses above the direct map */
	LOCK_RANK_PAGE_FRAME,	  /* spinlock, interrupts off: the free lists */
	LOCK_RANK_LEAF,		  /* spinlock, interrupts off: takes nothing inside */
	LOCK_RANK_PRINTK,	  /* spinlock, interrupts off: the log; so any code may print */
	LOCK_RANK_SERIAL_OUTPUT,  /* spinlock, interrupts off: the console port */
	LOCK_RANK_COUNT
};

_Static_assert(LOCK_RANK_PAGE_CACHE == LOCK_RANK_SIGNAL + 3, "no two ranks have one number");
