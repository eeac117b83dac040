/*
 * Allocations that fail, one path after another, under a program that knows nothing of it: a guest
 * test, most of the time.
 *
 * The program is run again and again, each time with the next allocation failing that is made on a
 * path on which none has failed yet (core/failpoint.h, "any_path"), until a run is not struck. What
 * it says then, and how it ends, is its own business: a kernel that says ENOMEM has kept its word.
 * Whether the kernel panics, hangs, or keeps something is seen by whoever runs this
 * (tools/quartet/shortage.py); so all that a program may have left for others goes after each run.
 *
 * It is named like the program, which is /workloads/NAME. RUNS is how often it may be run.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FAILPOINT_FILE "/proc/quartet/failpoint"
#define FOLDER "run"

enum {
	RUNS = 200,
	RUN_SECONDS = 5,	/* of one run; what waits for what has failed may wait for ever */
	IPC_OBJECTS = 200,	/* of each kind, by index */
};

static void write_failpoint(const char *text)
{
	int fd = open(FAILPOINT_FILE, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0) {
		perror(FAILPOINT_FILE);
		exit(77);
	}
	close(fd);
}

static bool has_struck(void)
{
	char text[512];
	int fd = open(FAILPOINT_FILE, O_RDONLY | O_CLOEXEC);
	ssize_t got = read(fd, text, sizeof(text) - 1);

	close(fd);
	text[got > 0 ? got : 0] = '\0';
	return strstr(text, "any_path struck 1") != NULL;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *at)
{
	(void)status;
	if (at->level > 0)
		kind == FTW_DP ? rmdir(path) : unlink(path);
	return 0;
}

/* In a child, whose memory goes with it. */
static void clean_up(void)
{
	static const char *const folders[] = { "/dev/mqueue", "/dev/shm", FOLDER };
	pid_t pid = fork();

	if (pid > 0)
		waitpid(pid, NULL, 0);
	if (pid != 0)
		return;
	while (umount2(FOLDER, MNT_DETACH) == 0)
		;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		nftw(folders[i], remove_entry, 8, FTW_PHYS | FTW_DEPTH | FTW_MOUNT);
	for (int i = 0; i < IPC_OBJECTS; i++) {
		struct shmid_ds shm;
		struct semid_ds sem;
		struct msqid_ds msg;
		int id = shmctl(i, SHM_STAT, &shm);

		if (id >= 0)
			shmctl(id, IPC_RMID, NULL);
		id = semctl(i, 0, SEM_STAT, &sem);
		if (id >= 0)
			semctl(id, 0, IPC_RMID);
		id = msgctl(i, MSG_STAT, &msg);
		if (id >= 0)
			msgctl(id, IPC_RMID, NULL);
	}
	_exit(0);
}

static void become_program(const char *name, int run)
{
	char path[256];

	snprintf(path, sizeof(path), "/workloads/%s", name);
	setpgid(0, 0);
	if (run > 0) {
		/* What it says is of interest once. */
		int nowhere = open("/dev/null", O_WRONLY);

		dup2(nowhere, 1);
		dup2(nowhere, 2);
		close(nowhere);
	}
	if (chdir(FOLDER) == 0)
		execl(path, name, (char *)NULL);
	_exit(127);
}

/* True if an allocation has failed. */
static bool run_once(const char *name, int run)
{
	struct timespec patience = { RUN_SECONDS, 0 };
	sigset_t awaited;
	bool struck;
	pid_t pid;

	sigemptyset(&awaited);
	sigaddset(&awaited, SIGCHLD);
	mkdir(FOLDER, 0755);
	write_failpoint("any_path 1");
	pid = fork();
	if (pid == 0) {
		sigprocmask(SIG_UNBLOCK, &awaited, NULL);
		become_program(name, run);
	}
	while (pid > 0 && waitpid(pid, NULL, WNOHANG) == 0) {
		if (sigtimedwait(&awaited, NULL, &patience) < 0 && errno == EAGAIN)
			break;
	}
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	struck = has_struck();
	write_failpoint("any_path 0");
	clean_up();
	return struck;
}

int main(int argc, char **argv)
{
	const char *limit = getenv("RUNS");
	int runs = limit ? atoi(limit) : RUNS, run = 0;
	sigset_t awaited;

	(void)argc;
	sigemptyset(&awaited);
	sigaddset(&awaited, SIGCHLD);
	sigprocmask(SIG_BLOCK, &awaited, NULL);
	while (run < runs && run_once(argv[0], run))
		run++;
	printf("%d allocations failed%s\n", run, run < runs ? "" : ", and there are more");
	return 0;
}
