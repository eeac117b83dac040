/*
 * Structures that calls read, made so that the call may well succeed: addresses of sockets,
 * messages with files beside them, events to watch, operations on semaphores, times. Which one a
 * pointer wants is known by the call's and the argument's name.
 */
#pragma once
#include "fuzz_draw.h"

static unsigned int draw_vector_of_parts(struct worker *worker)
{
	struct iovec *parts = (struct iovec *)((uintptr_t)draw_place(worker, 128) & ~3u);

	for (unsigned int i = 0; i < 4; i++) {
		parts[i].iov_base = (void *)(uintptr_t)draw_address(worker);
		parts[i].iov_len = one_in(worker, 3) ? below(worker, 64) : draw_size(worker);
	}
	return (unsigned int)(uintptr_t)parts;
}

/* Few names, so that connect() meets bind(). */
static unsigned int draw_socket_address(struct worker *worker)
{
	struct sockaddr_un *address = (struct sockaddr_un *)draw_place(worker, sizeof(*address));

	memset(address, 0, sizeof(*address));
	address->sun_family = one_in(worker, 16) ? (sa_family_t)draw(worker) : AF_UNIX;
	if (one_in(worker, 3))
		strcpy(address->sun_path, one_in(worker, 2) ? "socket" : "dir/socket");
	else
		address->sun_path[1] = (char)('a' + below(worker, 4));
	return (unsigned int)(uintptr_t)address;
}

static unsigned int draw_rights(struct worker *worker, char *place)
{
	struct cmsghdr *control = (struct cmsghdr *)place;
	unsigned int count = below(worker, one_in(worker, 8) ? 260 : 5);
	int *fds = (int *)CMSG_DATA(control);

	control->cmsg_len = CMSG_LEN(count * sizeof(int));
	control->cmsg_level = SOL_SOCKET;
	control->cmsg_type = one_in(worker, 8) ? (int)below(worker, 4) : SCM_RIGHTS;
	for (unsigned int i = 0; i < count; i++)
		fds[i] = (int)pool_draw(worker, &worker->fds, below(worker, 16));
	return one_in(worker, 8) ? draw_number(worker) : CMSG_SPACE(count * sizeof(int));
}

static void fill_message(struct worker *worker, struct msghdr *message)
{
	memset(message, 0, sizeof(*message));
	if (one_in(worker, 4)) {
		message->msg_name = (void *)(uintptr_t)draw_socket_address(worker);
		message->msg_namelen = one_in(worker, 8) ? draw_number(worker) : 5;
	}
	message->msg_iov = (struct iovec *)(uintptr_t)draw_vector_of_parts(worker);
	message->msg_iovlen = one_in(worker, 16) ? draw_number(worker) : below(worker, 4);
	if (!one_in(worker, 3)) {
		char *place = (char *)((uintptr_t)draw_place(worker, 1100) & ~3u);

		message->msg_controllen = draw_rights(worker, place);
		message->msg_control = place;
	}
}

static unsigned int draw_messages(struct worker *worker, bool many)
{
	struct mmsghdr *messages = (struct mmsghdr *)((uintptr_t)draw_place(worker, 256) & ~3u);

	for (unsigned int i = 0; i < (many ? 4 : 1); i++)
		fill_message(worker, &messages[i].msg_hdr);
	return (unsigned int)(uintptr_t)messages;
}

static unsigned int draw_event(struct worker *worker)
{
	struct epoll_event *event = (struct epoll_event *)draw_place(worker, sizeof(*event));

	event->events = draw_flags(worker) | EPOLLIN;
	if (one_in(worker, 3))
		event->events |= 1u << (28 + below(worker, 4));
	event->data.u32 = draw(worker);
	return (unsigned int)(uintptr_t)event;
}

