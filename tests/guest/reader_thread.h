/* For tests of reads that sleep: a thread that reads once. */
#pragma once
#include "check.h"
#include <pthread.h>

struct reader {
	pthread_t thread;
	pid_t tid;
	struct gate started;
	int fd;
	char *buffer;
	size_t size;
	ssize_t got;
	int error;
};

static inline void *read_once(void *argument)
{
	struct reader *reader = argument;

	reader->tid = gettid();
	gate_open(&reader->started);
	reader->got = read(reader->fd, reader->buffer, reader->size);
	reader->error = errno;
	return NULL;
}

/* It sleeps in read() when this returns. */
static inline void start_reader(struct reader *reader, int fd, char *buffer, size_t size)
{
	*reader = (struct reader){
		.started = gate_create(), .fd = fd, .buffer = buffer, .size = size,
	};
	CHECK(pthread_create(&reader->thread, NULL, read_once, reader) == 0);
	gate_pass(&reader->started);
	wait_thread_state(getpid(), reader->tid, 'S');
}

static inline ssize_t end_reader(struct reader *reader)
{
	CHECK(pthread_join(reader->thread, NULL) == 0);
	close(reader->started.fds[0]);
	close(reader->started.fds[1]);
	return reader->got;
}
