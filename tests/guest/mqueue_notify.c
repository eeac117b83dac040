/* mq_notify(): one process hears, once, of a message in the empty queue; and queues as files. */
#include "check.h"
#include <mqueue.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <dirent.h>

#define QUEUE "/quartet-notify"

static mqd_t queue;

static void others_are_busy(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_NONE };

	CHECK_ERRNO(mq_notify(queue, &event), EBUSY);
	CHECK(mq_notify(queue, NULL) == 0);	/* not ours: nothing happens */
	CHECK_ERRNO(mq_notify(queue, &event), EBUSY);
	CHECK(mq_close(queue) == 0);		/* nor does this */
}

static void send_as_other(void)
{
	CHECK(mq_send(queue, "x", 1, 0) == 0);
}

static void signals(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1,
				  .sigev_value.sival_int = 4711 };
	struct timespec none = { 0, 0 };
	siginfo_t info;
	sigset_t set;
	char byte[8];

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	CHECK(mq_notify(queue, &event) == 0);
	CHECK_ERRNO(mq_notify(queue, &event), EBUSY);
	in_child(others_are_busy);
	pid_t child = FORK();

	if (child == 0) {
		become_user(OTHER_UID, OTHER_GID);
		send_as_other();
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	CHECK_EQ(sigwaitinfo(&set, &info), SIGUSR1);
	CHECK_EQ(info.si_code, SI_MESGQ);
	CHECK_EQ(info.si_pid, child);
	CHECK_EQ(info.si_uid, OTHER_UID);
	CHECK_EQ(info.si_value.sival_int, 4711);
	/* Once; and only of the first message. */
	CHECK(mq_notify(queue, &event) == 0);
	CHECK(mq_send(queue, "y", 1, 0) == 0);
	CHECK_ERRNO(sigtimedwait(&set, &info, &none), EAGAIN);
	CHECK_EQ(mq_receive(queue, byte, 8, NULL), 1);
	CHECK_EQ(mq_receive(queue, byte, 8, NULL), 1);
	CHECK_ERRNO(sigtimedwait(&set, &info, &none), EAGAIN);
	/* Who waits for the message is served, and nobody is told. */
	child = FORK();
	if (child == 0) {
		CHECK_EQ(mq_receive(queue, byte, 8, NULL), 1);
		_exit(0);
	}
	wait_until_blocked(child);
	CHECK(mq_send(queue, "z", 1, 0) == 0);
	CHECK_EQ(wait_exit_status(child), 0);
	CHECK_ERRNO(sigtimedwait(&set, &info, &none), EAGAIN);
	CHECK(mq_send(queue, "z", 1, 0) == 0);
	CHECK_EQ(sigtimedwait(&set, &info, &none), SIGUSR1);
	CHECK_EQ(info.si_pid, getpid());
	CHECK_EQ(mq_receive(queue, byte, 8, NULL), 1);

	/* Closing any description of it, or the end of the process, ends it. */
	CHECK(mq_notify(queue, &event) == 0);
	CHECK(close(dup(queue)) == 0);
	CHECK(mq_notify(queue, &event) == 0);
	CHECK(mq_notify(queue, NULL) == 0);
	child = FORK();
	if (child == 0) {
		CHECK(mq_notify(queue, &event) == 0);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	event.sigev_notify = SIGEV_NONE;
	CHECK(mq_notify(queue, &event) == 0);
	CHECK(mq_send(queue, "z", 1, 0) == 0);
	CHECK(mq_notify(queue, &event) == 0);
	CHECK_EQ(mq_receive(queue, byte, 8, NULL), 1);
	CHECK_ERRNO(sigtimedwait(&set, &info, &none), EAGAIN);
	event.sigev_notify = 99;
	CHECK_ERRNO(mq_notify(queue, &event), EINVAL);
	event.sigev_notify = SIGEV_SIGNAL;
	event.sigev_signo = 65;
	CHECK_ERRNO(mq_notify(queue, &event), EINVAL);
	CHECK_ERRNO(mq_notify(0, NULL), EBADF);
	CHECK(mq_notify(queue, NULL) == 0);
}

static bool is_listed(const char *wanted)
{
	DIR *directory = opendir("queues");
	struct dirent *entry;
	bool found = false;

	CHECK(directory != NULL);
	while ((entry = readdir(directory)))
		found |= !strcmp(entry->d_name, wanted);
	closedir(directory);
	return found;
}

static void files(void)
{
	char text[128] = "";
	struct statfs fs;
	struct stat status;
	int fd;

	CHECK(mkdir("queues", 0755) == 0);
	CHECK(mount("none", "queues", "mqueue", 0, NULL) == 0);
	CHECK(statfs("queues", &fs) == 0);
	CHECK_EQ(fs.f_type, 0x19800202);
	CHECK(stat("queues", &status) == 0);
	CHECK_EQ(status.st_mode, S_IFDIR | 01777);
	CHECK(is_listed("quartet-notify"));
	CHECK(mq_send(queue, "abc", 3, 0) == 0);
	fd = MUST(open("queues/quartet-notify", O_RDONLY));
	CHECK(read(fd, text, sizeof(text)) > 0);
	CHECK(!strcmp(text, "QSIZE:3          NOTIFY:0     SIGNO:0     NOTIFY_PID:0     \n"));
	CHECK_EQ(read(fd, text, sizeof(text)), 0);
	CHECK_EQ(mq_receive((mqd_t)fd, text, 8, NULL), 3);
	CHECK(close(fd) == 0);
	CHECK(stat("queues/quartet-notify", &status) == 0);
	CHECK_EQ(status.st_size, 80);
	CHECK_EQ(status.st_mode, S_IFREG | 0622);
	/* One made by open() gets the usual size. */
	fd = MUST(open("queues/by-open", O_RDWR | O_CREAT, 0600));
	struct mq_attr attributes;

	CHECK(mq_getattr((mqd_t)fd, &attributes) == 0);
	CHECK_EQ(attributes.mq_maxmsg, 10);
	CHECK(close(fd) == 0);
	CHECK_ERRNO(mkdir("queues/directory", 0755), EPERM);
	CHECK_ERRNO(symlink("x", "queues/link"), EPERM);
	CHECK_ERRNO(link("queues/by-open", "queues/other"), EPERM);
	CHECK_ERRNO(rename("queues/by-open", "queues/other"), EPERM);
	CHECK(unlink("queues/by-open") == 0);
	CHECK(!is_listed("by-open"));
	CHECK_ERRNO(mq_open("/by-open", O_RDONLY), ENOENT);
	CHECK(umount("queues") == 0);
}

int main(void)
{
	struct mq_attr attributes = { .mq_maxmsg = 4, .mq_msgsize = 8 };

	mq_unlink(QUEUE);
	umask(0);
	queue = MUST(mq_open(QUEUE, O_CREAT | O_RDWR, 0622, &attributes));
	in_child(signals);
	in_child(files);
	CHECK(mq_close(queue) == 0);
	CHECK(mq_unlink(QUEUE) == 0);
	return 0;
}
