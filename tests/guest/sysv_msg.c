/*
 * System V messages: types, cutting, copying, full queues, removal under sleepers, permissions.
 */
#include "check.h"
#include <sys/ipc.h>
#include <sys/msg.h>

#ifndef MSG_COPY
#define MSG_COPY 040000
#endif
#define KEY 0x51544d33

struct letter {
	long type;
	char text[8200];
};

static struct letter letter;

static int send_letter(int id, long type, const char *text, int flags)
{
	letter.type = type;
	strcpy(letter.text, text);
	return msgsnd(id, &letter, strlen(text), flags);
}

static void expect(int id, long wish, int flags, long type, const char *text)
{
	ssize_t got = msgrcv(id, &letter, sizeof(letter.text), wish, flags);

	if (got != (ssize_t)strlen(text) || letter.type != type ||
	    memcmp(letter.text, text, strlen(text)) != 0)
		FAIL("msgrcv(%ld) gave %zd of type %ld", wish, got, letter.type);
}

static int create(void)
{
	return MUST(msgget(IPC_PRIVATE, 0600));
}

static void remove_queue(int id)
{
	CHECK_EQ(msgctl(id, IPC_RMID, NULL), 0);
}

static void refusals(void)
{
	int id;

	CHECK_ERRNO(msgget(KEY, 0600), ENOENT);
	id = MUST(msgget(KEY, IPC_CREAT | 0600));
	CHECK_EQ(msgget(KEY, 0), id);
	CHECK_ERRNO(msgget(KEY, IPC_CREAT | IPC_EXCL), EEXIST);
	CHECK_ERRNO(send_letter(id, 0, "x", 0), EINVAL);
	CHECK_ERRNO(send_letter(id, -1, "x", 0), EINVAL);
	letter.type = 1;
	CHECK_ERRNO(msgsnd(id, &letter, 8193, 0), EINVAL);
	CHECK_ERRNO(msgsnd(-1, &letter, 1, 0), EINVAL);
	CHECK_ERRNO(msgsnd(id, (void *)16, 1, 0), EFAULT);
	CHECK_ERRNO(msgrcv(id, &letter, 1, 0, IPC_NOWAIT), ENOMSG);
	CHECK_ERRNO(msgrcv(id, &letter, -1, 0, IPC_NOWAIT), EINVAL);
	CHECK_ERRNO(msgrcv(-1, &letter, 1, 0, IPC_NOWAIT), EINVAL);
	CHECK_ERRNO(msgctl(id, 77, NULL), EINVAL);
	/* The C library would look at the structure itself. */
	CHECK_EQ(raw_syscall(402, id, IPC_STAT, 16), -EFAULT);
	remove_queue(id);
	CHECK_ERRNO(msgctl(id, IPC_RMID, NULL), EINVAL);
}

static void types(void)
{
	int id = create();

	CHECK_EQ(send_letter(id, 5, "five", 0), 0);
	CHECK_EQ(send_letter(id, 3, "three", 0), 0);
	CHECK_EQ(send_letter(id, 9, "nine", 0), 0);
	CHECK_EQ(send_letter(id, 3, "more", 0), 0);
	CHECK_EQ(send_letter(id, 7, "", 0), 0);
	expect(id, 9, 0, 9, "nine");
	expect(id, -4, 0, 3, "three");
	CHECK_ERRNO(msgrcv(id, &letter, 100, -2, IPC_NOWAIT), ENOMSG);
	expect(id, 5, MSG_EXCEPT, 3, "more");
	expect(id, -100, 0, 5, "five");
	expect(id, 0, 0, 7, "");
	/* Too large: it stays, or is cut. */
	CHECK_EQ(send_letter(id, 1, "0123456789", 0), 0);
	CHECK_ERRNO(msgrcv(id, &letter, 4, 0, 0), E2BIG);
	CHECK_EQ(msgrcv(id, &letter, 4, 0, MSG_NOERROR), 4);
	CHECK_ERRNO(msgrcv(id, &letter, 4, 0, IPC_NOWAIT), ENOMSG);
	remove_queue(id);
}

