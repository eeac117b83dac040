/* getdents64 and the old getdents: record layout, types, small buffers, positions, "." and "..". */
#include "check.h"
#include <dirent.h>

struct entry64 {
	uint64_t inode;
	int64_t offset;
	uint16_t length;
	uint8_t type;
	char name[];
};

struct entry32 {
	uint32_t inode, offset;
	uint16_t length;
	char name[];		/* the type is the record's last byte */
};

int main(void)
{
	char buffer[4096];
	bool file = false, directory = false, link = false, dot = false, dotdot = false;
	struct stat status;
	int fd, total = 0;
	long got;

	enter_disk_directory();
	CHECK(mkdir("listed", 0755) == 0);
	make_file("listed/file", "x");
	CHECK(mkdir("listed/directory", 0755) == 0);
	CHECK(symlink("x", "listed/link") == 0);
	fd = MUST(open("listed", O_RDONLY | O_DIRECTORY));

	while ((got = raw_syscall(SYS_getdents64, fd, buffer, sizeof(buffer))) > 0) {
		for (long at = 0; at < got;) {
			struct entry64 *entry = (struct entry64 *)(buffer + at);

			CHECK_EQ(entry->length % 8, 0);
			CHECK(entry->length >= 19 + strlen(entry->name) + 1);
			CHECK(entry->inode != 0);
			if (strcmp(entry->name, "file") == 0) {
				file = entry->type == DT_REG;
				CHECK(stat("listed/file", &status) == 0);
				CHECK_EQ(entry->inode, status.st_ino);
			}
			directory |= strcmp(entry->name, "directory") == 0 && entry->type == DT_DIR;
			link |= strcmp(entry->name, "link") == 0 && entry->type == DT_LNK;
			dot |= strcmp(entry->name, ".") == 0;
			dotdot |= strcmp(entry->name, "..") == 0;
			at += entry->length;
			total++;
		}
	}
	CHECK_EQ(got, 0);
	CHECK_EQ(total, 5);
	CHECK(file && directory && link && dot && dotdot);

	/* Room for one entry at a time; too little for any is EINVAL. */
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK_EQ(raw_syscall(SYS_getdents64, fd, buffer, 10), -EINVAL);
	for (total = 0; (got = raw_syscall(SYS_getdents64, fd, buffer, 40)) > 0; total++)
		;
	CHECK_EQ(total, 5);

	/* Each entry's offset is where the next one is. */
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK(raw_syscall(SYS_getdents64, fd, buffer, 40) > 0);
	int64_t second = ((struct entry64 *)buffer)->offset;

	CHECK(raw_syscall(SYS_getdents64, fd, buffer, 40) > 0);
	char name[64];

	snprintf(name, sizeof(name), "%.60s", ((struct entry64 *)buffer)->name);
	CHECK(lseek64(fd, second, SEEK_SET) == second);
	CHECK(raw_syscall(SYS_getdents64, fd, buffer, 40) > 0);
	CHECK(strcmp(((struct entry64 *)buffer)->name, name) == 0);

	/* The old call. */
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	total = 0;
	while ((got = raw_syscall(SYS_getdents, fd, buffer, sizeof(buffer))) > 0) {
		for (long at = 0; at < got;) {
			struct entry32 *entry = (struct entry32 *)(buffer + at);

			CHECK_EQ(entry->length % 4, 0);
			if (strcmp(entry->name, "directory") == 0)
				CHECK_EQ(buffer[at + entry->length - 1], DT_DIR);
			at += entry->length;
			total++;
		}
	}
	CHECK(got == 0 || got == -EOVERFLOW);
	CHECK(got < 0 || total == 5);

	/* A removed directory has nothing in it any more. */
	CHECK(unlink("listed/file") == 0 && unlink("listed/link") == 0);
	CHECK(rmdir("listed/directory") == 0 && rmdir("listed") == 0);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK_EQ(raw_syscall(SYS_getdents64, fd, buffer, sizeof(buffer)), -ENOENT);
	CHECK_EQ(raw_syscall(SYS_getdents64, MUST(open("/dev/null", O_RDONLY)), buffer, 100),
		 -ENOTDIR);
	CHECK_ERRNO(read(fd, buffer, 10), EISDIR);
	return 0;
}
