/*
 * System V IPC: the calls of their own, and ipc(2), which is all of them in one.
 *
 * Three generations of structures: the old ones with 16-bit ids, those of IPC_64, and the direct
 * calls, which know only the latter. What is below has one form.
 */
#include "arch/user_copy.h"
#include "ipc/msg.h"
#include "ipc/sem.h"
#include "ipc/shm.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "proc/process.h"
#include "syscall/sys_internal.h"
#include "syscall/sys_ipc.h"
#include "syscall/syscalls.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/ipc.h"

/* ---- semaphores ------------------------------------------------------------------------------ */

int sys_semget(int32_t key, int count, int flags)
{
	return sem_get(key, count, flags, credentials_current());
}

enum { OPERATIONS_ON_STACK = 16 };

/*
 * `late_error`: what is said once the operations have been read, as on Linux: first how many they
 * are, then where they are, then all else.
 */
static int operate(int id, user_addr from, unsigned int count, uint64_t deadline_ns,
		   int late_error)
{
	struct sembuf small[OPERATIONS_ON_STACK], *operations = small;
	int error;

	if (count > SEM_OPERATIONS_MAX)
		return -E2BIG;
	if (count < 1)
		return -EINVAL;
	if (count > ARRAY_SIZE(small)) {
		operations = kmalloc_array(count, sizeof(*operations), 0);
		if (!operations)
			return -ENOMEM;
	}
	error = copy_from_user(operations, from, count * sizeof(*operations));
	if (!error)
		error = id < 0 ? -EINVAL : late_error;
	if (!error)
		error = sem_operate(id, operations, count, deadline_ns, credentials_current(),
				    &user_thread_current()->semaphore_undo);
	if (operations != small)
		kfree(operations);
	return error;
}

int sys_semop(int id, user_addr operations, unsigned int count)
{
	return operate(id, operations, count, UINT64_MAX, 0);
}

static int operate_until(int id, user_addr operations, unsigned int count, user_addr timeout,
			 bool wide)
{
	int64_t ns;
	int error;

	if (!timeout)
		return sys_semop(id, operations, count);
	error = abi_timeout_get(timeout, wide, &ns);
	if (error && error != -EINVAL)
		return error;
	return operate(id, operations, count, error ? 0 : abi_deadline_after(ns), error);
}

int sys_semtimedop_time64(int id, user_addr operations, unsigned int count, user_addr timeout)
{
	return operate_until(id, operations, count, timeout, true);
}

/* GETALL and SETALL: as many numbers as the set has, which its status says. */
static int semaphore_array(int id, bool set, user_addr array)
{
	const struct credentials *credentials = credentials_current();
	struct sem_status status;
	uint16_t *values;
	int error = sem_stat(id, false, set ? 0222 : 0444, credentials, &status);

	if (error)
		return error;
	values = kmalloc_array(status.count, sizeof(*values), 0);
	if (!values)
		return -ENOMEM;
	if (set) {
		error = copy_from_user(values, array, status.count * sizeof(*values));
		if (!error)
			error = sem_set_all(id, values, status.count, credentials);
	} else {
		error = sem_get_all(id, values, status.count, credentials);
		if (!error)
			error = copy_to_user(array, values, status.count * sizeof(*values));
	}
	kfree(values);
	return error;
}

static int semaphore_info(bool usage, user_addr to)
{
	struct seminfo info = {
		.semmap = SEM_TOTAL_MAX,
		.semmni = SEM_SETS_MAX,
		.semmns = SEM_TOTAL_MAX,
		.semmnu = SEM_TOTAL_MAX,
		.semmsl = SEM_PER_SET_MAX,
		.semopm = SEM_OPERATIONS_MAX,
		.semume = SEM_OPERATIONS_MAX,
		.semusz = 20,
		.semvmx = SEM_VALUE_MAX,
		.semaem = SEM_VALUE_MAX,
	};
	unsigned int sets, semaphores;
	int highest;

	sem_totals(&sets, &semaphores, &highest);
	if (usage) {
		info.semusz = (int32_t)sets;
		info.semaem = (int32_t)semaphores;
	}
	return copy_to_user(to, &info, sizeof(info)) ? -EFAULT : highest;
}

