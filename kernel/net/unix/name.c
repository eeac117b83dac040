/*
 * Names: how a local socket is found.
 *
 * A name that begins with a byte other than NUL is a path: bind() makes an inode of type socket
 * there and notes the socket in it; whoever may write to the inode may connect. The inode outlives
 * the socket; then it leads nowhere (-ECONNREFUSED). A name that begins with NUL is abstract: any
 * bytes, kept in a tree ordered by type, length and bytes, gone with the socket. Automatic names
 * are abstract ones of five hexadecimal digits.
 *
 * A socket gets at most one name, under its bind_mutex. It can be found until unix_forget_name,
 * which comes before the file's reference is dropped, so whoever finds one may take a reference.
 */
#include "core/assert.h"
#include "core/random.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "net/unix/internal.h"
#include "uapi/linux/errno.h"
#include "vfs/dentry.h"
#include "vfs/file.h"
#include "vfs/namespace_ops.h"
#include "vfs/path_walk.h"
#include "vfs/permission.h"

enum {
	AUTOMATIC_NAMES = 1 << 20, /* five hexadecimal digits */
	AUTOMATIC_SIZE = UNIX_ADDRESS_HEAD + 1 + 5,
};

static struct spinlock names_lock = SPINLOCK_INIT(LOCK_RANK_SOCKET_NAMES, "socket names");
static struct rbtree names; /* [names_lock] bound abstract sockets */

/* ---- struct unix_name ------------------------------------------------------------------------ */

static struct unix_name *name_create(const void *bytes, size_t size)
{
	struct unix_name *name = kmalloc(sizeof(*name) + size, 0);

	if (!name)
		return NULL;
	refcount_set(&name->references, 1);
	name->size = (unsigned int)size;
	memcpy(name->bytes, bytes, size);
	return name;
}

void unix_name_put(struct unix_name *name)
{
	if (name && refcount_put(&name->references))
		kfree(name);
}

static struct unix_name *name_of(const struct unix_socket *socket)
{
	return atomic_load_explicit(&socket->name, memory_order_acquire);
}

int unix_check_address(const struct socket_address *address)
{
	if (address->size <= UNIX_ADDRESS_HEAD || address->size > UNIX_ADDRESS_MAX ||
	    address->family != AF_UNIX)
		return -EINVAL;
	return 0;
}

static bool is_path(const struct socket_address *address)
{
	return address->bytes[UNIX_ADDRESS_HEAD] != '\0';
}

/* The path of an address as a string; `path` has room for UNIX_PATH_MAX + 1. */
static size_t copy_path(const struct socket_address *address, char *path)
{
	const char *from = (const char *)address->bytes + UNIX_ADDRESS_HEAD;
	size_t length = strnlen(from, address->size - UNIX_ADDRESS_HEAD);

	memcpy(path, from, length);
	path[length] = '\0';
	return length;
}

/* ---- abstract names -------------------------------------------------------------------------- */

static int compare(int type, const void *bytes, size_t size, const struct unix_socket *other)
{
	const struct unix_name *name = name_of(other);

	if (type != other->base.type)
		return type < other->base.type ? -1 : 1;
	if (size != name->size)
		return size < name->size ? -1 : 1;
	return memcmp(bytes, name->bytes, size);
}

/* The link where the name is or would be, and what it hangs from. */
static struct rbtree_node **find_link_locked(int type, const void *bytes, size_t size,
					     struct rbtree_node **parent)
{
	struct rbtree_node **link = &names.node;

	spin_assert_held(&names_lock);
	*parent = NULL;
	while (*link) {
		int order = compare(type, bytes, size,
				    rbtree_entry(*link, struct unix_socket, name_node));

		if (order == 0)
			break;
		*parent = *link;
		link = order < 0 ? &(*link)->left : &(*link)->right;
	}
	return link;
}

/* Give `socket` the abstract `name`. bind_mutex held. Errors: -EADDRINUSE. */
static int publish_abstract(struct unix_socket *socket, struct unix_name *name)
{
	struct rbtree_node *parent, **link;
	int error = 0;

	spin_lock(&names_lock);
	link = find_link_locked(socket->base.type, name->bytes, name->size, &parent);
	if (*link) {
		error = -EADDRINUSE;
	} else {
		atomic_store_explicit(&socket->name, name, memory_order_release);
		rbtree_link(&socket->name_node, parent, link);
		rbtree_insert_fixup(&names, &socket->name_node);
		socket->in_names = true;
	}
	spin_unlock(&names_lock);
	return error;
}

static int bind_abstract(struct unix_socket *socket, const struct socket_address *address)
{
	struct unix_name *name = name_create(address->bytes, address->size);
	int error = -EINVAL;

	if (!name)
		return -ENOMEM;
	mutex_lock(&socket->bind_mutex);
	if (!name_of(socket))
		error = publish_abstract(socket, name);
	mutex_unlock(&socket->bind_mutex);
	if (error)
		unix_name_put(name);
	return error;
}

static int find_abstract(const struct socket_address *address, int type, struct unix_socket **out)
{
	struct rbtree_node *parent, **link;

	*out = NULL;
	spin_lock(&names_lock);
	link = find_link_locked(type, address->bytes, address->size, &parent);
	if (*link) {
		*out = rbtree_entry(*link, struct unix_socket, name_node);
		unix_get(*out);
	}
	spin_unlock(&names_lock);
	return *out ? 0 : -ECONNREFUSED;
}

