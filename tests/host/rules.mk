# Host unit tests: kernel/**/NAME_test.c becomes build/host/kernel/**/NAME_test, a 32-bit Linux program with
# address and undefined-behaviour sanitizers.
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

HOST := build/host
HOST_CFLAGS := -m32 -Wno-psabi -std=gnu17 -O1 -g -fno-omit-frame-pointer -fno-common -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined -DCONFIG_DEBUG=1 \
	$(filter-out -Wframe-larger-than=%,$(WARNINGS)) -fno-builtin \
	-Itests/host/include -Itests/host -Ikernel -Iinclude
# Kernel code and its tests call our memcpy and snprintf; the fakes call the host's.
HOST_KERNEL_CFLAGS := -include tests/host/include/kernel_names.h

.PHONY: host-tests
ifneq ($(filter host-tests $(HOST)/%,$(MAKECMDGOALS)),)

HOST_SOURCES := $(shell find kernel -name '*_test.c' | LC_ALL=C sort)
HOST_TESTS := $(HOST_SOURCES:%.c=$(HOST)/%)
HOST_FAKES := $(patsubst %.c,$(HOST)/%.o,$(wildcard tests/host/*.c))
HOST_KERNEL := $(patsubst %.c,$(HOST)/%.o,$(filter-out %_test.c,$(wildcard kernel/lib/*.c)) \
	$(addprefix kernel/core/,spinlock.c lock_check.c printk.c refcount.c boot_args.c))
host-tests: $(HOST_TESTS)

$(HOST)/kernel/%.o: kernel/%.c Makefile tests/host/rules.mk
	@mkdir -p $(@D)
	$(Q)gcc $(HOST_CFLAGS) $(HOST_KERNEL_CFLAGS) $(DEPENDENCIES) -c -o $@ $<

$(HOST)/tests/%.o: tests/%.c Makefile tests/host/rules.mk
	@mkdir -p $(@D)
	$(Q)gcc $(HOST_CFLAGS) $(DEPENDENCIES) -c -o $@ $<

$(HOST)/support.a: $(HOST_FAKES) $(HOST_KERNEL)
	$(Q)rm -f $@; ar rcs $@ $^

# The kernel files that one test asks for, as objects.
host_with = $(patsubst %.c,$(HOST)/kernel/%.o,$(shell sed -n '1,20s/.*test:.*with=\([^ ]*\).*/\1/p' $(1) | tr , ' '))
host_objects = $(sort $(1:%.c=$(HOST)/%.o) $(patsubst %.c,$(HOST)/%.o,$(wildcard $(1:%_test.c=%.c))) \
	$(call host_with,$(1)))

define host_test
$(1:%.c=$(HOST)/%): $(call host_objects,$(1)) $(HOST)/support.a
	$$(Q)gcc -m32 -fsanitize=address,undefined -o $$@ $$^ -lpthread
-include $(patsubst %.o,%.d,$(call host_objects,$(1)))
endef
$(foreach source,$(HOST_SOURCES),$(eval $(call host_test,$(source))))
-include $(HOST_FAKES:.o=.d) $(HOST_KERNEL:.o=.d)

endif