static int semaphore_stat(int id, int command, user_addr to, bool new_form)
{
	bool by_index = command != IPC_STAT;
	struct sem_status status;
	int error = sem_stat(id, by_index, command == SEM_STAT_ANY ? 0 : 0444,
			     credentials_current(), &status);

	if (!error)
		error = abi_semid_put(to, &status, new_form);
	return error ? error : by_index ? status.id : 0;
}

int syscall_semctl(int id, int number, int command, uint32_t argument, bool new_form)
{
	static const enum sem_question questions[] = {
		[SEM_GETVAL] = SEM_ASK_VALUE,
		[SEM_GETPID] = SEM_ASK_PID,
		[SEM_GETNCNT] = SEM_ASK_INCREASE_WAITERS,
		[SEM_GETZCNT] = SEM_ASK_ZERO_WAITERS,
	};
	const struct credentials *credentials = credentials_current();
	user_addr pointer = user_addr_from(argument);
	struct ipc_owner owner;
	int error;

	if (id < 0)
		return -EINVAL;
	switch (command) {
	case IPC_INFO:
	case SEM_INFO:
		return semaphore_info(command == SEM_INFO, pointer);
	case IPC_STAT:
	case SEM_STAT:
	case SEM_STAT_ANY:
		return semaphore_stat(id, command, pointer, new_form);
	case SEM_GETALL:
	case SEM_SETALL:
		return semaphore_array(id, command == SEM_SETALL, pointer);
	case SEM_GETVAL:
	case SEM_GETPID:
	case SEM_GETNCNT:
	case SEM_GETZCNT:
		return sem_ask(id, number, questions[command], credentials);
	case SEM_SETVAL:
		return sem_set_value(id, number, (int)argument, credentials);
	case IPC_RMID:
		return sem_remove(id, credentials);
	case IPC_SET:
		error = abi_ipc_owner_get(pointer, new_form, &owner);
		return error ? error
			     : sem_set_owner(id, owner.uid, owner.gid, owner.mode, credentials);
	default:
		return -EINVAL;
	}
}

int sys_semctl(int id, int number, int command, uint32_t argument)
{
	return syscall_semctl(id, number, command, argument, true);
}

/* ---- messages -------------------------------------------------------------------------------- */

int sys_msgget(int32_t key, int flags)
{
	return msg_get(key, flags, credentials_current());
}

int sys_msgsnd(int id, user_addr from, size_t size, int flags)
{
	struct message *message;
	uint32_t type;
	int error;

	if (get_user_u32(&type, from))
		return -EFAULT;
	if (size > MSG_SIZE_MAX || id < 0 || (int32_t)type < 1)
		return -EINVAL;
	message = message_create(size);
	if (!message)
		return -ENOMEM;
	message->type = (int32_t)type;
	error = copy_from_user(message->text, user_addr_add(from, sizeof(type)), size);
	if (!error)
		error = msg_send(id, message, !(flags & IPC_NOWAIT), credentials_current());
	if (error)
		message_destroy(message);
	return error;
}

int sys_msgrcv(int id, user_addr to, size_t size, int32_t type, int flags)
{
	struct msg_receive_request request = {
		.type = type == INT32_MIN ? INT32_MIN + 1 : type,
		.except = flags & MSG_EXCEPT,
		.wait = !(flags & IPC_NOWAIT),
		.cut = flags & MSG_NOERROR,
		.copy = flags & MSG_COPY,
		.size = size,
	};
	struct message *message;
	int error;

	if (id < 0 || (ssize_t)size < 0)
		return -EINVAL;
	if (request.copy && (request.except || request.wait))
		return -EINVAL;
	error = msg_receive(id, &request, credentials_current(), &message);
	if (error)
		return error;
	size = min(size, message->size);
	error = put_user_u32(to, (uint32_t)message->type);
	if (!error)
		error = copy_to_user(user_addr_add(to, sizeof(uint32_t)), message->text, size);
	message_destroy(message);
	return error ? -EFAULT : (int)size;
}