static void copying(void)
{
	int id = create();

	CHECK_EQ(send_letter(id, 1, "one", 0), 0);
	CHECK_EQ(send_letter(id, 2, "two", 0), 0);
	CHECK_ERRNO(msgrcv(id, &letter, 100, 0, MSG_COPY), EINVAL);
	if (msgrcv(id, &letter, 100, 1, MSG_COPY | IPC_NOWAIT) == -1 && errno == ENOSYS)
		goto out; /* Linux may be built without it */
	expect(id, 1, MSG_COPY | IPC_NOWAIT, 2, "two");
	expect(id, 0, MSG_COPY | IPC_NOWAIT, 1, "one");
	CHECK_ERRNO(msgrcv(id, &letter, 100, 2, MSG_COPY | IPC_NOWAIT), ENOMSG);
out:
	expect(id, 0, 0, 1, "one");
	expect(id, 0, 0, 2, "two");
	remove_queue(id);
}

static void status(void)
{
	struct msqid_ds status;
	int id = create();

	CHECK_EQ(send_letter(id, 1, "12345", 0), 0);
	CHECK_EQ(send_letter(id, 1, "123", 0), 0);
	CHECK_EQ(msgctl(id, IPC_STAT, &status), 0);
	CHECK_EQ(status.msg_qnum, 2);
	CHECK_EQ(status.__msg_cbytes, 8);
	CHECK_EQ(status.msg_qbytes, 16384);
	CHECK_EQ(status.msg_lspid, getpid());
	CHECK_EQ(status.msg_lrpid, 0);
	CHECK_EQ(status.msg_rtime, 0);
	CHECK(status.msg_stime != 0);
	expect(id, 0, 0, 1, "12345");
	CHECK_EQ(msgctl(id, IPC_STAT, &status), 0);
	CHECK_EQ(status.msg_qnum, 1);
	CHECK_EQ(status.msg_lrpid, getpid());
	remove_queue(id);
}

static pid_t in_the_background(int id, bool sends, int error)
{
	pid_t pid = FORK();

	if (pid == 0) {
		long result = sends ? msgsnd(id, &letter, 8000, 0)
				    : msgrcv(id, &letter, sizeof(letter.text), 4, 0);

		if (error ? result != -1 || errno != error : result < 0)
			FAIL("gave %ld", result);
		_exit(0);
	}
	wait_until_blocked(pid);
	return pid;
}

static void waiting(void)
{
	int id = create();
	pid_t pid;

	pid = in_the_background(id, false, 0);
	CHECK_EQ(send_letter(id, 3, "not this", 0), 0);
	CHECK_EQ(send_letter(id, 4, "this", 0), 0);
	CHECK_EQ(wait_exit_status(pid), 0);
	expect(id, 0, 0, 3, "not this");
	letter.type = 1;
	CHECK_EQ(msgsnd(id, &letter, 8000, 0), 0);
	CHECK_EQ(msgsnd(id, &letter, 8000, 0), 0);
	CHECK_ERRNO(msgsnd(id, &letter, 8000, IPC_NOWAIT), EAGAIN);
	pid = in_the_background(id, true, 0);
	CHECK_EQ(msgrcv(id, &letter, 8000, 0, 0), 8000);
	CHECK_EQ(wait_exit_status(pid), 0);
	pid = in_the_background(id, true, 0);
	kill_and_reap(pid);
	pid = in_the_background(id, true, EIDRM);
	pid_t other = in_the_background(id, false, EIDRM);

	remove_queue(id);
	CHECK_EQ(wait_exit_status(pid), 0);
	CHECK_EQ(wait_exit_status(other), 0);
}

/* In the background: there is no room for what comes, which stays for others. */
static pid_t wait_without_room(int id)
{
	pid_t pid = FORK();

	if (pid == 0) {
		CHECK_ERRNO(msgrcv(id, &letter, 2, 4, 0), E2BIG);
		_exit(0);
	}
	wait_until_blocked(pid);
	return pid;
}

/*
 * Who waits for a message has it from the moment when it is sent, whatever happens before he runs:
 * nobody else gets it, and it does not go with the queue.
 */
static void handed_over(void)
{
	for (int round = 0; round < 10; round++) {
		int id = create();
		struct msqid_ds status;
		pid_t poor = wait_without_room(id);
		pid_t pid = in_the_background(id, false, 0);

		CHECK_EQ(send_letter(id, 4, "this", 0), 0);
		CHECK_ERRNO(msgrcv(id, &letter, 100, 0, IPC_NOWAIT), ENOMSG);
		CHECK_EQ(msgctl(id, IPC_STAT, &status), 0);
		CHECK_EQ(status.msg_qnum, 0);
		CHECK_EQ(status.msg_lrpid, pid);
		remove_queue(id);
		CHECK_EQ(wait_exit_status(pid), 0);
		CHECK_EQ(wait_exit_status(poor), 0);
	}
}

