# Quartet: the one entry point for building. `make help` lists the targets; `./quartet help` what to do
# with the result.
#
# Everything is built out of the tree, one folder a variant: build/debug-gcc, build/release-clang, ...
#	make			the debug kernel, with gcc
#	make BUILD=release CC=clang
# Every *.c and *.S under kernel/ belongs to the kernel, except *_test.c, which are host unit tests.
# Adding a file needs no change here.

BUILD ?= debug
ifeq ($(origin CC),default)
CC := gcc
endif
ifeq ($(filter $(BUILD),debug release),)
$(error BUILD is debug or release, not "$(BUILD)")
endif
COMPILER := $(if $(findstring clang,$(CC)),clang,gcc)
PYTHON ?= $(firstword $(wildcard /usr/bin/python3) python3)
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:

OUT := build/$(BUILD)-$(COMPILER)
GEN := $(OUT)/gen
KERNEL := $(OUT)/quartet.elf

# ---- flags -------------------------------------------------------------------------------------

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes -Wundef \
	-Wframe-larger-than=1024
# The compiler's own freestanding headers, and nothing of the host's.
INCLUDES := -nostdinc -isystem $(shell $(CC) -print-file-name=include) \
	-Ikernel -Iinclude -Ikernel/arch/i386 -I$(GEN)
MACHINE := -m32 -march=i686 -mtune=generic -mregparm=3 -mgeneral-regs-only
CODE := -std=c17 -ffreestanding -fno-pic -fno-pie -fno-common -fno-strict-aliasing \
	-mstack-protector-guard=global -fno-asynchronous-unwind-tables -ffunction-sections
# The stack is aligned to words: nothing compiled here keeps SSE registers there, and each function
# that calls another would pay two instructions for more.
CODE_gcc := -fno-tree-loop-distribute-patterns -Wno-psabi -mpreferred-stack-boundary=2
CODE_clang := -mstack-alignment=4
CODE_debug := -O2 -fno-omit-frame-pointer -fno-optimize-sibling-calls -fstack-protector-strong -DCONFIG_DEBUG=1 -g
# Lines and functions for gdb, but no variables, which are the debug kernel's: an eighth less to compile.
CODE_release := -O2 -fomit-frame-pointer -fstack-protector -DCONFIG_DEBUG=0 -g1
# Loops begin where they begin: what would be filled in before them is run through each time.
CODE_release-gcc := -fno-align-loops
# Two checks are left to the host's unit tests: a NULL pointer faults here anyway, since nothing is mapped there, and
# the processor has no objection to a word that is not aligned. They were almost half of the debug kernel's size and a
# fifth of its instructions.
UNDEFINED := -fsanitize=undefined -fno-sanitize=null,alignment
CODE_debug-gcc := $(UNDEFINED)
# clang calls the sanitizer's handlers without -mregparm, so there a violation traps (ud2) instead.
CODE_debug-clang := $(UNDEFINED) -fsanitize-undefined-trap-on-error

CFLAGS := $(MACHINE) $(CODE) $(CODE_$(COMPILER)) $(CODE_$(BUILD)) $(CODE_$(BUILD)-$(COMPILER)) \
	$(WARNINGS) $(INCLUDES) $(EXTRA_CFLAGS)
ASFLAGS := -m32 -march=i686 -g -DASSEMBLY=1 -Wundef $(INCLUDES)
DEPENDENCIES = -MMD -MP -MF $(@:.o=.d)
LINK = ld -m elf_i386 -nostdlib --build-id=none -z max-page-size=4096 -z noexecstack --no-warn-rwx-segments \
	-T $(LINKER_SCRIPT)
LINKER_SCRIPT := kernel/arch/i386/kernel.ld

# ---- sources -----------------------------------------------------------------------------------