static int message_info(bool usage, user_addr to)
{
	struct msginfo info = {
		.msgmax = MSG_SIZE_MAX,
		.msgmnb = MSG_QUEUE_BYTES,
		.msgmni = MSG_QUEUES_MAX,
		.msgpool = MSG_QUEUES_MAX * (MSG_QUEUE_BYTES / 1024),
		.msgmap = MSG_QUEUE_BYTES,
		.msgssz = 16,
		.msgtql = MSG_QUEUE_BYTES,
		.msgseg = 0xffff,
	};
	struct msg_totals totals;

	msg_totals(&totals);
	if (usage) {
		info.msgpool = (int32_t)totals.used;
		info.msgmap = (int32_t)totals.messages;
		info.msgtql = (int32_t)totals.bytes;
	}
	return copy_to_user(to, &info, sizeof(info)) ? -EFAULT : totals.highest_index;
}

static int message_stat(int id, int command, user_addr to, bool new_form)
{
	bool by_index = command != IPC_STAT;
	struct msg_status status;
	int error = msg_stat(id, by_index, command != MSG_STAT_ANY, credentials_current(),
			     &status);

	if (!error)
		error = abi_msqid_put(to, &status, new_form);
	return error ? error : by_index ? status.id : 0;
}

int syscall_msgctl(int id, int command, user_addr pointer, bool new_form)
{
	const struct credentials *credentials = credentials_current();
	struct ipc_owner owner;
	size_t queue_bytes;
	int error;

	if (id < 0 || command < 0)
		return -EINVAL;
	switch (command) {
	case IPC_INFO:
	case MSG_INFO:
		return message_info(command == MSG_INFO, pointer);
	case IPC_STAT:
	case MSG_STAT:
	case MSG_STAT_ANY:
		return message_stat(id, command, pointer, new_form);
	case IPC_RMID:
		return msg_remove(id, credentials);
	case IPC_SET:
		error = abi_msqid_get(pointer, new_form, &owner, &queue_bytes);
		return error ? error
			     : msg_set_owner(id, owner.uid, owner.gid, owner.mode, queue_bytes,
					     credentials);
	default:
		return -EINVAL;
	}
}

int sys_msgctl(int id, int command, user_addr pointer)
{
	return syscall_msgctl(id, command, pointer, true);
}

/* ---- shared memory --------------------------------------------------------------------------- */

int sys_shmget(int32_t key, size_t size, int flags)
{
	return shm_get(key, size, flags, credentials_current());
}

static int attach(int id, uintptr_t address, int flags, uintptr_t *out)
{
	struct process *process = process_current();
	struct vm_limits limits;

	process_vm_limits(process, &limits);
	return shm_attach(process->space, &limits, id, address, flags, credentials_current(), out);
}

int sys_shmat(int id, uintptr_t address, int flags)
{
	uintptr_t place;
	int error = attach(id, address, flags, &place);

	return error ? error : (int)place;
}

int sys_shmdt(uintptr_t address)
{
	return shm_detach(process_current()->space, address);
}

static int memory_info(bool usage, user_addr to, bool new_form)
{
	struct shm_totals totals;
	struct shm_info info;
	int error;

	shm_totals(&totals);
	if (usage) {
		info = (struct shm_info){ .used_ids = (int32_t)totals.used,
					  .shm_tot = totals.pages,
					  .shm_rss = totals.resident_pages };
		error = copy_to_user(to, &info, sizeof(info));
	} else {
		struct shminfo64 limits = { .shmmax = SHM_SIZE_MAX,
					    .shmmin = 1,
					    .shmmni = SHM_COUNT_MAX,
					    .shmseg = SHM_COUNT_MAX,
					    .shmall = SHM_SIZE_MAX };

		/* The old form is the first five, of which the first has a sign. */
		if (!new_form)
			limits.shmmax = INT32_MAX;
		error = copy_to_user(to, &limits,
				     new_form ? sizeof(limits)
					      : offsetof(struct shminfo64, unused));
	}
	return error ? -EFAULT : totals.highest_index;
}

