/* test: timeout=120 linux=no
 * No address of the kernel's stands in what an ordinary user can read of /proc and /sys: not as a
 * number, not in a link, not in a name. It would tell where to aim.
 *
 * A number counts as an address that is one in the last GiB, decimal or as eight hexadecimal
 * digits, with or without zeros before them. What calls give as words is looked at in
 * protect_stale_bytes.c. Linux shows hashes of its addresses in some lists, which may be any
 * number.
 */
#include "check.h"
#include <dirent.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

enum { DEEPEST = 12, ROOM = 64 * 1024 };

static int files, links, numbers, found;

/*
 * Small negative numbers are none, nor masks of whole bytes, nor the greatest size of a shared
 * segment.
 */
static bool is_address(uint64_t value)
{
	uint32_t word = (uint32_t)value;

	return value > 0xc0000000 && value < 0xffe00000 &&
	       word != (word & 0x01010101) * 0xff && word != 0xfeffffff;
}

/* Letters and digits alone, as they stand between other characters. */
static bool names_address(const char *word, size_t length)
{
	char text[24], *end;

	if (length > 2 && word[0] == '0' && word[1] == 'x')
		word += 2, length -= 2;
	if (length < 8 || length >= sizeof(text))
		return false;
	memcpy(text, word, length);
	text[length] = '\0';
	numbers++;
	if (is_address(strtoull(text, &end, 10)) && !*end)
		return true;
	return is_address(strtoull(text, &end, 16)) && !*end &&
	       strlen(text + strspn(text, "0")) == 8;
}

static void look_at(const char *path, const char *text, size_t size)
{
	static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";

	for (size_t at = 0, length; at < size; at += length + 1) {
		length = strspn(text + at, letters);
		if (!names_address(text + at, length))
			continue;
		say("%s: %.*s\n", path, (int)length, text + at);
		found++;
	}
}

/* Random by purpose, a time in nanoseconds, or of the processor's making. */
static bool may_say_anything(const char *path)
{
	static const char *const ends[] = { "/uuid", "/boot_id", "/schedstat", "/cpuinfo" };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		size_t length = strlen(path), wanted = strlen(ends[i]);

		if (length > wanted && strcmp(path + length - wanted, ends[i]) == 0)
			return true;
	}
	return false;
}

static void look_into_file(const char *path)
{
	static char text[ROOM + 1];
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return;
	files++;
	/* Zero bytes end strings here, as they do in cmdline. */
	while ((got = read(fd, text, ROOM)) > 0) {
		for (ssize_t i = 0; i < got; i++)
			text[i] = text[i] ? text[i] : '\n';
		text[got] = '\0';
		look_at(path, text, got);
		if (strstr(path, "/pagemap") || strstr(path, "/mem"))
			break;	/* frames, and the program's own memory: no text, and no end */
	}
	close(fd);
}

static void look_into_link(const char *path)
{
	char text[512];
	ssize_t got = readlink(path, text, sizeof(text) - 1);

	if (got < 0)
		return;
	links++;
	text[got] = '\0';
	look_at(path, text, got);
}

static void look_below(const char *folder, int depth)
{
	DIR *listing = opendir(folder);
	struct dirent *entry;
	char path[1024];

	if (!listing)
		return;
	while (depth < DEEPEST && (entry = readdir(listing)) != NULL) {
		struct stat status;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		look_at(path, entry->d_name, strlen(entry->d_name));
		if (lstat(path, &status) != 0)
			continue;
		if (S_ISLNK(status.st_mode))
			look_into_link(path);
		else if (S_ISDIR(status.st_mode))
			look_below(path, depth + 1);
		else if (S_ISREG(status.st_mode) && !may_say_anything(path))
			look_into_file(path);
	}
	closedir(listing);
}

/* Something of each kind that lists show. */
static void make_things(int ids[3])
{
	struct sockaddr address = { AF_UNIX, "" };
	struct epoll_event event = { .events = EPOLLIN };
	struct itimerspec time = { { 9, 0 }, { 9, 0 } };
	int fds[2], file = MUST(open("file", O_CREAT | O_RDWR, 0600));
	int epoll = MUST(epoll_create1(0)), timer = MUST(timerfd_create(CLOCK_MONOTONIC, 0));
	int bound = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	struct flock lock = { .l_type = F_WRLCK };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	MUST(signalfd(-1, &set, 0));
	CHECK(pipe(fds) == 0);
	CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) == 0);
	CHECK(bind(bound, &address, sizeof(address.sa_family)) == 0 && listen(bound, 1) == 0);
	MUST(epoll_ctl(epoll, EPOLL_CTL_ADD, MUST(eventfd(1, 0)), &event));
	MUST(timerfd_settime(timer, 0, &time, NULL));
	MUST(inotify_add_watch(MUST(inotify_init()), "file", IN_MODIFY));
	MUST(syscall(434, getpid(), 0));	/* pidfd_open */
	MUST(fcntl(file, F_SETLK, &lock));
	MUST(flock(file, LOCK_EX));
	MUST(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, 0));
	ids[0] = MUST(msgget(IPC_PRIVATE, 0600));
	ids[1] = MUST(semget(IPC_PRIVATE, 1, 0600));
	ids[2] = MUST(shmget(IPC_PRIVATE, PAGE, 0600));
	CHECK(shmat(ids[2], NULL, 0) != (void *)-1);
}

static void check_self(void)
{
	static const struct {
		const char *text;
		int found;
	} tries[] = {
		{ "a 0xc0123450 b", 1 }, { "c0123450-c0124000", 2 }, { "x:[3222421584]", 1 },
		{ "00000000f0001000", 1 }, { "0000ffff c0123450:", 1 }, { "bffff000-c0000000", 0 },
		{ "4294967295 fffffff4", 0 }, { "ff000000 -22", 0 }, { "12c0123450", 0 },
		{ "abc0123450z", 0 }, { "1000000000", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
		int before = found;

		look_at("(so it would be told)", tries[i].text, strlen(tries[i].text));
		CHECK_EQ(found - before, tries[i].found);
	}
	found = 0;
}

static void as_user(void)
{
	struct msqid_ds unused;
	int ids[3];

	/* Who changes his user is not dumpable, and his own /proc/self/maps not his. */
	CHECK(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0);
	make_things(ids);
	look_below("/proc", 0);
	look_below("/sys", 0);
	say("%d files, %d links, %d numbers\n", files, links, numbers);
	CHECK(files > 100 && links > 20 && numbers > 100);
	CHECK(msgctl(ids[0], IPC_RMID, &unused) == 0 && semctl(ids[1], 0, IPC_RMID) == 0);
	CHECK(shmctl(ids[2], IPC_RMID, NULL) == 0);
	CHECK_EQ(found, 0);
}

int main(void)
{
	CHECK(chmod(".", 0777) == 0);
	check_self();
	run_as(OTHER_UID, as_user);
	return 0;
}