SYSCALL_TABLE := kernel/syscall/syscall.tbl
OFFSETS := kernel/arch/i386/asm_offsets.c
VDSO := kernel/arch/i386/vdso
VDSO_SOURCES := $(wildcard $(VDSO)/*.[cS])
SOURCES := $(shell find kernel -name '*.[cS]' ! -name '*_test.c' ! -path $(OFFSETS) ! -path '$(VDSO)/*' 2>/dev/null | \
	LC_ALL=C sort)
# context.c and context.S are two objects.
OBJECTS := $(patsubst %.c,$(OUT)/%.o,$(filter %.c,$(SOURCES))) \
	$(patsubst %,$(OUT)/%.o,$(filter %.S,$(SOURCES))) \
	$(if $(wildcard $(SYSCALL_TABLE)),$(GEN)/syscall_table.o $(GEN)/syscall_names.o)
GENERATED := $(GEN)/asm_offsets.h $(if $(VDSO_SOURCES),$(GEN)/vdso.so $(GEN)/vdso_offsets.h)

.PHONY: all kernel objects print-flags user docs run test check debug bench clean help
all: kernel user
kernel: $(KERNEL)
objects: $(OBJECTS)
print-flags: | $(GENERATED)
	@echo '$(CFLAGS)'

$(OUT)/%.o: %.c $(OUT)/flags | $(GENERATED)
	$(Q)$(CC) $(CFLAGS) $(UNCHECKED) $(DEPENDENCIES) -c -o $@ $<

# What runs at each lock checks the order of locks, and is not checked for undefined behaviour itself: that would cost
# more than all it does. The host's unit tests run it with those checks.
$(OUT)/kernel/core/lock_check.o $(OUT)/kernel/core/spinlock.o: UNCHECKED := -fno-sanitize=undefined

$(OUT)/%.S.o: %.S $(OUT)/flags | $(GENERATED)
	$(Q)$(CC) $(ASFLAGS) $(DEPENDENCIES) -c -o $@ $<

$(GEN)/%.o: $(GEN)/%.c $(OUT)/flags
	$(Q)$(CC) $(CFLAGS) $(DEPENDENCIES) -c -o $@ $<

$(GEN)/%.o: $(GEN)/%.S $(OUT)/flags
	$(Q)$(CC) $(ASFLAGS) $(DEPENDENCIES) -c -o $@ $<

# Changed flags, or a changed list of sources, rebuild what they concern.
define remember	# file, text: rewrite the file only when the text differs
$(shell mkdir -p $(dir $(1)); printf '%s\n' '$(2)' | cmp -s - $(1) || printf '%s\n' '$(2)' >$(1))
endef
# One process makes all folders, before the first of hundreds of files.
$(shell mkdir -p $(GEN) $(sort $(dir $(OBJECTS))))
$(call remember,$(OUT)/flags,$(CC) $(CFLAGS) $(ASFLAGS))
$(call remember,$(OUT)/sources,$(OBJECTS))

# ---- generated sources ---------------------------------------------------------------------------

$(GEN)/syscall_table.S $(GEN)/syscall_names.c &: $(SYSCALL_TABLE) tools/gen-syscalls
	@mkdir -p $(GEN)
	$(Q)$(PYTHON) tools/gen-syscalls $< --table $(GEN)/syscall_table.S --names $(GEN)/syscall_names.c

docs: docs/syscalls.md
docs/syscalls.md: $(SYSCALL_TABLE) tools/gen-syscalls
	$(Q)$(PYTHON) tools/gen-syscalls $< --document $@
docs: docs/reliability.md
docs/reliability.md: docs/endure.tsv tools/quartet/endure_record.py
	$(Q)$(PYTHON) tools/quartet/endure_record.py
	@touch $@

# asm_offsets.c may include anything, so it is compiled without the header that it becomes.
$(GEN)/asm_offsets.h: $(wildcard $(OFFSETS)) $(OUT)/flags tools/gen-asm-offsets
	@mkdir -p $(GEN)
	$(Q)$(PYTHON) tools/gen-asm-offsets $(if $(wildcard $(OFFSETS)),$(OFFSETS)) --output $@ -- \
		$(CC) $(filter-out -fsanitize=%,$(CFLAGS)) -MMD -MP -MT $@ -MF $(GEN)/asm_offsets.d

# The vDSO is a shared library for user mode, so its code has flags of its own. The kernel embeds vdso.so
# (with .incbin) and knows the places in it by vdso_offsets.h: vdso_sysenter_return is
# VDSO_SYSENTER_RETURN, __kernel_sigreturn is VDSO_KERNEL_SIGRETURN.
VDSO_FLAGS := -m32 -march=i686 -O2 -fPIC -fno-stack-protector -fno-asynchronous-unwind-tables -ffreestanding -g0 \
	-DASSEMBLY_VDSO=1 $(INCLUDES)
VDSO_OBJECTS := $(VDSO_SOURCES:%=$(OUT)/%.o)

$(OUT)/$(VDSO)/%.o: $(VDSO)/% $(OUT)/flags | $(GEN)/asm_offsets.h
	@mkdir -p $(@D)
	$(Q)$(CC) $(VDSO_FLAGS) $(if $(filter %.S,$<),-DASSEMBLY=1,-std=c17 $(WARNINGS)) $(DEPENDENCIES) -c -o $@ $<

$(GEN)/vdso_full.so: $(VDSO_OBJECTS) $(VDSO)/vdso.ld
	$(Q)ld -m elf_i386 -shared -nostdlib -Bsymbolic --hash-style=both --build-id=none -soname linux-gate.so.1 \
		-z max-page-size=4096 -z noexecstack --eh-frame-hdr -T $(VDSO)/vdso.ld -o $@ $(VDSO_OBJECTS)

# Without its own symbol table it fits a page.
$(GEN)/vdso.so: $(GEN)/vdso_full.so
	$(Q)objcopy -S $< $@
$(OUT)/kernel/arch/i386/vdso_image.S.o: $(GEN)/vdso.so

$(GEN)/vdso_offsets.h: $(GEN)/vdso_full.so tools/gen-vdso-offsets
	$(Q)nm $< | $(PYTHON) tools/gen-vdso-offsets >$@

# ---- the kernel ------------------------------------------------------------------------------------

# The kernel holds its own symbol table. It is linked three times: without a table, to learn the
# names; with one of the final size, to learn the addresses; and with the true one.
$(KERNEL): $(OBJECTS) $(LINKER_SCRIPT) $(OUT)/sources tools/symbols
	$(Q)$(PYTHON) tools/symbols --empty >$(GEN)/symbols0.S
	$(Q)$(CC) $(ASFLAGS) -c -o $(GEN)/symbols0.o $(GEN)/symbols0.S
	$(Q)$(LINK) -o $(OUT)/pass1.elf $(OBJECTS) $(GEN)/symbols0.o
	$(Q)nm $(OUT)/pass1.elf | $(PYTHON) tools/symbols >$(GEN)/symbols1.S
	$(Q)$(CC) $(ASFLAGS) -c -o $(GEN)/symbols1.o $(GEN)/symbols1.S
	$(Q)$(LINK) -o $(OUT)/pass2.elf $(OBJECTS) $(GEN)/symbols1.o
	$(Q)nm $(OUT)/pass2.elf | $(PYTHON) tools/symbols >$(GEN)/symbols2.S
	$(Q)$(CC) $(ASFLAGS) -c -o $(GEN)/symbols2.o $(GEN)/symbols2.S
	$(Q)$(LINK) -Map $(OUT)/quartet.map -o $@ $(OBJECTS) $(GEN)/symbols2.o
	@rm -f $(OUT)/pass1.elf $(OUT)/pass2.elf

# ---- programs: user/ and tests/guest/ ----------------------------------------------------------------

# The same bytes wherever the sources lie.
SAME_ANYWHERE := '-ffile-prefix-map=$(subst ','\'',$(CURDIR))=.'

# Each user/NAME.c, and each folder user/NAME/, is one static i386 Linux program: build/user/NAME.
USER_CFLAGS := -m32 -static -std=gnu17 -O2 -g -Wall -Wextra -Werror -Wshadow -Wvla -D_GNU_SOURCE \
	-D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 -Iinclude $(SAME_ANYWHERE)
USER_PROGRAMS := $(sort $(patsubst user/%.c,%,$(wildcard user/*.c)) \
	$(patsubst user/%/,%,$(dir $(wildcard user/*/*.c))))
