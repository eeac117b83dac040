/*
 * syscall_fuzz: hostile programs, made at random, against the kernel.
 *
 * Theory. A *worker* is a process that makes system calls for ever: a random call of the
 * kernel's own table (build/calls.h is made from syscall.tbl, so new calls join by themselves),
 * each argument drawn by its kind. Kinds are chained: descriptors, processes and mappings that
 * calls return go into pools, from which later calls draw; buffers lie in an arena that other
 * calls unmap, protect and remap meanwhile; structures are filled with numbers, addresses and
 * descriptors from the same pools. So calls reach each other's leavings, which independent
 * random numbers hardly ever do. Workers fork, exec themselves, start threads, handle and queue
 * signals. Half of them are root, half an ordinary user (--as root or user: all of them); half
 * work on tmpfs, half on the disk. In a debug kernel root's workers also let the Nth allocation of
 * their next calls fail, and with --block-errors the Nth request to a disk.
 *
 * The *supervisor* lets some workers run for a round of some seconds, kills all processes, and
 * expects that every one dies, that its folder can be removed, and that the kernel's leak
 * counters are what they were. What outlives processes by right, the supervisor removes: files,
 * mounts, System V objects. Round N uses seed SEED + N: a round that fails is begun again
 * with that seed and --rounds 1, and mostly fails again.
 *
 * Panics, lock reports and broken invariants are the kernel's to tell. What workers may not do:
 * end the machine (reboot), or signal the supervisor.
 *
 *	syscall_fuzz [--seed N] [--rounds N] [--seconds N] [--workers N]
 *		[--only NAME,NAME] [--as root|user] [--block-errors] [--verbose]
 *		[--on-failure COMMAND]
 *
 * COMMAND looks around in the machine when a round has failed.
 *
 * Only for Quartet, or a machine that nobody needs: it runs as root.
 */
#include "fuzz_worker.h"
#include <poll.h>
#include <sys/xattr.h>

/* ---- the supervisor -------------------------------------------------------------------------- */

static char output_name[64];	/* of descriptor 2 */

/* Workers share the terminal: they make it refuse to wait, and root's hang it up. */
static void write_all(const char *text, size_t length)
{
	for (int tries = 0; length > 0; tries++) {
		ssize_t done = write(2, text, length);

		if (done > 0) {
			text += done;
			length -= (size_t)done;
			tries = 0;
			continue;
		}
		if (tries > 100)
			_exit(98);
		if (done < 0 && errno != EAGAIN && errno != EINTR) {
			int fd = open(output_name, O_WRONLY | O_NOCTTY);

			if (fd >= 0 && fd != 2) {
				dup2(fd, 2);
				close(fd);
			}
		}
		poll(NULL, 0, 20);
	}
}

__attribute__((format(printf, 1, 2))) static void tell(const char *format, ...)
{
	char text[8192];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (length > (int)sizeof(text) - 1)
		length = sizeof(text) - 1;
	write_all(text, (size_t)length);
}

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void pause_ms(long ms)
{
	struct timespec left = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&left, NULL);
}

static bool read_leaks(char *text, size_t room)
{
	int fd = open(LEAKS_FILE, O_RDONLY | O_CLOEXEC);
	size_t size = 0;
	ssize_t got;

	if (fd < 0)
		return false;
	while (size < room - 1 && (got = read(fd, text + size, room - 1 - size)) > 0)
		size += (size_t)got;
	text[size] = '\0';
	close(fd);
	return true;
}

static char leaks_before[16384], leaks_after[16384];

/*
 * Equal, or fewer pages of files: memory was short, and those that sleeping programs map went. Both
 * lists have the same lines; a last one may lack its newline.
 */
static bool counters_agree(const char *before, const char *after)
{
	static const char files[] = "page_cache_frames ";

	while (*before && *after) {
		size_t old = strcspn(before, "\n"), new = strcspn(after, "\n");
		bool is_files = strncmp(before, files, sizeof(files) - 1) == 0 &&
				strncmp(after, files, sizeof(files) - 1) == 0;

		if (is_files ? atoi(after + sizeof(files) - 1) > atoi(before + sizeof(files) - 1)
			     : old != new || strncmp(before, after, old) != 0)
			return false;
		before += old + (before[old] == '\n');
		after += new + (after[new] == '\n');
	}
	return *before == *after;
}

