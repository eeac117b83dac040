/*
 * System V calls by number: through ipc() in the old form, in that of IPC_64, with msgrcv's and
 * shmat's versions, and the direct calls; every field where i386 has it.
 */
#include "check.h"

enum { IPC = 117, SEMGET = 393, SEMCTL, SHMGET, SHMCTL, SHMAT, SHMDT, MSGGET, MSGSND, MSGRCV,
       MSGCTL };
enum { RMID, SET, STAT, NEW = 0x100 };

static uint8_t bytes[128];

static uint32_t word(int offset)
{
	uint32_t value;

	memcpy(&value, bytes + offset, 4);
	return value;
}

static uint16_t half(int offset)
{
	uint16_t value;

	memcpy(&value, bytes + offset, 2);
	return value;
}

static void fresh(void)
{
	memset(bytes, 0xaa, sizeof(bytes));
}

static void shared_memory_forms(void)
{
	int id = raw_syscall(IPC, 23, 0x1234, 5000, 01000 | 0640, 0, 0);
	uint32_t place = 0;

	CHECK(id >= 0);
	CHECK_EQ(raw_syscall(SHMGET, 0x1234, 0, 0), id);
	CHECK_EQ(raw_syscall(IPC, 21 | 1 << 16, id, 0, &place, 0, 0), -EINVAL);
	CHECK_EQ(raw_syscall(IPC, 21, id, 0, &place, 0, 0), 0);
	CHECK(place != 0);
	*(char *)place = 'x';
	fresh();
	CHECK_EQ(raw_syscall(IPC, 24, id, STAT, 0, bytes, 0), 0);
	CHECK_EQ(word(0), 0x1234);
	CHECK_EQ(half(4), 0);
	CHECK_EQ(half(12), 0640);
	CHECK_EQ(half(14), id / 32768);
	CHECK_EQ(word(16), 5000);
	CHECK_EQ(half(32), (uint16_t)getpid());
	CHECK_EQ(half(36), 1);
	CHECK_EQ(bytes[48], 0xaa);
	fresh();
	CHECK_EQ(raw_syscall(IPC, 24, id, STAT | NEW, 0, bytes, 0), 0);
	CHECK_EQ(half(20), 0640);
	CHECK_EQ(word(36), 5000);
	CHECK_EQ(word(64), getpid());
	CHECK_EQ(word(72), 1);
	CHECK_EQ(bytes[84], 0xaa);
	CHECK_EQ(raw_syscall(SHMCTL, id, STAT | NEW, bytes), -EINVAL);
	CHECK_EQ(raw_syscall(SHMCTL, id, STAT, bytes), 0);
	CHECK_EQ(raw_syscall(IPC, 22, 0, 0, 0, place, 0), 0);
	place = raw_syscall(SHMAT, id, 0, 010000);
	CHECK_EQ(*(char *)place, 'x');
	CHECK_EQ(raw_syscall(SHMDT, place), 0);
	CHECK_EQ(raw_syscall(SHMCTL, id, RMID, 0), 0);
}

static void semaphore_forms(void)
{
	int id = raw_syscall(IPC, 2, 0x1235, 3, 01000 | 0640, 0, 0);
	uint32_t argument = 7;
	struct { uint16_t number; int16_t change, flags; } operation = { 1, -2, 0 };
	int32_t soon[2] = { 0, 1000000 };
	int64_t soon64[2] = { 0, 1000000 };

	CHECK_EQ(raw_syscall(SEMGET, 0x1235, 3, 0), id);
	CHECK_EQ(raw_syscall(IPC, 3, id, 1, 16, &argument, 0), 0);
	CHECK_EQ(raw_syscall(IPC, 3, id, 1, 16, 0, 0), -EINVAL);
	CHECK_EQ(raw_syscall(SEMCTL, id, 1, 12, 0), 7);
	CHECK_EQ(raw_syscall(IPC, 1, id, 1, 0, &operation, 0), 0);
	CHECK_EQ(raw_syscall(SEMCTL, id, 1, 12, 0), 5);
	operation.change = -6;
	CHECK_EQ(raw_syscall(IPC, 4, id, 1, 0, &operation, soon), -EAGAIN);
	CHECK_EQ(raw_syscall(420, id, &operation, 1, soon64), -EAGAIN);
	fresh();
	argument = (uint32_t)bytes;
	CHECK_EQ(raw_syscall(IPC, 3, id, 0, STAT, &argument, 0), 0);
	CHECK_EQ(half(12), 0640);
	CHECK_EQ(half(40), 3);
	CHECK_EQ(bytes[44], 0xaa);
	fresh();
	CHECK_EQ(raw_syscall(IPC, 3, id, 0, STAT | NEW, &argument, 0), 0);
	CHECK_EQ(half(20), 0640);
	CHECK_EQ(word(52), 3);
	CHECK_EQ(bytes[64], 0xaa);
	CHECK_EQ(raw_syscall(SEMCTL, id, 0, STAT, bytes), 0);
	CHECK_EQ(raw_syscall(SEMCTL, id, 0, RMID, 0), 0);
}

static void message_forms(void)
{
	int id = raw_syscall(IPC, 13, 0x1236, 01000 | 0640, 0, 0, 0);
	struct { int32_t type; char text[8]; } letter = { 2, "message" };
	struct { void *message; int32_t type; } kludge = { &letter, 2 };

	CHECK_EQ(raw_syscall(MSGGET, 0x1236, 0), id);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(raw_syscall(IPC, 11, id, 7, 0, &letter, 0), 0);
	fresh();
	CHECK_EQ(raw_syscall(IPC, 14, id, STAT, 0, bytes, 0), 0);
	CHECK_EQ(half(12), 0640);
	CHECK_EQ(half(44), 21);
	CHECK_EQ(half(46), 3);
	CHECK_EQ(half(48), 16384);
	CHECK_EQ(half(50), (uint16_t)getpid());
	fresh();
	CHECK_EQ(raw_syscall(IPC, 14, id, STAT | NEW, 0, bytes, 0), 0);
	CHECK_EQ(half(20), 0640);
	CHECK_EQ(word(60), 21);
	CHECK_EQ(word(64), 3);
	CHECK_EQ(word(68), 16384);
	CHECK_EQ(word(72), getpid());
	CHECK_EQ(bytes[88], 0xaa);
	memset(&letter, 0, sizeof(letter));
	CHECK_EQ(raw_syscall(IPC, 12, id, 8, 0, 0, 2), -EINVAL);
	CHECK_EQ(raw_syscall(IPC, 12, id, 8, 0, &kludge, 0), 7);
	CHECK(letter.type == 2 && strcmp(letter.text, "message") == 0);
	CHECK_EQ(raw_syscall(IPC, 12 | 1 << 16, id, 8, 0, &letter, 2), 7);
	CHECK_EQ(raw_syscall(MSGRCV, id, &letter, 8, 2, 0), 7);
	CHECK_EQ(raw_syscall(MSGRCV, id, &letter, 8, 2, 04000), -ENOMSG);
	CHECK_EQ(raw_syscall(MSGCTL, id, RMID, 0), 0);
}

int main(void)
{
	shared_memory_forms();
	semaphore_forms();
	message_forms();
	CHECK_EQ(raw_syscall(IPC, 5, 0, 0, 0, 0, 0), -ENOSYS);
	CHECK_EQ(raw_syscall(IPC, 25, 0, 0, 0, 0, 0), -ENOSYS);
	return 0;
}
