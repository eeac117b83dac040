/*
 * System V shared memory: keys and ids, attaching in each way, counts, removal while attached,
 * permissions, and what is refused.
 */
#include "check.h"
#include <sys/ipc.h>
#include <sys/shm.h>

#define KEY 0x51544d31
#define ATTACH_FAILED ((void *)-1)

static struct shmid_ds stat_of(int id)
{
	struct shmid_ds status;

	CHECK_EQ(shmctl(id, IPC_STAT, &status), 0);
	return status;
}

static void remove_segment(int id)
{
	CHECK_EQ(shmctl(id, IPC_RMID, NULL), 0);
}

static void keys(void)
{
	int id, other;

	CHECK_ERRNO(shmget(KEY, PAGE, 0600), ENOENT);
	CHECK_ERRNO(shmget(KEY, 0, IPC_CREAT | 0600), EINVAL);
	id = MUST(shmget(KEY, PAGE + 1, IPC_CREAT | 0640));
	CHECK_EQ(shmget(KEY, 0, 0), id);
	CHECK_EQ(shmget(KEY, PAGE + 1, IPC_CREAT | 0600), id);
	CHECK_ERRNO(shmget(KEY, PAGE + 2, 0600), EINVAL);
	CHECK_ERRNO(shmget(KEY, PAGE + 2, IPC_CREAT | IPC_EXCL | 0600), EEXIST);
	other = MUST(shmget(IPC_PRIVATE, 1, 0600));
	CHECK(other != id);

	struct shmid_ds status = stat_of(id);

	CHECK_EQ(status.shm_perm.__key, KEY);
	CHECK_EQ(status.shm_perm.mode, 0640);
	CHECK_EQ(status.shm_segsz, PAGE + 1);
	CHECK_EQ(status.shm_cpid, getpid());
	CHECK_EQ(status.shm_lpid, 0);
	CHECK_EQ(status.shm_nattch, 0);
	CHECK_EQ(status.shm_atime, 0);
	CHECK(llabs((long long)status.shm_ctime - time(NULL)) < 3);
	remove_segment(id);
	CHECK_ERRNO(shmctl(id, IPC_STAT, &status), EINVAL);
	CHECK_ERRNO(shmget(KEY, 0, 0), ENOENT);
	remove_segment(other);
	CHECK_ERRNO(shmctl(other, IPC_RMID, NULL), EINVAL);
	CHECK_ERRNO(shmctl(-1, IPC_RMID, NULL), EINVAL);
	/* The place is taken again under another id; the old one is known to be old. */
	other = MUST(shmget(IPC_PRIVATE, 1, 0600));
	CHECK(other != id);
	remove_segment(other);
}

static void attaching(void)
{
	int id = MUST(shmget(IPC_PRIVATE, 3 * PAGE, 0600));
	char *first = shmat(id, NULL, 0), *second, *place;

	CHECK(first != ATTACH_FAILED);
	CHECK_EQ(stat_of(id).shm_nattch, 1);
	CHECK_EQ(stat_of(id).shm_lpid, getpid());
	for (int i = 0; i < 3 * PAGE; i += 64)
		CHECK_EQ(first[i], 0);
	first[PAGE] = 'x';
	second = shmat(id, NULL, SHM_RDONLY);
	CHECK(second != ATTACH_FAILED && second != first);
	CHECK_EQ(second[PAGE], 'x');
	CHECK_EQ(stat_of(id).shm_nattch, 2);
	CHECK_ERRNO(mprotect(second, PAGE, PROT_READ | PROT_WRITE), EACCES);
	CHECK(shmdt(second) == 0);
	/* At an address: it must be free, or to be replaced. */
	place = map_pages(16);
	CHECK(munmap(place, 16 * PAGE) == 0);
	CHECK(shmat(id, place + 1, SHM_RND) == place);
	CHECK(shmat(id, place, 0) == ATTACH_FAILED && errno == EINVAL);
	CHECK(shmat(id, place + PAGE, 0) == ATTACH_FAILED && errno == EINVAL);
	CHECK(shmat(id, place + 1, 0) == ATTACH_FAILED && errno == EINVAL);
	CHECK(shmat(id, place + PAGE, SHM_REMAP) == place + PAGE);
	CHECK_EQ(place[2 * PAGE], 'x');
	CHECK(shmat(id, NULL, SHM_REMAP) == ATTACH_FAILED && errno == EINVAL);
	CHECK(shmat(-1, NULL, 0) == ATTACH_FAILED && errno == EINVAL);
	CHECK(shmdt(place + PAGE) == 0);
	CHECK(shmdt(place) == 0);
	CHECK_ERRNO(shmdt(place), EINVAL);
	CHECK_ERRNO(shmdt(first + 1), EINVAL);
	CHECK_ERRNO(shmdt(first + PAGE), EINVAL);
	/* A hole in the middle: the pieces go together. */
	CHECK(munmap(first + PAGE, PAGE) == 0);
	CHECK_EQ(stat_of(id).shm_nattch, 2);
	CHECK(shmdt(first) == 0);
	CHECK_EQ(stat_of(id).shm_nattch, 0);
	CHECK(stat_of(id).shm_dtime != 0);
	/* Without anybody attached the bytes are still there. */
	first = shmat(id, NULL, 0);
	CHECK_EQ(first[PAGE], 'x');
	CHECK(shmdt(first) == 0);
	remove_segment(id);
}

