/*
 * vmmap: who shares which page frames.
 *
 *	vmmap PID...		the regions of each process, with the frame of every page, how
 *				many page tables map it, and which processes those are
 *	vmmap --shared [PID...]	what all these processes (by default: all shells) have in
 *				common, region by region, summed up
 *
 * Everything comes from files that Linux has too: /proc/PID/maps says which pages a process may
 * use, /proc/PID/pagemap which frame is behind each, /proc/kpagecount how often a frame is
 * mapped. To say *who* maps a frame, all processes of the machine are read once.
 *
 * The machine runs on while we read, so the picture may be a little blurred: a page that moves
 * between two readings shows up in the old place. A process that ends meanwhile just vanishes.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE_SIZE 4096
#define PAGEMAP_PRESENT (1ULL << 63)
#define PAGEMAP_FRAME_MASK ((1ULL << 55) - 1)

typedef uint64_t frame_number;

enum { FRAME_ABSENT = 0, SHELL_MIN = 2 };

/* A region of a process, and what is behind each of its pages. */
struct region {
	uint64_t start, end;
	char protection[8];
	char *name;			/* the file, "[heap]", or "" */
	uint64_t file_offset;
	frame_number *frames;		/* one a page; FRAME_ABSENT if nothing is there yet */
};

struct process {
	pid_t pid;
	char name[32];
	char *program;			/* what /proc/PID/exe points to, or "" */
	struct region *regions;
	size_t region_count;
};

/* One mapping: `frame` is in the page tables of process number `process`. */
struct mapping {
	frame_number frame;
	size_t process;
};

static struct process *processes;
static size_t process_count;
static struct mapping *mappings;	/* sorted by frame, then process; no doubles */
static size_t mapping_count;
static int count_fd = -1;		/* /proc/kpagecount, if we may read it */

static void *must_have(void *memory)
{
	if (!memory) {
		fprintf(stderr, "vmmap: out of memory\n");
		exit(1);
	}
	return memory;
}

/* ---- reading ---------------------------------------------------------------------------- */

static void read_frames(int pagemap, struct region *region)
{
	size_t pages = (region->end - region->start) / PAGE_SIZE;
	size_t done = 0;

	region->frames = must_have(calloc(pages + 1, sizeof(*region->frames)));
	while (done < pages) {
		uint64_t entries[512];
		size_t wanted = pages - done < 512 ? pages - done : 512;
		off64_t offset = (region->start / PAGE_SIZE + done) * sizeof(entries[0]);
		ssize_t got = pread64(pagemap, entries, wanted * sizeof(entries[0]), offset);

		if (got < (ssize_t)sizeof(entries[0]))
			return;
		got /= sizeof(entries[0]);
		for (ssize_t i = 0; i < got; i++) {
			if (entries[i] & PAGEMAP_PRESENT)
				region->frames[done + i] = entries[i] & PAGEMAP_FRAME_MASK;
		}
		done += got;
	}
}

/* One line of /proc/PID/maps: start-end protection offset device inode name. */
static bool parse_region(char *line, struct region *region)
{
	int name_at = 0;

	if (sscanf(line, "%llx-%llx %7s %llx %*s %*s %n", (unsigned long long *)&region->start,
		   (unsigned long long *)&region->end, region->protection,
		   (unsigned long long *)&region->file_offset, &name_at) < 4)
		return false;
	line[strcspn(line, "\n")] = '\0';
	region->name = must_have(strdup(name_at > 0 ? line + name_at : ""));
	return true;
}

static bool read_process(pid_t pid, struct process *process)
{
	char path[64];
	char line[4400];
	FILE *maps;
	int pagemap;
	ssize_t length;

	*process = (struct process){ .pid = pid };
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "re");
	if (!maps)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	pagemap = open(path, O_RDONLY | O_CLOEXEC);
	if (pagemap < 0) {
		fclose(maps);
		return false;
	}
	while (fgets(line, sizeof(line), maps)) {
		struct region region = { 0 };

		if (!parse_region(line, &region))
			continue;
		read_frames(pagemap, &region);
		process->regions = must_have(realloc(process->regions, sizeof(region) *
						     (process->region_count + 1)));
		process->regions[process->region_count++] = region;
	}
	close(pagemap);
	fclose(maps);

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	FILE *comm = fopen(path, "re");

	if (comm) {
		if (fgets(process->name, sizeof(process->name), comm))
			process->name[strcspn(process->name, "\n")] = '\0';
		fclose(comm);
	}
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	length = readlink(path, line, sizeof(line) - 1);
	process->program = must_have(strndup(line, length > 0 ? length : 0));
	return true;
}