/* What dead processes held may be given back a moment after they were waited for. */
static bool leaks_agree(void)
{
	for (int tries = 0; tries < 100; tries++) {
		if (!read_leaks(leaks_after, sizeof(leaks_after)))
			return true;
		if (counters_agree(leaks_before, leaks_after))
			return true;
		pause_ms(20);
	}
	return false;
}

static void tell_leaks(void)
{
	char *before = leaks_before, *after = leaks_after;
	char *old, *new;

	while ((old = strsep(&before, "\n")) && (new = strsep(&after, "\n"))) {
		if (strcmp(old, new) != 0)
			tell("leak: was %s, is %s\n", old, new);
	}
}

/* A descriptor of a process that lives on: does what is open there hold a lock or an owner? */
static void tell_holder(const char *pid, int pidfd, const char *fd_name)
{
	char path[64], open_name[128] = "", line[256];
	int fd = (int)syscall(SYS_pidfd_getfd, pidfd, atoi(fd_name), 0);

	if (fd < 0)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	(void)!readlink(path, open_name, sizeof(open_name) - 1);
	if (fcntl(fd, F_GETOWN) != 0 || fcntl(fd, F_GETSIG) != 0)
		tell("process %s, descriptor %s, %s: owner %d, signal %d\n", pid, fd_name,
		     open_name, fcntl(fd, F_GETOWN), fcntl(fd, F_GETSIG));
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	FILE *info = fopen(path, "r");

	while (info && fgets(line, sizeof(line), info)) {
		if (strncmp(line, "lock:", 5) == 0)
			tell("process %s, descriptor %s, %s: %s", pid, fd_name, open_name, line);
	}
	if (info)
		fclose(info);
	close(fd);
}

/* What workers laid on an open file that outlives them looks like a leak of the kernel's. */
static void tell_holders(void)
{
	DIR *processes = opendir("/proc");

	for (struct dirent *entry; processes && (entry = readdir(processes));) {
		char path[300];
		int pidfd = (int)syscall(SYS_pidfd_open, atoi(entry->d_name), 0);

		if (pidfd < 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%s/fd", entry->d_name);
		DIR *descriptors = opendir(path);

		for (struct dirent *fd; descriptors && (fd = readdir(descriptors));) {
			if (fd->d_name[0] != '.')
				tell_holder(entry->d_name, pidfd, fd->d_name);
		}
		if (descriptors)
			closedir(descriptors);
		close(pidfd);
	}
	if (processes)
		closedir(processes);
}

/* What the kernel has said, if no worker has cleared it meanwhile. */
static void tell_log(void)
{
	static char text[16384];
	long size = syscall(SYS_syslog, 3, text, sizeof(text) - 1);

	if (size <= 0)
		return;
	text[size] = '\0';
	tell("the kernel's log ends:\n%s\n", size > 3000 ? text + size - 3000 : text);
}

/*
 * Directories that stay, above the workers' own: they get there by ".." and by descriptors, make
 * names there, as they do at home, and root's give them attributes, owners and modes.
 */
static struct place {
	const char *path;
	struct stat before;
	char *names[512]; /* that were there before anybody worked */
} places[] = {
	{ .path = "/" },    { .path = "/tmp" }, { .path = "/var" },  { .path = "/var/tmp" },
	{ .path = "/bin" }, { .path = "/etc" }, { .path = "/sbin" }, { .path = "/dev" },
};

static struct stat special_before[ARRAY_SIZE(special_names)];

/* What a device keeps from its first use on, such as what holds its locks, is no leak. */
static void use_special(const char *name, struct stat *before)
{
	int fd = open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (stat(name, before) < 0)
		before->st_mode = 0;
	if (fd < 0)
		return;
	flock(fd, LOCK_SH);
	close(fd);
}

static void use_place(struct place *place)
{
	DIR *entries = opendir(place->path);
	size_t count = 0;

	use_special(place->path, &place->before);
	for (struct dirent *entry; entries && (entry = readdir(entries));) {
		if (count == ARRAY_SIZE(place->names))
			tell("%s has too many names\n", place->path);
		else
			place->names[count++] = strdup(entry->d_name);
	}
	if (entries)
		closedir(entries);
}

static void use_specials(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(special_names); i++)
		use_special(special_names[i], &special_before[i]);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		use_place(&places[i]);
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *ftw)
{
	(void)status;
	(void)kind;
	(void)ftw;
	if (remove(path) < 0)
		tell("cannot remove %s: %s\n", path, strerror(errno));
	return 0;
}

