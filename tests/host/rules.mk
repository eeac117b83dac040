# Host unit tests: kernel/**/NAME_test.c becomes build/host32/kernel/**/NAME_test, a 32-bit Linux program with
# address and undefined-behaviour sanitizers. A test whose first comment says
#	/* test: bits=64 */
# becomes build/host64/kernel/**/NAME_test, a program for this machine (x86-64): the kernel is of 32 bits, but
# where the host cannot execute those, a long test of files that do not mind the width of a pointer ends ten
# times sooner.
#
# It is linked from the test, the file beside it that it is named after (NAME.c, if there is one), and
# the kernel files that its first comment asks for:
#	/* test: with=vm/region.c,mem/slab.c */
# Whatever else it needs comes from an archive: all of kernel/lib, the parts of kernel/core that run
# anywhere, and the fakes of tests/host/*.c for the rest. A file that a test names wins over the archive,
# so a test of mem/ names the real mem/ files, and one of vfs/ gets kmalloc's fake.
#
# Headers are looked for in tests/host/include first: a fake stands there for a header of arch/ that
# only i386 in kernel mode can use.

HOST_CFLAGS := -Wno-psabi -std=gnu17 -O1 -g1 -fno-omit-frame-pointer -fno-common -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined -DCONFIG_DEBUG=1 \
	$(filter-out -Wframe-larger-than=%,$(WARNINGS)) -fno-builtin \
	-Itests/host/include -Itests/host -Ikernel -Iinclude
# Kernel code and its tests call our memcpy and snprintf; the fakes call the host's.
HOST_KERNEL_CFLAGS := -include tests/host/include/kernel_names.h

.PHONY: host-tests
ifneq ($(filter host-tests build/host32/% build/host64/%,$(MAKECMDGOALS)),)

HOST_SOURCES := $(shell find kernel -name '*_test.c' | LC_ALL=C sort)
HOST_SOURCES_64 := $(shell sed -s -n '1,20{/test:.*bits=64/F}' $(HOST_SOURCES))
HOST_SOURCES_32 := $(filter-out $(HOST_SOURCES_64),$(HOST_SOURCES))
HOST_SUPPORT := $(wildcard tests/host/*.c) $(filter-out %_test.c,$(wildcard kernel/lib/*.c)) \
	$(addprefix kernel/core/,spinlock.c lock_check.c printk.c refcount.c boot_args.c)

# What all tests ask for, as words TEST=FILE, read at once: a shell for each test took seconds.
HOST_WITH := $(shell awk 'FNR <= 20 && match($$0, /test:.*with=[^ ]*/) { \
	sub(/.*with=/, ""); sub(/ .*/, ""); count = split($$0, files, ","); \
	for (i = 1; i <= count; i++) print FILENAME "=kernel/" files[i] }' $(HOST_SOURCES))
# The kernel files that one test asks for, and the objects that it is linked from. $(1) is 32 or 64, $(2) the test.
host_with = $(patsubst $(1)=%,%,$(filter $(1)=%,$(HOST_WITH)))
host_objects = $(patsubst %.c,build/host$(1)/%.o,$(sort $(2) $(wildcard $(2:%_test.c=%.c)) $(call host_with,$(2))))

define host_test
build/host$(1)/$(2:%.c=%): $(call host_objects,$(1),$(2)) build/host$(1)/support.a
	$$(Q)gcc -m$(1) -fsanitize=address,undefined $$(QUICK_LINK) -o $$@ $$^ -lpthread
-include $(patsubst %.o,%.d,$(call host_objects,$(1),$(2)))
endef

define host_width
host-tests: $(HOST_SOURCES_$(1):%.c=build/host$(1)/%)

build/host$(1)/kernel/%.o: kernel/%.c Makefile tests/host/rules.mk
	@mkdir -p $$(@D)
	$$(Q)gcc -m$(1) $$(HOST_CFLAGS) $$(HOST_KERNEL_CFLAGS) $$(DEPENDENCIES) -c -o $$@ $$<

build/host$(1)/tests/%.o: tests/%.c Makefile tests/host/rules.mk
	@mkdir -p $$(@D)
	$$(Q)gcc -m$(1) $$(HOST_CFLAGS) $$(DEPENDENCIES) -c -o $$@ $$<

build/host$(1)/support.a: $(HOST_SUPPORT:%.c=build/host$(1)/%.o)
	$$(Q)rm -f $$@; ar rcs $$@ $$^
-include $(HOST_SUPPORT:%.c=build/host$(1)/%.d)
$(foreach source,$(HOST_SOURCES_$(1)),$(eval $(call host_test,$(1),$(source))))
endef
$(eval $(call host_width,32))
$(eval $(call host_width,64))

endif