static int memory_stat(int id, int command, user_addr to, bool new_form)
{
	bool by_index = command != IPC_STAT;
	struct shm_status status;
	int error = shm_stat(id, by_index, command != SHM_STAT_ANY, credentials_current(),
			     &status);

	if (!error)
		error = abi_shmid_put(to, &status, new_form);
	return error ? error : by_index ? status.id : 0;
}

int syscall_shmctl(int id, int command, user_addr pointer, bool new_form)
{
	const struct credentials *credentials = credentials_current();
	struct ipc_owner owner;
	int error;

	if (id < 0 || command < 0)
		return -EINVAL;
	switch (command) {
	case IPC_INFO:
	case SHM_INFO:
		return memory_info(command == SHM_INFO, pointer, new_form);
	case IPC_STAT:
	case SHM_STAT:
	case SHM_STAT_ANY:
		return memory_stat(id, command, pointer, new_form);
	case IPC_RMID:
		return shm_remove(id, credentials);
	case IPC_SET:
		error = abi_ipc_owner_get(pointer, new_form, &owner);
		return error ? error
			     : shm_set_owner(id, owner.uid, owner.gid, owner.mode, credentials);
	case SHM_LOCK:
	case SHM_UNLOCK:
		return shm_lock(id, command == SHM_LOCK,
				limits_current(&process_current()->limits, LIMIT_LOCKED),
				credentials);
	default:
		return -EINVAL;
	}
}

int sys_shmctl(int id, int command, user_addr pointer)
{
	return syscall_shmctl(id, command, pointer, true);
}

/* ---- ipc(2) ---------------------------------------------------------------------------------- */

/* msgrcv's oldest form passes buffer and type in memory. */
static int old_receive(int id, user_addr kludge, size_t size, int flags)
{
	uint32_t given[2];

	if (!kludge)
		return -EINVAL;
	if (copy_from_user(given, kludge, sizeof(given)))
		return -EFAULT;
	return sys_msgrcv(id, user_addr_from(given[0]), size, (int32_t)given[1], flags);
}

static int attach_through(int id, int flags, user_addr out, uintptr_t address)
{
	uintptr_t place;
	int error = attach(id, address, flags, &place);

	return error ? error : put_user_u32(out, (uint32_t)place);
}

/* The argument of semctl lies in memory. */
static int semctl_through(int id, int number, int command, user_addr pointer)
{
	uint32_t argument;

	if (!pointer)
		return -EINVAL;
	if (get_user_u32(&argument, pointer))
		return -EFAULT;
	return syscall_semctl(id, number, command & ~IPC_64, argument, command & IPC_64);
}

int sys_ipc(uint32_t call, int first, uint32_t second, uint32_t third, user_addr pointer,
	    uint32_t fifth)
{
	unsigned int version = call >> 16;

	switch (call & 0xffff) {
	case IPC_SEMOP:
		return sys_semop(first, pointer, second);
	case IPC_SEMTIMEDOP:
		return operate_until(first, pointer, second, user_addr_from(fifth), false);
	case IPC_SEMGET:
		return sys_semget(first, (int)second, (int)third);
	case IPC_SEMCTL:
		return semctl_through(first, (int)second, (int)third, pointer);
	case IPC_MSGSND:
		return sys_msgsnd(first, pointer, second, (int)third);
	case IPC_MSGRCV:
		if (version == 0)
			return old_receive(first, pointer, second, (int)third);
		return sys_msgrcv(first, pointer, second, (int32_t)fifth, (int)third);
	case IPC_MSGGET:
		return sys_msgget(first, (int)second);
	case IPC_MSGCTL:
		return syscall_msgctl(first, (int)(second & ~(uint32_t)IPC_64), pointer,
				      second & IPC_64);
	case IPC_SHMAT:
		if (version == 1) /* iBCS2's */
			return -EINVAL;
		return attach_through(first, (int)second, user_addr_from(third),
				      user_addr_value(pointer));
	case IPC_SHMDT:
		return sys_shmdt(user_addr_value(pointer));
	case IPC_SHMGET:
		return sys_shmget(first, second, (int)third);
	case IPC_SHMCTL:
		return syscall_shmctl(first, (int)(second & ~(uint32_t)IPC_64), pointer,
				      second & IPC_64);
	default:
		return -ENOSYS;
	}
}