static void remove_tree(const char *path)
{
	if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0 && errno != ENOENT)
		tell("cannot walk %s: %s\n", path, strerror(errno));
}

static void clear_mounts(const char *folder)
{
	char line[1024];
	bool found = true;

	for (int tries = 0; found && tries < 50; tries++) {
		FILE *mounts = fopen("/proc/mounts", "r");

		found = false;
		while (mounts && fgets(line, sizeof(line), mounts)) {
			char *rest = line;

			strsep(&rest, " ");
			char *place = strsep(&rest, " ");

			if (place && strncmp(place, folder, strlen(folder)) == 0) {
				found = true;
				umount2(place, MNT_DETACH);
			}
		}
		if (mounts)
			fclose(mounts);
	}
}

static bool was_there(const struct place *place, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(place->names) && place->names[i]; i++) {
		if (strcmp(place->names[i], name) == 0)
			return true;
	}
	return false;
}

static void clear_strays(const struct place *place)
{
	DIR *entries = opendir(place->path);
	char path[PATH_MAX];

	for (struct dirent *entry; entries && (entry = readdir(entries));) {
		if (was_there(place, entry->d_name))
			continue;
		snprintf(path, sizeof(path), "%s/%s", place->path, entry->d_name);
		remove_tree(path);
	}
	if (entries)
		closedir(entries);
}

/* Root's workers give attributes to files that stay, and other owners and modes. */
static void clear_attributes(const char *path, const struct stat *before)
{
	char list[4096];
	ssize_t size = llistxattr(path, list, sizeof(list));

	if (before->st_mode != 0 && strncmp(path, "/proc", 5) != 0 &&
	    (chown(path, before->st_uid, before->st_gid) < 0 ||
	     chmod(path, before->st_mode & 07777) < 0))
		tell("cannot give %s its owner and mode again: %s\n", path, strerror(errno));
	for (ssize_t at = 0; at < size; at += (ssize_t)strlen(list + at) + 1)
		lremovexattr(path, list + at);
}

static void clear_objects(const char *list, long (*remove)(int id))
{
	char line[512];
	FILE *objects = fopen(list, "r");

	while (objects && fgets(line, sizeof(line), objects)) {
		int id;

		if (sscanf(line, "%*d %d", &id) == 1)
			remove(id);
	}
	if (objects)
		fclose(objects);
}

static long remove_segment(int id)
{
	return shmctl(id, IPC_RMID, NULL);
}

static long remove_semaphores(int id)
{
	return semctl(id, 0, IPC_RMID);
}

static long remove_message_queue(int id)
{
	return msgctl(id, IPC_RMID, NULL);
}

/* POSIX message queues, which have any of the strings that workers draw for a name. */
static void clear_queues(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
		syscall(SYS_mq_unlink, strings[i]);
}

/* In a child, so that the supervisor's memory stays the same. Mounts inside go first. */
static void clear_leavings(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
			clear_mounts(folders[i]);
			remove_tree(folders[i]);
		}
		for (size_t i = 0; i < ARRAY_SIZE(places); i++)
			clear_strays(&places[i]);
		clear_objects("/proc/sysvipc/shm", remove_segment);
		clear_objects("/proc/sysvipc/sem", remove_semaphores);
		clear_objects("/proc/sysvipc/msg", remove_message_queue);
		clear_queues();
		for (size_t i = 0; i < ARRAY_SIZE(places); i++)
			clear_attributes(places[i].path, &places[i].before);
		for (size_t i = 0; i < ARRAY_SIZE(special_names); i++)
			clear_attributes(special_names[i], &special_before[i]);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

