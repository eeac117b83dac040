/* Names: paths with their permissions, abstract ones, automatic ones; what is told of them. */
#include "socket_util.h"

static socklen_t own_name(int fd, struct sockaddr_un *name)
{
	socklen_t size = sizeof(*name);

	memset(name, 0xff, sizeof(*name));
	CHECK(getsockname(fd, (struct sockaddr *)name, &size) == 0);
	CHECK_EQ(name->sun_family, AF_UNIX);
	return size;
}

static void paths(void)
{
	struct sockaddr_un name;
	struct stat status;
	int a = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	int b = MUST(socket(AF_UNIX, SOCK_STREAM, 0));

	CHECK_EQ(own_name(a, &name), 2);
	umask(027);
	CHECK(bind_name(a, "path") == 0);
	umask(022);
	CHECK_EQ(own_name(a, &name), 2 + 5);
	CHECK(strcmp(name.sun_path, "path") == 0);
	CHECK(stat("path", &status) == 0);
	CHECK_EQ(status.st_mode, S_IFSOCK | 0750);
	CHECK_ERRNO(bind_name(b, "path"), EADDRINUSE);
	CHECK_ERRNO(bind_name(a, "path"), EADDRINUSE);
	CHECK_ERRNO(bind_name(a, "other"), EINVAL);
	CHECK(access("other", F_OK) < 0);
	CHECK_ERRNO(bind_name(b, "no/such"), ENOENT);
	CHECK_ERRNO(bind_name(b, "."), EADDRINUSE);
	CHECK_ERRNO(open("path", O_RDWR), ENXIO);
	CHECK_ERRNO(connect_name(b, "path"), ECONNREFUSED);
	CHECK(listen(a, 1) == 0);
	/* A link leads there, an unlinked name does not, a renamed one does. */
	CHECK(symlink("path", "link") == 0);
	CHECK(connect_name(b, "link") == 0);
	close(b);
	CHECK(rename("path", "moved") == 0);
	b = make_client(SOCK_STREAM, "moved");
	close(b);
	CHECK(unlink("moved") == 0);
	b = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	CHECK_ERRNO(connect_name(b, "moved"), ENOENT);
	CHECK_EQ(own_name(a, &name), 2 + 5);
	close(a);
	/* The name outlives the socket, and leads nowhere. */
	a = make_listener(SOCK_STREAM, "stale", 1);
	close(a);
	CHECK_ERRNO(connect_name(b, "stale"), ECONNREFUSED);
	CHECK_ERRNO(bind_name(b, "stale"), EADDRINUSE);
	CHECK(mknod("made", S_IFSOCK | 0666, 0) == 0);
	CHECK_ERRNO(connect_name(b, "made"), ECONNREFUSED);
	close(b);
	unlink("link");
}

