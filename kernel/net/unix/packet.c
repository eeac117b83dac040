/*
 * Packets: bytes on their way from one local socket to another.
 *
 * A packet of up to PACKET_INLINE bytes is one slab object, as most messages are. A larger one has
 * its bytes in page frames, whose pointers stand where the bytes would; only a datagram of more
 * than PACKET_FRAMES pages needs an array of its own. Bytes are copied in before any lock is taken,
 * so a packet is complete when it is queued.
 *
 * The sender pays: the packet's memory counts against its SO_SNDBUF until the packet is freed, and
 * so what a user can make the kernel hold is bounded by the sockets he may have.
 */
#include "core/assert.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "mem/slab.h"
#include "net/unix/internal.h"
#include "proc/process.h"
#include "uapi/linux/errno.h"
#include "vfs/credentials.h"
#include "vfs/poll.h"
#include "vfs/user_count.h"
#include "vm/io_buffer.h"

enum { NOBODY = 65534 }; /* the overflow id, told when nobody wrote down who it was */

static struct slab_cache *packet_slab;

void packet_init_system(void)
{
	_Static_assert(offsetof(struct packet, bytes) == PACKET_HEAD, "see PACKET_HEAD");
	_Static_assert(PACKET_SIZE % USER_SOCKET_CHUNK == 0, "what is charged is whole chunks");
	packet_slab = slab_cache_create("unix packet", sizeof(struct packet), 0);
}

static unsigned int frame_count(size_t size)
{
	return (unsigned int)DIV_ROUND_UP(size, PAGE_SIZE);
}

static void free_frames(struct packet *packet, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		page_frame_put(packet->frames[i]);
	if (packet->frames != packet->few_frames)
		kfree(packet->frames);
}

/* Bytes that do not fit in the packet: frames, filled. Errors: -ENOBUFS, -EFAULT. */
static int fill_frames(struct packet *packet, struct io_buffer *buffer, size_t size)
{
	unsigned int count = frame_count(size);
	int error = -ENOBUFS;
	unsigned int i = 0;

	packet->frames = packet->few_frames;
	if (count > PACKET_FRAMES) {
		packet->frames = kmalloc_array(count, sizeof(packet->frames[0]), 0);
		if (!packet->frames)
			return -ENOBUFS;
	}
	for (; i < count; i++) {
		size_t part = min(size, (size_t)PAGE_SIZE);

		packet->frames[i] = page_frame_alloc(FRAME_KERNEL, 0);
		if (!packet->frames[i])
			goto free_frames;
		if (io_buffer_get_frame(buffer, packet->frames[i], 0, part) < part) {
			i++;
			error = -EFAULT;
			goto free_frames;
		}
		size -= part;
	}
	return 0;

free_frames:
	free_frames(packet, i);
	return error;
}

int packet_create(struct unix_socket *sender, struct io_buffer *buffer, size_t size,
		  struct packet **out)
{
	struct packet *packet = slab_alloc(packet_slab, 0);
	int error;

	if (!packet)
		return -ENOBUFS;
	packet->frames = NULL;
	packet->charge = sizeof(*packet);
	if (size <= PACKET_INLINE) {
		error = io_buffer_get(buffer, packet->bytes, size);
	} else {
		error = fill_frames(packet, buffer, size);
		packet->charge += frame_count(size) * PAGE_SIZE;
	}
	if (unlikely(error)) {
		slab_free(packet_slab, packet);
		return error;
	}
	packet->sender = sender;
	unix_get(sender);
	atomic_fetch_add_explicit(&sender->charged, packet->charge, memory_order_relaxed);
	user_count_charge_many(sender->payer, USER_SOCKET_CHUNKS,
			       packet->charge / USER_SOCKET_CHUNK);
	packet->rights = NULL;
	packet->identity = (struct socket_identity){ .pid = 0, .uid = NOBODY, .gid = NOBODY };
	packet->size = (uint32_t)size;
	packet->offset = 0;
	*out = packet;
	return 0;
}

void packet_identify(struct packet *packet, const struct socket_caller *caller)
{
	packet->identity = (struct socket_identity){
		.pid = caller->process->id,
		.uid = caller->credentials->uid,
		.gid = caller->credentials->gid,
	};
}

int packet_copy(const struct packet *packet, size_t offset, size_t size, struct io_buffer *buffer)
{
	assert(offset + size <= packet->size);
	if (!packet->frames)
		return io_buffer_put(buffer, packet->bytes + offset, size);
	while (size > 0) {
		size_t start = offset % PAGE_SIZE;
		size_t part = min(size, PAGE_SIZE - start);

		if (io_buffer_put_frame(buffer, packet->frames[offset / PAGE_SIZE], start, part) <
		    part)
			return -EFAULT;
		offset += part;
		size -= part;
	}
	return 0;
}

void packet_free(struct packet *packet)
{
	struct unix_socket *sender = packet->sender;

	if (unlikely(packet->rights))
		socket_rights_drop(unix_rights_arrive(packet));
	if (packet->frames)
		free_frames(packet, frame_count(packet->size));
	/* Release: the memory is given back; pairs with the look at `charged` of who waits. */
	atomic_fetch_sub_explicit(&sender->charged, packet->charge, memory_order_release);
	user_count_uncharge_many(sender->payer, USER_SOCKET_CHUNKS,
				 packet->charge / USER_SOCKET_CHUNK);
	slab_free(packet_slab, packet);
	if (unix_is_writable(sender))
		wait_queue_wake_all(&sender->base.write_queue,
				    POLL_OUT | POLL_WRITE_NORMAL | POLL_WRITE_BAND);
	unix_put(sender);
}