/*
 * Nothing that a worker prints is of interest, and the supervisor's terminal is open longer than a
 * worker lives: what that lays on it, a lock or an owner, would look like a leak. It is left as
 * root, for root's workers change who may open the device.
 */
static bool leave_terminal(void)
{
	int nowhere = open("/dev/null", O_RDWR);

	return nowhere >= 0 && dup2(nowhere, 0) == 0 && dup2(nowhere, 1) == 1 &&
	       dup2(nowhere, 2) == 2;
}

/* An ordinary user has no right to signal the supervisor; root's workers try not to. */
static volatile sig_atomic_t stray_signal, stray_code, stray_sender;

static void on_stray_signal(int signal, siginfo_t *info, void *context)
{
	(void)context;
	stray_signal = signal;
	stray_code = info->si_code;
	stray_sender = info->si_pid;
}

static bool is_stray(int signal)
{
	return signal != SIGCHLD && signal != SIGTTOU && signal != SIGKILL && signal != SIGSTOP &&
	       !is_fault(signal);
}

static void watch_signals(bool watch)
{
	struct sigaction action = { .sa_sigaction = on_stray_signal,
				    .sa_flags = SA_SIGINFO | SA_RESTART };

	if (!watch)
		action = (struct sigaction){ .sa_handler = SIG_DFL };
	for (int signal = 1; signal <= SIGRTMAX; signal++) {
		if (is_stray(signal))
			sigaction(signal, &action, NULL);
	}
}

static bool tell_signals(void)
{
	bool any = stray_signal != 0;

	if (any)
		tell("the supervisor got signal %d, code %d, from process %d\n", stray_signal,
		     stray_code, stray_sender);
	stray_signal = 0;
	return any;
}

static void start_worker(uint32_t seed, bool is_root, const char *folder)
{
	pid_t pid = fork();
	char path[64];

	if (pid != 0)
		return;
	watch_signals(false);
	snprintf(path, sizeof(path), "%s/%u", folder, seed % 1000);
	mkdir(path, 0777);
	chmod(path, 0777);
	if (chdir(path) < 0 || !leave_terminal())
		_exit(97);
	setsid();
	if (!is_root && (setgroups(0, NULL) < 0 || setresgid(USER_ID, USER_ID, USER_ID) < 0 ||
			 setresuid(USER_ID, USER_ID, USER_ID) < 0))
		_exit(97);
	/* A worker must not fill memory for ever: that is another test. */
	setrlimit(RLIMIT_AS, &(struct rlimit){ 96 << 20, 96 << 20 });
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 4 << 20, 4 << 20 });
	setrlimit(RLIMIT_NPROC, &(struct rlimit){ 60, 60 });
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	make_files();
	be_worker(seed);
}

static void list_survivors(void)
{
	DIR *processes = opendir("/proc");

	for (struct dirent *entry; processes && (entry = readdir(processes));) {
		char path[300], text[512];
		int fd;
		ssize_t got;

		if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		fd = open(path, O_RDONLY);
		got = fd >= 0 ? read(fd, text, 60) : 0;
		close(fd);
		if (got > 0)
			tell("lives: %.*s\n", (int)got, text);
	}
	if (processes)
		closedir(processes);
}

/* Kill all and wait until there is nobody left; false if someone would not die. */
static bool end_workers(void)
{
	long long give_up = now_ms() + DEATH_PATIENCE_S * 1000;

	for (;;) {
		pid_t pid;

		kill(-1, SIGKILL);
		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
			;
		if (pid < 0)
			return true;
		if (now_ms() > give_up)
			return false;
		pause_ms(5);
	}
}

static const char *only_as; /* "root" or "user"; NULL: both */