/* The first free automatic name from a random one on. bind_mutex held. */
static int publish_automatic(struct unix_socket *socket, struct unix_name *name)
{
	uint32_t number;
	int error = -ENOSPC;

	random_bytes(&number, sizeof(number));
	for (unsigned int tries = 0; tries < AUTOMATIC_NAMES && error; tries++) {
		char digits[8];

		snprintf(digits, sizeof(digits), "%05x", (number + tries) % AUTOMATIC_NAMES);
		memcpy(name->bytes + UNIX_ADDRESS_HEAD + 1, digits, 5);
		if (publish_abstract(socket, name) == 0)
			error = 0;
	}
	return error;
}

int unix_bind_automatically(struct unix_socket *socket)
{
	static const uint8_t template[AUTOMATIC_SIZE] = { AF_UNIX };
	struct unix_name *name;
	int error = 0;

	if (name_of(socket))
		return 0;
	name = name_create(template, sizeof(template));
	if (!name)
		return -ENOMEM;
	mutex_lock(&socket->bind_mutex);
	if (!name_of(socket)) {
		error = publish_automatic(socket, name);
		if (!error)
			name = NULL;
	}
	mutex_unlock(&socket->bind_mutex);
	unix_name_put(name);
	return error;
}

/* ---- paths ----------------------------------------------------------------------------------- */

/* The inode at `path` leads to `socket` from now on, unless that has a name already (-EINVAL). */
static int publish_path(struct unix_socket *socket, struct unix_name *name,
			const struct path *path)
{
	struct inode *inode = dentry_inode(path->dentry);
	int error = -EINVAL;

	mutex_lock(&socket->bind_mutex);
	if (!name_of(socket)) {
		socket->path = *path;
		/* First the name: from the moment the inode leads here, others ask for it. */
		atomic_store_explicit(&socket->name, name, memory_order_release);
		spin_lock(&inode->state_lock);
		inode->socket = socket;
		spin_unlock(&inode->state_lock);
		error = 0;
	}
	mutex_unlock(&socket->bind_mutex);
	return error;
}

static int bind_path(struct unix_socket *socket, const struct socket_address *address,
		     const struct socket_caller *caller)
{
	/* Room for the family and for the NUL, which the name is told with. */
	struct socket_address full = { .family = AF_UNIX };
	char *path_name = (char *)full.bytes + UNIX_ADDRESS_HEAD;
	size_t length = copy_path(address, path_name);
	file_mode mode = socket->base.file->inode->mode & 07777 & ~caller->umask;
	struct unix_name *name;
	struct path path;
	int error;

	name = name_create(full.bytes, UNIX_ADDRESS_HEAD + length + 1);
	if (!name)
		return -ENOMEM;
	error = namespace_make_node(caller->walk, path_name, MODE_SOCKET | mode, 0, &path);
	if (error) {
		error = error == -EEXIST ? -EADDRINUSE : error;
		goto put_name;
	}
	error = publish_path(socket, name, &path);
	if (error)
		goto unlink;
	return 0; /* name and path are the socket's */

unlink:
	(void)!namespace_unlink(caller->walk, path_name);
	path_put(&path);
put_name:
	unix_name_put(name);
	return error;
}

/* The socket that the inode at `path` leads to, referenced. */
static int find_at_path(const struct path *path, int type, const struct socket_caller *caller,
			struct unix_socket **out)
{
	struct inode *inode = dentry_inode(path->dentry);
	struct unix_socket *socket;
	int error = permission_check(inode, caller->credentials, ACCESS_WRITE);

	if (error)
		return error;
	if (!inode_is(inode, MODE_SOCKET))
		return -ECONNREFUSED;
	spin_lock(&inode->state_lock);
	socket = inode->socket;
	if (socket)
		unix_get(socket);
	spin_unlock(&inode->state_lock);
	if (!socket)
		return -ECONNREFUSED;
	if (socket->base.type != type) {
		unix_put(socket);
		return -EPROTOTYPE;
	}
	*out = socket;
	return 0;
}

/* ---- either ---------------------------------------------------------------------------------- */

int unix_bind(struct socket *base, const struct socket_address *address,
	      const struct socket_caller *caller)
{
	struct unix_socket *socket = unix_socket(base);
	int error;

	if (address->size == UNIX_ADDRESS_HEAD && address->family == AF_UNIX)
		return unix_bind_automatically(socket);
	error = unix_check_address(address);
	if (error)
		return error;
	return is_path(address) ? bind_path(socket, address, caller)
				: bind_abstract(socket, address);
}

int unix_find(const struct socket_address *address, int type, const struct socket_caller *caller,
	      struct unix_socket **out)
{
	char path_name[UNIX_PATH_MAX + 1];
	struct path path;
	int error;

	if (!is_path(address))
		return find_abstract(address, type, out);
	copy_path(address, path_name);
	error = path_walk(caller->walk, path_name, WALK_FOLLOW, &path);
	if (error)
		return error;
	error = find_at_path(&path, type, caller, out);
	path_put(&path);
	return error;
}

void unix_forget_name(struct unix_socket *socket)
{
	spin_lock(&names_lock);
	if (socket->in_names)
		rbtree_remove(&names, &socket->name_node);
	socket->in_names = false;
	spin_unlock(&names_lock);
	if (socket->path.dentry) {
		struct inode *inode = dentry_inode(socket->path.dentry);

		spin_lock(&inode->state_lock);
		inode->socket = NULL;
		spin_unlock(&inode->state_lock);
		path_put(&socket->path);
		socket->path.dentry = NULL;
	}
}