static void name_in_maps(void)
{
	int id = MUST(shmget(KEY, PAGE, IPC_CREAT | 0600));
	char *memory = shmat(id, NULL, 0), line[256], wanted[64];
	FILE *maps = fopen("/proc/self/maps", "r");
	bool found = false;

	snprintf(wanted, sizeof(wanted), " %d ", id);
	while (fgets(line, sizeof(line), maps))
		found |= strstr(line, "/SYSV51544d31 (deleted)") && strstr(line, wanted);
	fclose(maps);
	CHECK(found);
	CHECK(shmdt(memory) == 0);
	remove_segment(id);
}

/* fork() attaches the child too; exec and exit detach. */
static void counts(void)
{
	int id = MUST(shmget(IPC_PRIVATE, PAGE, 0600));
	int *memory = shmat(id, NULL, 0);
	struct gate gate = gate_create(), done = gate_create();
	pid_t pid = FORK();

	if (pid == 0) {
		memory[0] = 7;
		gate_open(&gate);
		gate_pass(&done);
		_exit(0);
	}
	gate_pass(&gate);
	CHECK_EQ(memory[0], 7);
	CHECK_EQ(stat_of(id).shm_nattch, 2);
	gate_open(&done);
	CHECK_EQ(wait_exit_status(pid), 0);
	CHECK_EQ(stat_of(id).shm_nattch, 1);
	CHECK_EQ(stat_of(id).shm_lpid, pid);
	/* Removed while attached: no key, marked, alive until the last one goes. */
	remove_segment(id);
	CHECK_EQ(stat_of(id).shm_perm.mode & SHM_DEST, SHM_DEST);
	CHECK_EQ(stat_of(id).shm_perm.__key, IPC_PRIVATE);
	int *again = shmat(id, NULL, 0);

	CHECK_EQ(again[0], 7);
	CHECK(shmdt(again) == 0);
	CHECK_EQ(memory[0], 7);
	CHECK(shmdt(memory) == 0);
	CHECK(shmat(id, NULL, 0) == ATTACH_FAILED && errno == EINVAL);
}

static int permitted, forbidden;

static void as_user(void)
{
	struct shmid_ds status;
	char *memory;

	CHECK(shmat(permitted, NULL, 0) == ATTACH_FAILED && errno == EACCES);
	memory = shmat(permitted, NULL, SHM_RDONLY);
	CHECK(memory != ATTACH_FAILED);
	CHECK_EQ(memory[0], 'p');
	CHECK(shmat(forbidden, NULL, SHM_RDONLY) == ATTACH_FAILED && errno == EACCES);
	CHECK_ERRNO(shmget(KEY, 0, 0600), EACCES);
	CHECK_EQ(shmget(KEY, 0, 0444), permitted);
	CHECK_ERRNO(shmctl(permitted, IPC_RMID, NULL), EPERM);
	CHECK_EQ(shmctl(permitted, IPC_STAT, &status), 0);
	CHECK_ERRNO(shmctl(permitted, IPC_SET, &status), EPERM);
	CHECK_ERRNO(shmctl(forbidden, IPC_STAT, &status), EACCES);
	CHECK_ERRNO(shmctl(permitted, SHM_LOCK, NULL), EPERM);
}