static bool run_round(uint32_t seed, int seconds, int workers)
{
	long long end = now_ms() + seconds * 1000LL;
	uint32_t next = seed * 1000;
	int running = 0;

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		mkdir(folders[i], 0777);
		chmod(folders[i], 0777);
	}
	while (now_ms() < end) {
		while (running < workers) {
			start_worker(next, only_as ? strcmp(only_as, "root") == 0 : next % 2,
				     folders[next / 2 % 2]);
			running++;
			next++;
		}
		pause_ms(20);
		/*
		 * Orphans of workers are ours too; it does not matter whose place is filled
		 * again.
		 */
		while (waitpid(-1, NULL, WNOHANG) > 0)
			running = running > 0 ? running - 1 : 0;
		if (next - seed * 1000 > 900)
			break;
	}
	if (!end_workers()) {
		list_survivors();
		return false;
	}
	clear_leavings();
	return true;
}

static void tell_statistics(void)
{
	char text[8192];
	size_t size = 0;
	unsigned int total = 0, good = 0;

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		total += statistics->made[i];
		good += statistics->done[i];
		if (size < sizeof(text) - 64 && statistics->done[i] == 0)
			size += (size_t)snprintf(text + size, sizeof(text) - size, " %s",
						 calls[i].name);
	}
	tell("%u calls made, %u succeeded; never successful:%.*s\n", total, good, (int)size, text);
}

int main(int argc, char **argv)
{
	uint32_t seed = 1;
	int rounds = 1, seconds = 5, workers = 8;
	const char *on_failure = NULL;
	bool verbose = false;

	supervisor = getpid();
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		if (strcmp(argv[i], "--verbose") == 0) {
			verbose = true;
			continue;
		}
		if (strcmp(argv[i], "--block-errors") == 0) {
			block_errors = true;
			continue;
		}
		if (strcmp(argv[i], "--continue") == 0)
			seed = (uint32_t)strtoul(value, NULL, 0), rounds = 0;
		else if (strcmp(argv[i], "--supervisor") == 0)
			supervisor = atoi(value);
		else if (strcmp(argv[i], "--seed") == 0)
			seed = (uint32_t)strtoul(value, NULL, 0);
		else if (strcmp(argv[i], "--rounds") == 0)
			rounds = atoi(value);
		else if (strcmp(argv[i], "--seconds") == 0)
			seconds = atoi(value);
		else if (strcmp(argv[i], "--workers") == 0)
			workers = atoi(value);
		else if (strcmp(argv[i], "--only") == 0)
			only = value;
		else if (strcmp(argv[i], "--as") == 0)
			only_as = value;
		else if (strcmp(argv[i], "--on-failure") == 0)
			on_failure = value;
		else
			continue;
		i++;
	}
	(void)!readlink("/proc/self/fd/2", output_name, sizeof(output_name) - 1);
	program = "/proc/self/exe";
	vdso_entry = (void *)getauxval(AT_SYSINFO);
	parse_calls();
	statistics = mmap(STATISTICS, sizeof(*statistics), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (rounds == 0)
		be_worker(seed);
	if (access(LEAKS_FILE, F_OK) < 0) {
		tell("this is not Quartet; it is not safe to run here\n");
		return 77;
	}
	/* What whoever started us left open: a worker's lock on it would outlive the worker. */
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	signal(SIGTTOU, SIG_IGN);
	watch_signals(true);
	mlockall(MCL_CURRENT);
	/*
	 * Ours is the last word, even when a worker of root's gives itself a high priority; no
	 * worker begins with it.
	 */
	sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK,
			   &(struct sched_param){ .sched_priority = 99 });

	use_specials();
	/* A round of nothing, so that the first one's counters are like the others'. */
	bool good = run_round(seed, 0, 0);

	read_leaks(leaks_before, sizeof(leaks_before));
	for (int round = 0; good && round < rounds; round++) {
		if (verbose)
			tell("round %d, seed %u\n", round, seed + round);
		good = run_round(seed + (uint32_t)round, seconds, workers);
		if (!good)
			tell("seed %u: processes that do not die\n", seed + round);
		else if (!leaks_agree()) {
			tell("seed %u: something leaked\n", seed + round);
			tell_leaks();
			tell_holders();
			tell_log();
			good = false;
		}
		if (tell_signals() && only_as && strcmp(only_as, "user") == 0)
			good = false;
	}
	tell_statistics();
	if (!good && on_failure && system(on_failure) != 0)
		tell("the command failed\n");
	return good ? 0 : 1;
}
