/*
 * Which CPUs there are: ACPI's MADT, else the older MultiProcessor table (ACPI 6.4, 5.2.5 and
 * 5.2.12; Intel MultiProcessor Specification 1.4, chapter 4). Tables are firmware's and may lie:
 * lengths are checked before use.
 */
#include "arch/mmu.h"
#include "internal.h"
#include "lib/string.h"

struct packed acpi_root_pointer {
	char signature[8];
	uint8_t checksum;
	char maker[6];
	uint8_t revision;
	uint32_t root_table;
};

struct packed acpi_header {
	char signature[4];
	uint32_t length;
	uint8_t rest[28];
};

/* The MADT's fixed part, after which entries follow. */
struct packed acpi_madt {
	struct acpi_header header;
	uint32_t apic_address, flags;
};

enum {
	MADT_LOCAL_APIC = 0,
	MADT_ENABLED = 1,
	MP_PROCESSOR = 0,
	MP_PROCESSOR_SIZE = 20,
	MP_OTHER_SIZE = 8,
	MP_ENABLED = 1,
	ENTRY_MAX = 20,
	TABLE_SIZE_MAX = 1 << 20,
};

struct packed mp_pointer {
	char signature[4];
	uint32_t table;
	uint8_t length, revision, checksum, features[5];
};

struct packed mp_table {
	char signature[4];
	uint16_t length;
	uint8_t revision, checksum;
	char maker[20];
	uint32_t oem_table;
	uint16_t oem_size, entry_count;
	uint32_t apic_address;
	uint16_t extended_length;
	uint8_t extended_checksum, reserved;
};

struct cpu_list {
	uint8_t *ids;
	size_t count, limit;
};

static void add_cpu(struct cpu_list *list, uint8_t id)
{
	/* The boot CPU is in the list from the start. */
	for (size_t i = 0; i < list->count; i++) {
		if (list->ids[i] == id)
			return;
	}
	if (list->count < list->limit)
		list->ids[list->count++] = id;
}

static uint8_t sum_bytes(const void *bytes, size_t size)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < size; i++)
		sum += ((const uint8_t *)bytes)[i];
	return sum;
}

/* In physical [start, end) below 1 MiB, on 16-byte boundaries. */
static const void *search(phys_addr start, phys_addr end, const char *signature, size_t size)
{
	for (; start + size <= end; start += 16) {
		const void *at = phys_to_virt(start);

		if (memcmp(at, signature, strlen(signature)) == 0 && sum_bytes(at, size) == 0)
			return at;
	}
	return NULL;
}

/* The extended BIOS data area's first KiB, then the BIOS. */
static const void *search_firmware(const char *signature, size_t size)
{
	uint16_t segment;
	phys_addr ebda;
	const void *found = NULL;

	memcpy(&segment, phys_to_virt(0x40e), sizeof(segment));
	ebda = (phys_addr)segment << 4;
	if (ebda >= 0x80000 && ebda < 0xa0000)
		found = search(ebda, ebda + 1024, signature, size);
	return found ? found : search(0xe0000, 0x100000, signature, size);
}

static void read_madt(phys_addr table, uint32_t length, struct cpu_list *list)
{
	uint32_t at = sizeof(struct acpi_madt);

	while (at + 2 <= length) {
		uint8_t entry[ENTRY_MAX];

		phys_read(entry, table + at, 2);
		if (entry[1] < 2 || at + entry[1] > length)
			return;
		if (entry[0] == MADT_LOCAL_APIC && entry[1] >= 8) {
			phys_read(entry, table + at, 8);
			if (entry[4] & MADT_ENABLED)
				add_cpu(list, entry[3]);
		}
		at += entry[1];
	}
}

static bool read_acpi(struct cpu_list *list)
{
	const struct acpi_root_pointer *root = search_firmware("RSD PTR ", sizeof(*root));
	struct acpi_header header;
	uint32_t tables;

	if (!root)
		return false;
	phys_read(&header, root->root_table, sizeof(header));
	if (memcmp(header.signature, "RSDT", 4) != 0 || header.length < sizeof(header) ||
	    header.length > TABLE_SIZE_MAX)
		return false;
	tables = (header.length - (uint32_t)sizeof(header)) / 4;
	for (uint32_t i = 0; i < tables; i++) {
		uint32_t table;

		phys_read(&table, root->root_table + sizeof(header) + 4 * i, sizeof(table));
		phys_read(&header, table, sizeof(header));
		if (memcmp(header.signature, "APIC", 4) == 0 && header.length <= TABLE_SIZE_MAX) {
			read_madt(table, header.length, list);
			return true;
		}
	}
	return false;
}

static void read_mp(struct cpu_list *list)
{
	const struct mp_pointer *pointer = search_firmware("_MP_", sizeof(*pointer));
	struct mp_table table;
	phys_addr at;

	if (!pointer || pointer->table == 0)
		return;
	phys_read(&table, pointer->table, sizeof(table));
	if (memcmp(table.signature, "PCMP", 4) != 0)
		return;
	at = pointer->table + sizeof(table);
	for (unsigned int i = 0; i < table.entry_count; i++) {
		uint8_t entry[4];

		phys_read(entry, at, sizeof(entry));
		if (entry[0] == MP_PROCESSOR && (entry[3] & MP_ENABLED))
			add_cpu(list, entry[1]);
		at += entry[0] == MP_PROCESSOR ? MP_PROCESSOR_SIZE : MP_OTHER_SIZE;
	}
}

size_t smp_tables_read(uint8_t apic_ids[], size_t limit)
{
	struct cpu_list list = { apic_ids, 1, limit };

	apic_ids[0] = apic_id();
	if (!read_acpi(&list))
		read_mp(&list);
	return list.count;
}