static pid_t wait_for_type(int id, long wish, int flags, const char *text)
{
	pid_t pid = FORK();

	if (pid == 0) {
		CHECK_EQ(msgrcv(id, &letter, 100, wish, flags), (ssize_t)strlen(text));
		CHECK(memcmp(letter.text, text, strlen(text)) == 0);
		_exit(0);
	}
	wait_until_blocked(pid);
	return pid;
}

/* Each who waits gets what he waits for, in whatever order they have come. */
static void handed_by_type(void)
{
	int id = create();
	pid_t low = wait_for_type(id, -4, 0, "three");
	pid_t other = wait_for_type(id, 5, MSG_EXCEPT, "six");
	pid_t five = wait_for_type(id, 5, 0, "five");

	CHECK_EQ(send_letter(id, 5, "five", 0), 0);
	CHECK_EQ(wait_exit_status(five), 0);
	CHECK_EQ(send_letter(id, 6, "six", 0), 0);
	CHECK_EQ(wait_exit_status(other), 0);
	CHECK_EQ(send_letter(id, 3, "three", 0), 0);
	CHECK_EQ(wait_exit_status(low), 0);
	remove_queue(id);
}

static void nothing(int signal)
{
	(void)signal;
}

/* A handler ends the waiting, even one with SA_RESTART. */
static void interrupted(void)
{
	int id = create();
	pid_t pid = FORK();

	if (pid == 0) {
		handle_signal(SIGUSR1, nothing, SA_RESTART);
		alarm(10);
		CHECK_ERRNO(msgrcv(id, &letter, 100, 0, 0), EINTR);
		_exit(0);
	}
	wait_until_blocked(pid);
	CHECK(kill(pid, SIGUSR1) == 0);
	CHECK_EQ(wait_exit_status(pid), 0);
	remove_queue(id);
}

static int queue;

static void as_user(void)
{
	struct msqid_ds status;

	CHECK_ERRNO(send_letter(queue, 1, "x", 0), EACCES);
	expect(queue, 0, 0, 1, "for all");
	CHECK_ERRNO(msgctl(queue, IPC_RMID, NULL), EPERM);
	/* One's own queue holds no more than the system says. */
	int own = create();

	CHECK_EQ(msgctl(own, IPC_STAT, &status), 0);
	status.msg_qbytes = 16385;
	CHECK_ERRNO(msgctl(own, IPC_SET, &status), EPERM);
	status.msg_qbytes = 100;
	CHECK_EQ(msgctl(own, IPC_SET, &status), 0);
	letter.type = 1;
	CHECK_ERRNO(msgsnd(own, &letter, 101, IPC_NOWAIT), EAGAIN);
	remove_queue(own);
}

/* Two send, two receive; each letter arrives once. */
static void race(void)
{
	int id = create(), count = scaled(500);
	int *seen = shared_memory(PAGE);
	pid_t pids[4];

	for (int i = 0; i < 4; i++) {
		pids[i] = FORK();
		if (pids[i] != 0)
			continue;
		for (int n = 0; n < count; n++) {
			if (i < 2) {
				letter.type = 1 + n % 3;
				CHECK_EQ(msgsnd(id, &letter, 1 + n % 4000, 0), 0);
			} else {
				CHECK(msgrcv(id, &letter, 8000, 0, 0) > 0);
				__atomic_add_fetch(seen, 1, __ATOMIC_SEQ_CST);
			}
		}
		_exit(0);
	}
	for (int i = 0; i < 4; i++)
		CHECK_EQ(wait_exit_status(pids[i]), 0);
	CHECK_EQ(*seen, 2 * count);
	CHECK_ERRNO(msgrcv(id, &letter, 8000, 0, IPC_NOWAIT), ENOMSG);
	remove_queue(id);
}

int main(void)
{
	refusals();
	types();
	copying();
	status();
	waiting();
	handed_over();
	handed_by_type();
	interrupted();
	queue = MUST(msgget(IPC_PRIVATE, 0644));
	CHECK_EQ(send_letter(queue, 1, "for all", 0), 0);
	run_as(OTHER_UID, as_user);
	remove_queue(queue);
	race();
	return 0;
}