static void permissions(void)
{
	struct shmid_ds status;
	char *memory;

	permitted = MUST(shmget(KEY, PAGE, IPC_CREAT | 0644));
	forbidden = MUST(shmget(IPC_PRIVATE, PAGE, 0600));
	memory = shmat(permitted, NULL, 0);
	memory[0] = 'p';
	run_as(OTHER_UID, as_user);
	status = stat_of(permitted);
	status.shm_perm.uid = OTHER_UID;
	status.shm_perm.mode = 0600;
	CHECK_EQ(shmctl(permitted, IPC_SET, &status), 0);
	CHECK_EQ(stat_of(permitted).shm_perm.uid, OTHER_UID);
	CHECK_EQ(stat_of(permitted).shm_perm.cuid, 0);
	CHECK_EQ(stat_of(permitted).shm_perm.mode & 0777, 0600);
	CHECK_EQ(shmctl(permitted, SHM_LOCK, NULL), 0);
	CHECK_EQ(stat_of(permitted).shm_perm.mode & SHM_LOCKED, SHM_LOCKED);
	CHECK_EQ(shmctl(permitted, SHM_UNLOCK, NULL), 0);
	CHECK_ERRNO(shmctl(permitted, 77, NULL), EINVAL);
	/* The C library would look at the structure itself. */
	CHECK_EQ(raw_syscall(396, permitted, IPC_STAT, 16), -EFAULT);
	CHECK(shmdt(memory) == 0);
	remove_segment(permitted);
	remove_segment(forbidden);
}

static void listing(void)
{
	int id = MUST(shmget(KEY, 5000, IPC_CREAT | 0600)), highest;
	struct shm_info usage;
	struct shminfo limits;
	struct shmid_ds status;
	char text[4096], wanted[64];
	bool found = false;

	highest = MUST(shmctl(0, SHM_INFO, (struct shmid_ds *)&usage));
	CHECK(usage.used_ids >= 1 && usage.shm_tot >= 2);
	CHECK_EQ(shmctl(0, IPC_INFO, (struct shmid_ds *)&limits), highest);
	CHECK_EQ(limits.shmmin, 1);
	CHECK_EQ(limits.shmmni, 4096);
	for (int index = 0; index <= highest; index++) {
		int got = shmctl(index, SHM_STAT, &status);

		found |= got == id && status.shm_segsz == 5000;
	}
	CHECK(found);
	read_text("/proc/sysvipc/shm", text, sizeof(text));
	snprintf(wanted, sizeof(wanted), "%10d %10d   600 ", KEY, id);
	CHECK(strstr(text, wanted) != NULL);
	remove_segment(id);
}

/* Attach, detach, fork and remove at once, many times over. */
static void race(void)
{
	for (int round = 0; round < scaled(100); round++) {
		int id = MUST(shmget(IPC_PRIVATE, 2 * PAGE, 0600));
		pid_t pids[3];

		for (int i = 0; i < 3; i++) {
			pids[i] = FORK();
			if (pids[i] != 0)
				continue;
			for (int n = 0; n < 10; n++) {
				char *memory = shmat(id, NULL, 0);

				if (memory == ATTACH_FAILED) {
					CHECK(errno == EINVAL || errno == EIDRM);
					continue;
				}
				memory[PAGE] = 'r';
				if (n % 3 && shmdt(memory) != 0)
					FAIL("shmdt");
			}
			_exit(0);
		}
		remove_segment(id);
		for (int i = 0; i < 3; i++)
			CHECK_EQ(wait_exit_status(pids[i]), 0);
		CHECK_ERRNO(shmget(id, 0, 0), ENOENT);
	}
}

int main(void)
{
	keys();
	attaching();
	name_in_maps();
	counts();
	permissions();
	listing();
	race();
	return 0;
}