static void longest_path(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct sockaddr_un name[2];
	socklen_t size = sizeof(name);
	int fd = MUST(socket(AF_UNIX, SOCK_DGRAM, 0));

	/* All of sun_path, and no NUL: the kernel adds it. */
	memset(address.sun_path, 'x', sizeof(address.sun_path));
	CHECK(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	CHECK(getsockname(fd, (struct sockaddr *)name, &size) == 0);
	CHECK_EQ(size, sizeof(address) + 1);
	/* Little room: cut, and the whole size told. */
	size = 4;
	memset(name, 0, sizeof(name));
	CHECK(getsockname(fd, (struct sockaddr *)name, &size) == 0);
	CHECK_EQ(size, sizeof(address) + 1);
	CHECK_EQ(name[0].sun_path[1], 'x');
	CHECK_EQ(name[0].sun_path[2], 0);
	size = -1;
	CHECK_ERRNO(getsockname(fd, (struct sockaddr *)name, &size), EINVAL);
	close(fd);
}

static void bad_forms(void)
{
	struct sockaddr_un address = { .sun_family = AF_INET, .sun_path = "x" };
	char many[200] = { AF_UNIX };
	int fd = MUST(socket(AF_UNIX, SOCK_STREAM, 0));

	CHECK_ERRNO(bind(fd, (struct sockaddr *)&address, sizeof(address)), EINVAL);
	CHECK_ERRNO(connect(fd, (struct sockaddr *)&address, sizeof(address)), EINVAL);
	address.sun_family = AF_UNIX;
	CHECK_ERRNO(bind(fd, (struct sockaddr *)&address, 1), EINVAL);
	CHECK_ERRNO(bind(fd, (struct sockaddr *)&address, sizeof(address) + 1), EINVAL);
	CHECK_ERRNO(bind(fd, (struct sockaddr *)many, sizeof(many)), EINVAL);
	CHECK_ERRNO(bind(fd, (struct sockaddr *)many, -1), EINVAL);
	CHECK_ERRNO(connect(fd, (struct sockaddr *)&address, 2), EINVAL);
	CHECK_ERRNO(connect(fd, (struct sockaddr *)&address, 0), EINVAL);
	close(fd);
}

static void abstract_names(void)
{
	struct sockaddr_un name;
	int a = MUST(socket(AF_UNIX, SOCK_DGRAM, 0));
	int b = MUST(socket(AF_UNIX, SOCK_DGRAM, 0));
	int c = MUST(socket(AF_UNIX, SOCK_STREAM, 0));

	CHECK(bind_name(a, "@abstract") == 0);
	CHECK_EQ(own_name(a, &name), 2 + 9);
	CHECK_ERRNO(bind_name(b, "@abstract"), EADDRINUSE);
	CHECK_ERRNO(bind_name(a, "@another"), EINVAL);
	/* Each type has its own, length counts, and NUL is a byte like any other. */
	CHECK(bind_name(c, "@abstract") == 0);
	struct sockaddr_un longer;
	socklen_t size = make_address(&longer, "@abstract");
	CHECK(bind(b, (struct sockaddr *)&longer, size + 1) == 0);
	CHECK_EQ(own_name(b, &name), 2 + 10);
	close(a);
	a = MUST(socket(AF_UNIX, SOCK_DGRAM, 0));
	CHECK(bind_name(a, "@abstract") == 0);
	close(a);
	close(b);
	close(c);
}

static void automatic_names(void)
{
	struct sockaddr_un name, again;
	sa_family_t family = AF_UNIX;
	int fd = MUST(socket(AF_UNIX, SOCK_DGRAM, 0));

	CHECK(bind(fd, (struct sockaddr *)&family, sizeof(family)) == 0);
	CHECK_EQ(own_name(fd, &name), 2 + 6);
	CHECK_EQ(name.sun_path[0], '\0');
	for (int i = 1; i <= 5; i++)
		CHECK(strchr("0123456789abcdef", name.sun_path[i]));
	CHECK(bind(fd, (struct sockaddr *)&family, sizeof(family)) == 0);
	CHECK_EQ(own_name(fd, &again), 2 + 6);
	CHECK(memcmp(&name, &again, 8) == 0);
	close(fd);
}

static void as_other_user(void)
{
	int fd = MUST(socket(AF_UNIX, SOCK_STREAM, 0));

	CHECK_ERRNO(connect_name(fd, "/tmp/sock_test_dir/private"), EACCES);
	CHECK(connect_name(fd, "/tmp/sock_test_dir/public") == 0);
	CHECK_ERRNO(bind_name(fd, "/tmp/sock_test_dir/mine"), EACCES);
	close(fd);
}

static void permissions(void)
{
	CHECK(mkdir("/tmp/sock_test_dir", 0755) == 0);
	int closed = make_listener(SOCK_STREAM, "/tmp/sock_test_dir/private", 5);
	int open_to_all = make_listener(SOCK_STREAM, "/tmp/sock_test_dir/public", 5);

	CHECK(chmod("/tmp/sock_test_dir/private", 0755) == 0);
	CHECK(chmod("/tmp/sock_test_dir/public", 0222) == 0);
	run_as(OTHER_UID, as_other_user);
	close(closed);
	close(open_to_all);
	CHECK(unlink("/tmp/sock_test_dir/private") == 0);
	CHECK(unlink("/tmp/sock_test_dir/public") == 0);
	CHECK(rmdir("/tmp/sock_test_dir") == 0);
}

/* fchmod on the socket decides the mode of the name that it gets. */
static void mode_of_the_socket(void)
{
	struct stat status;
	int fd = MUST(socket(AF_UNIX, SOCK_STREAM, 0));

	umask(0);
	CHECK(fchmod(fd, 0640) == 0);
	CHECK(bind_name(fd, "chosen") == 0);
	umask(022);
	CHECK(stat("chosen", &status) == 0);
	CHECK_EQ(status.st_mode, S_IFSOCK | 0640);
	close(fd);
}

static void wrong_types(void)
{
	int listener = make_listener(SOCK_STREAM, "typed", 1);
	int fd = MUST(socket(AF_UNIX, SOCK_DGRAM, 0));

	CHECK_ERRNO(connect_name(fd, "typed"), EPROTOTYPE);
	CHECK_ERRNO(send_to_name(fd, "x", 1, "typed"), EPROTOTYPE);
	close(fd);
	fd = MUST(socket(AF_UNIX, SOCK_SEQPACKET, 0));
	CHECK_ERRNO(connect_name(fd, "typed"), EPROTOTYPE);
	close(fd);
	close(listener);
}

static bool listed(const char *name)
{
	static char text[200000];

	read_text("/proc/net/unix", text, sizeof(text));
	CHECK(strncmp(text, "Num       RefCount Protocol Flags    Type St Inode Path\n", 56) == 0);
	return strstr(text, name) != NULL;
}

static void in_proc(void)
{
	struct stat status;
	char wanted[64];
	int listener = make_listener(SOCK_STREAM, "@listed-by-proc", 1);

	CHECK(fstat(listener, &status) == 0);
	snprintf(wanted, sizeof(wanted), " 00010000 0001 01 %5lu @listed-by-proc\n",
		 (unsigned long)status.st_ino);
	CHECK(listed(wanted));
	close(listener);
	CHECK(!listed("@listed-by-proc"));
	int fd = MUST(socket(AF_UNIX, SOCK_DGRAM, 0));
	CHECK(bind_name(fd, "listed-path") == 0);
	CHECK(listed(" listed-path\n"));
	close(fd);
}

int main(void)
{
	umask(022);
	CHECK(chmod(".", 0777) == 0);
	paths();
	longest_path();
	bad_forms();
	abstract_names();
	automatic_names();
	permissions();
	mode_of_the_socket();
	wrong_types();
	in_proc();
	return 0;
}