user: $(USER_PROGRAMS:%=build/user/%)

.SECONDEXPANSION:
build/user/%: $$(wildcard user/$$*.c user/$$*/*.c user/$$*/*.h) Makefile
	@mkdir -p $(@D)
	$(Q)gcc $(USER_CFLAGS) -o $@ $(filter %.c,$^) -lpthread

# Each tests/guest/NAME.c is one test program: build/guest/NAME.
GUEST_CFLAGS := -m32 -static -std=gnu17 -O1 -g1 -pthread -Wall -Wextra -D_GNU_SOURCE -Iinclude -Itests/guest \
	-Ibuild $(SAME_ANYWHERE)
# Four hundred static programs, and the unit tests: mold links one in a quarter of the time.
QUICK_LINK := $(if $(shell command -v mold),-fuse-ld=mold)
GUEST_TESTS := $(patsubst tests/guest/%.c,build/guest/%,$(wildcard tests/guest/*.c))
.PHONY: guest-tests
guest-tests: $(GUEST_TESTS)

build/guest/%: tests/guest/%.c $$(wildcard tests/guest/*.h) Makefile
	@mkdir -p $(@D)
	$(Q)gcc $(GUEST_CFLAGS) $(QUICK_LINK) -o $@ $<
build/guest/call_errors: build/calls.h

# What the commands of tests/applets/ need besides busybox.
build/applets/%: tests/applets/%.c Makefile
	@mkdir -p $(@D)
	$(Q)gcc $(USER_CFLAGS) -o $@ $<

# The ruler of ./quartet bench. Without -g: it is part of the initramfs that both kernels unpack.
BENCH_CFLAGS := -m32 -static -std=gnu17 -O2 -Wall -Wextra -Werror -Wshadow -Wvla -D_GNU_SOURCE
.PHONY: bench-programs
bench-programs: build/bench/yardstick

build/bench/yardstick: $(wildcard bench/yardstick/*) Makefile
	@mkdir -p $(@D)
	$(Q)gcc $(BENCH_CFLAGS) -o $@ $(filter %.c %.S,$^) -lpthread
# Each tests/stress/NAME.c is a program for long runs: build/stress/NAME.
STRESS_PROGRAMS := $(patsubst tests/stress/%.c,build/stress/%,$(wildcard tests/stress/*.c))
.PHONY: stress
stress: $(STRESS_PROGRAMS)

build/calls.h: $(SYSCALL_TABLE) tools/gen-syscalls
	@mkdir -p $(@D)
	$(Q)$(PYTHON) tools/gen-syscalls $< --calls $@

# Each tests/endure/NAME.c is a program that ./quartet endure runs in the machine: build/endure/NAME.
build/endure/%: tests/endure/%.c Makefile
	@mkdir -p $(@D)
	$(Q)gcc $(GUEST_CFLAGS) -o $@ $<

build/stress/%: tests/stress/%.c $$(wildcard tests/stress/*.h) build/calls.h Makefile
	@mkdir -p $(@D)
	$(Q)gcc $(GUEST_CFLAGS) -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 -Ibuild -o $@ $<

include tests/host/rules.mk
include tests/fuzz/rules.mk
include tests/sim/rules.mk

# ---- the rest is ./quartet's -----------------------------------------------------------------------

run test check debug bench:
	./quartet $@ $(T)

clean:
	rm -rf build

help:
	@echo 'make [BUILD=debug|release] [CC=gcc|clang] [TARGET]'
	@echo '  all          the kernel, build/BUILD-CC/quartet.elf, and the programs in user/ (the default)'
	@echo '  kernel       the kernel alone          objects      its object files, without linking'
	@echo '  user         programs of user/         guest-tests  programs of tests/guest/'
	@echo '  host-tests   unit tests beside the code: in build/host32/ and build/host64/'
	@echo '  docs         docs/syscalls.md from kernel/syscall/syscall.tbl, the table of docs/reliability.md'
	@echo '  run test check debug bench             the same as ./quartet TARGET (T=PATTERN)'
	@echo '  clean        remove build/'
	@echo '  V=1          show every command'

# Quiet unless V=1: a line a file would drown the warnings.
Q := $(if $(V),,@)
-include $(OBJECTS:.o=.d) $(VDSO_OBJECTS:.o=.d) $(GEN)/asm_offsets.d