static void note_mappings(size_t number)
{
	const struct process *process = &processes[number];
	static size_t room;

	for (size_t r = 0; r < process->region_count; r++) {
		const struct region *region = &process->regions[r];

		for (size_t page = 0; page < (region->end - region->start) / PAGE_SIZE; page++) {
			if (region->frames[page] == FRAME_ABSENT)
				continue;
			if (mapping_count == room) {
				room = room ? room * 2 : 4096;
				mappings = must_have(realloc(mappings, room * sizeof(*mappings)));
			}
			mappings[mapping_count++] =
				(struct mapping){ region->frames[page], number };
		}
	}
}

static int compare_mappings(const void *left, const void *right)
{
	const struct mapping *a = left;
	const struct mapping *b = right;

	if (a->frame != b->frame)
		return a->frame < b->frame ? -1 : 1;
	return (a->process > b->process) - (a->process < b->process);
}

static void read_all_processes(void)
{
	DIR *folder = opendir("/proc");
	struct dirent *entry;
	size_t kept = 0;

	if (!folder) {
		fprintf(stderr, "vmmap: /proc: %s\n", strerror(errno));
		exit(1);
	}
	while ((entry = readdir(folder))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		processes = must_have(realloc(processes, sizeof(*processes) * (process_count + 1)));
		if (read_process(atoi(entry->d_name), &processes[process_count]))
			note_mappings(process_count++);
	}
	closedir(folder);

	if (mapping_count > 0)
		qsort(mappings, mapping_count, sizeof(*mappings), compare_mappings);
	for (size_t i = 0; i < mapping_count; i++) {
		if (kept == 0 || compare_mappings(&mappings[kept - 1], &mappings[i]) != 0)
			mappings[kept++] = mappings[i];
	}
	mapping_count = kept;
	count_fd = open("/proc/kpagecount", O_RDONLY | O_CLOEXEC);
}

static const struct process *process_find(pid_t pid)
{
	for (size_t i = 0; i < process_count; i++) {
		if (processes[i].pid == pid)
			return &processes[i];
	}
	return NULL;
}

/* The run of mappings of one frame: its first, and how many processes there are. */
static const struct mapping *frame_mappings(frame_number frame, size_t *count_out)
{
	size_t low = 0;
	size_t high = mapping_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (mappings[middle].frame < frame)
			low = middle + 1;
		else
			high = middle;
	}
	for (high = low; high < mapping_count && mappings[high].frame == frame;)
		high++;
	*count_out = high - low;
	return &mappings[low];
}

/* How many page tables map the frame, as the kernel counts it; if it will not say, as we do. */
static uint64_t frame_map_count(frame_number frame)
{
	uint64_t count;
	size_t known;

	if (count_fd >= 0 &&
	    pread64(count_fd, &count, sizeof(count), frame * sizeof(count)) == sizeof(count))
		return count;
	frame_mappings(frame, &known);
	return known;
}

/* ---- one process ------------------------------------------------------------------------ */

static bool same_sharers(frame_number left, frame_number right)
{
	size_t left_count, right_count;
	const struct mapping *a = frame_mappings(left, &left_count);
	const struct mapping *b = frame_mappings(right, &right_count);

	if (left_count != right_count || frame_map_count(left) != frame_map_count(right))
		return false;
	for (size_t i = 0; i < left_count; i++) {
		if (a[i].process != b[i].process)
			return false;
	}
	return true;
}

static void print_sharers(frame_number frame)
{
	size_t count;
	const struct mapping *first = frame_mappings(frame, &count);

	for (size_t i = 0; i < count; i++)
		printf(" %d", processes[first[i].process].pid);
}