static unsigned int draw_operations(struct worker *worker)
{
	struct sembuf *operations = (struct sembuf *)((uintptr_t)draw_place(worker, 64) & ~3u);

	for (unsigned int i = 0; i < 4; i++) {
		operations[i].sem_num = (unsigned short)below(worker, one_in(worker, 8) ? 300 : 3);
		operations[i].sem_op = one_in(worker, 8) ? (short)draw(worker)
							 : (short)((int)below(worker, 5) - 2);
		operations[i].sem_flg = (short)(one_in(worker, 2) ? SEM_UNDO : 0);
		if (!one_in(worker, 3))
			operations[i].sem_flg |= IPC_NOWAIT;
	}
	return (unsigned int)(uintptr_t)operations;
}

/* Two times, of 32 or 64 bits: mostly short, for who waits wastes the round. */
static unsigned int draw_times(struct worker *worker)
{
	unsigned int *words = (unsigned int *)((uintptr_t)draw_place(worker, 64) & ~3u);

	memset(words, 0, 32);
	for (unsigned int i = 0; i < 8; i++) {
		if (one_in(worker, 16))
			words[i] = draw_number(worker);
		else if (one_in(worker, 3))
			words[i] = i % 4 == 0 ? below(worker, 2) : below(worker, 5000000);
	}
	return (unsigned int)(uintptr_t)words;
}

static unsigned int draw_words(struct worker *worker, unsigned int first, unsigned int second,
			       unsigned int third)
{
	unsigned int *words = (unsigned int *)((uintptr_t)draw_place(worker, 64) & ~3u);

	words[0] = first;
	words[1] = 0;
	words[2] = second;
	words[3] = 0;
	words[4] = third;
	words[5] = 0;
	return (unsigned int)(uintptr_t)words;
}

static bool is_named(const char *name, const char *list)
{
	const char *found = strstr(list, name);
	size_t length = strlen(name);

	while (found && !((found == list || found[-1] == ' ') &&
			  (found[length] == ' ' || found[length] == '\0')))
		found = strstr(found + 1, name);
	return found != NULL;
}

/* False: the argument is nothing that we know, or is to be wild. */
static bool draw_structure(struct worker *worker, const struct call *call, const char *argument,
			   unsigned int *value)
{
	if (one_in(worker, 6))
		return false;
	if (is_named(call->name, "sendmsg recvmsg") && strcmp(argument, "header") == 0)
		*value = draw_messages(worker, false);
	else if (is_named(call->name, "sendmmsg recvmmsg recvmmsg_time64") &&
		 strcmp(argument, "vector") == 0)
		*value = draw_messages(worker, true);
	else if (is_named(argument, "vector local remote"))
		*value = draw_vector_of_parts(worker);
	else if (strcmp(argument, "address") == 0)
		*value = draw_socket_address(worker);
	else if (strcmp(argument, "event") == 0)
		*value = draw_event(worker);
	else if (strcmp(argument, "operations") == 0)
		*value = draw_operations(worker);
	else if (strcmp(argument, "message") == 0)
		*value = draw_words(worker, 1 + below(worker, 3), draw(worker), draw(worker));
	else if (is_named(argument, "timeout times request") ||
		 (strncmp(call->name, "timerfd", 7) == 0 && strcmp(argument, "new") == 0))
		*value = one_in(worker, 4) ? 0 : draw_times(worker);
	else if (is_named(argument, "in_offset out_offset"))
		*value = one_in(worker, 2) ? 0 : draw_words(worker, draw_size(worker), 0, 0);
	else if (is_named(argument, "mask which set"))
		*value = draw_words(worker, draw_flags(worker), draw_flags(worker), 0);
	else if (strcmp(call->name, "openat2") == 0 && strcmp(argument, "how") == 0)
		*value = draw_words(worker, draw_open_flags(worker) & ~(unsigned int)O_CREAT, 0,
				    one_in(worker, 2) ? 0 : 1u << below(worker, 6));
	else if (is_named(argument, "size address_size"))
		*value = draw_words(worker, below(worker, 128), 0, 0);
	else
		return false;
	return true;
}