/* Pages that follow each other, in frames that follow each other, with the same sharers. */
static void print_runs(const struct region *region)
{
	size_t pages = (region->end - region->start) / PAGE_SIZE;

	for (size_t page = 0; page < pages;) {
		frame_number frame = region->frames[page];
		size_t length = 1;

		if (frame == FRAME_ABSENT) {
			page++;
			continue;
		}
		while (page + length < pages && region->frames[page + length] == frame + length &&
		       same_sharers(frame, frame + length))
			length++;
		printf("    %08llx %5zu page%s  frame %06llx",
		       (unsigned long long)(region->start + page * PAGE_SIZE), length,
		       length == 1 ? " " : "s", (unsigned long long)frame);
		if (length > 1)
			printf("-%06llx", (unsigned long long)(frame + length - 1));
		else
			printf("       ");
		printf("  mapped %llu  by", (unsigned long long)frame_map_count(frame));
		print_sharers(frame);
		printf("\n");
		page += length;
	}
}

/* Sums over the resident pages of a region or a process. */
struct page_sums {
	size_t pages, resident, shared, alone;
};

static struct page_sums region_sums(const struct region *region)
{
	struct page_sums sums = { .pages = (region->end - region->start) / PAGE_SIZE };

	for (size_t page = 0; page < sums.pages; page++) {
		if (region->frames[page] == FRAME_ABSENT)
			continue;
		sums.resident++;
		if (frame_map_count(region->frames[page]) > 1)
			sums.shared++;
		else
			sums.alone++;
	}
	return sums;
}

static void print_process(const struct process *process)
{
	struct page_sums total = { 0 };

	printf("%d  %s  %s\n", process->pid, process->name, process->program);
	printf("%-17s %-4s %7s %7s %7s %7s  %s\n", "region", "prot", "pages", "present", "shared",
	       "alone", "backing");
	for (size_t r = 0; r < process->region_count; r++) {
		const struct region *region = &process->regions[r];
		struct page_sums sums = region_sums(region);

		printf("%08llx-%08llx %-4s %7zu %7zu %7zu %7zu  %s\n",
		       (unsigned long long)region->start, (unsigned long long)region->end,
		       region->protection, sums.pages, sums.resident, sums.shared, sums.alone,
		       region->name[0] ? region->name : "(anonymous)");
		print_runs(region);
		total.pages += sums.pages;
		total.resident += sums.resident;
		total.shared += sums.shared;
		total.alone += sums.alone;
	}
	printf("%-22s %7zu %7zu %7zu %7zu\n\n", "sum", total.pages, total.resident, total.shared,
	       total.alone);
}

/* ---- what several processes share ------------------------------------------------------- */

static bool regions_alike(const struct region *left, const struct region *right)
{
	return strcmp(left->name, right->name) == 0 &&
	       strcmp(left->protection, right->protection) == 0 &&
	       left->file_offset == right->file_offset;
}

/*
 * The region of `process` that does what region number `number` does in `model`. Addresses may
 * differ from process to process, so it is found by its backing, and by order among its likes.
 */
static const struct region *region_counterpart(const struct process *process,
					       const struct process *model, size_t number)
{
	const struct region *wanted = &model->regions[number];
	size_t likes_before = 0;

	for (size_t r = 0; r < number; r++)
		likes_before += regions_alike(&model->regions[r], wanted);
	for (size_t r = 0; r < process->region_count; r++) {
		if (regions_alike(&process->regions[r], wanted) && likes_before-- == 0)
			return &process->regions[r];
	}
	return NULL;
}

static frame_number frame_of_page(const struct region *region, size_t page)
{
	if (!region || page >= (region->end - region->start) / PAGE_SIZE)
		return FRAME_ABSENT;
	return region->frames[page];
}

/* How the pages of one region stand in a group of processes. */
struct group_sums {
	size_t present;		/* pages in memory, counted once a process */
	size_t frames;		/* frames behind them */
	size_t common;		/* pages present in all, in one frame */
};

static void add_page(struct group_sums *sums, const struct region *const *regions, size_t count,
		     size_t page)
{
	size_t present = 0;
	size_t frames = 0;

	for (size_t i = 0; i < count; i++) {
		frame_number frame = frame_of_page(regions[i], page);
		bool seen = false;

		if (frame == FRAME_ABSENT)
			continue;
		present++;
		for (size_t earlier = 0; earlier < i && !seen; earlier++)
			seen = frame_of_page(regions[earlier], page) == frame;
		if (!seen)
			frames++;
	}
	sums->present += present;
	sums->frames += frames;
	if (present == count && frames == 1)
		sums->common++;
}

static void print_group_row(const char *label, const char *protection, size_t pages,
			    const struct group_sums *sums, const char *backing)
{
	size_t saved = sums->present - sums->frames;

	printf("%-17s %-4s %7zu %8zu %7zu %8zu %6zu K  %s\n", label, protection, pages,
	       sums->present, sums->frames, sums->common, saved * (PAGE_SIZE / 1024), backing);
}

/* Regions are taken from the first process; programs of one file have the same ones. */
static void print_shared(const struct process *const *group, size_t count)
{
	const struct region **regions = must_have(calloc(count, sizeof(*regions)));
	struct group_sums total = { 0 };
	size_t total_pages = 0;

	printf("%zu processes:", count);
	for (size_t i = 0; i < count; i++)
		printf(" %d(%s)", group[i]->pid, group[i]->name);
	printf("\n%-17s %-4s %7s %8s %7s %8s %8s  %s\n", "region", "prot", "pages", "present",
	       "frames", "common", "saved", "backing");
	for (size_t r = 0; r < group[0]->region_count; r++) {
		const struct region *region = &group[0]->regions[r];
		size_t pages = (region->end - region->start) / PAGE_SIZE;
		struct group_sums sums = { 0 };
		char label[40];

		for (size_t i = 0; i < count; i++)
			regions[i] = region_counterpart(group[i], group[0], r);
		for (size_t page = 0; page < pages; page++)
			add_page(&sums, regions, count, page);
		snprintf(label, sizeof(label), "%08llx-%08llx", (unsigned long long)region->start,
			 (unsigned long long)region->end);
		print_group_row(label, region->protection, pages, &sums,
				region->name[0] ? region->name : "(anonymous)");
		total_pages += pages;
		total.present += sums.present;
		total.frames += sums.frames;
		total.common += sums.common;
	}
	print_group_row("sum", "", total_pages, &total, "");
	printf("%zu pages in %zu frames: %zu frames are common to all %zu; "
	       "sharing saves %zu KiB\n",
	       total.present, total.frames, total.common, count,
	       (total.present - total.frames) * (PAGE_SIZE / 1024));
	free(regions);
}

static bool is_shell(const struct process *process)
{
	return strcmp(process->name, "sh") == 0 || strcmp(process->name, "-sh") == 0 ||
	       strcmp(process->name, "ash") == 0;
}

static int show_shared(char **pids)
{
	const struct process **group =
		must_have(calloc(process_count + 1, sizeof(*group)));
	size_t count = 0;

	if (*pids) {
		for (; *pids; pids++) {
			const struct process *process = process_find(atoi(*pids));

			if (process && count < process_count)
				group[count++] = process;
			else
				fprintf(stderr, "vmmap: no process %s\n", *pids);
		}
	} else {
		for (size_t i = 0; i < process_count; i++) {
			if (is_shell(&processes[i]))
				group[count++] = &processes[i];
		}
	}
	if (count < SHELL_MIN) {
		fprintf(stderr,
			"vmmap: sharing needs two processes (shells, unless others are named)\n");
		return 1;
	}
	print_shared(group, count);
	return 0;
}

int main(int argc, char **argv)
{
	int failed = 0;

	if (argc < 2 || strcmp(argv[1], "--help") == 0) {
		fprintf(stderr, "usage: vmmap PID...\n       vmmap --shared [PID...]\n");
		return argc < 2;
	}
	read_all_processes();
	if (strcmp(argv[1], "--shared") == 0)
		return show_shared(argv + 2);
	for (int i = 1; i < argc; i++) {
		const struct process *process = process_find(atoi(argv[i]));

		if (process) {
			print_process(process);
		} else {
			fprintf(stderr, "vmmap: no process %s\n", argv[i]);
			failed = 1;
		}
	}
	return failed;
}
