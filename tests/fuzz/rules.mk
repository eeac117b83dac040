# Fuzzers: each tests/fuzz/NAME.c is linked with the kernel's own files, as a host unit test is (tests/host/rules.mk),
# with the kernel files that its first comment asks for, and becomes build/fuzz/NAME, which libFuzzer drives with the
# address and undefined-behaviour sanitizers. ./quartet endure fuzz runs them.

FUZZ_CFLAGS := $(filter-out -Wno-psabi,$(HOST_CFLAGS)) -O1 -fsanitize=fuzzer-no-link -Itests/fuzz -Wno-unused-function
FUZZ_CLANG ?= clang

.PHONY: fuzz
ifneq ($(filter fuzz build/fuzz/%,$(MAKECMDGOALS)),)

FUZZ_TARGETS := $(filter-out libfuzzer,$(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c)))
FUZZ_SUPPORT := $(wildcard tests/host/*.c) tests/fuzz/libfuzzer.c $(filter-out %_test.c,$(wildcard kernel/lib/*.c)) \
	$(addprefix kernel/core/,spinlock.c lock_check.c printk.c refcount.c boot_args.c)
fuzz_with = $(addprefix kernel/,$(shell sed -n '1,40s/.*test:.*with=\([^ ]*\).*/\1/p' $(1) | tr , ' '))
fuzz_objects = $(patsubst %.c,build/fuzz/objects/%.o,tests/fuzz/$(1).c $(call fuzz_with,tests/fuzz/$(1).c))

fuzz: $(FUZZ_TARGETS:%=build/fuzz/%)

build/fuzz/objects/kernel/%.o: kernel/%.c Makefile tests/host/rules.mk tests/fuzz/rules.mk
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CLANG) $(FUZZ_CFLAGS) $(HOST_KERNEL_CFLAGS) $(DEPENDENCIES) -c -o $@ $<

# A fuzzer is written like a unit test: its memcpy is the kernel's.
build/fuzz/objects/tests/fuzz/%.o: tests/fuzz/%.c Makefile tests/host/rules.mk tests/fuzz/rules.mk
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CLANG) $(FUZZ_CFLAGS) $(HOST_KERNEL_CFLAGS) $(DEPENDENCIES) -c -o $@ $<

# libFuzzer has main(), and the unit tests' runner gives way to it.
build/fuzz/objects/tests/host/%.o: tests/host/%.c Makefile tests/host/rules.mk tests/fuzz/rules.mk
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CLANG) $(FUZZ_CFLAGS) -Dmain=run_unit_tests -Wno-missing-prototypes $(DEPENDENCIES) -c -o $@ $<

build/fuzz/support.a: $(FUZZ_SUPPORT:%.c=build/fuzz/objects/%.o)
	$(Q)rm -f $@; ar rcs $@ $^

define fuzz_target
build/fuzz/$(1): $(call fuzz_objects,$(1)) build/fuzz/support.a
	$$(Q)$$(FUZZ_CLANG) -fsanitize=fuzzer,address,undefined $$(QUICK_LINK) -o $$@ $$^ -lpthread
-include $(patsubst %.o,%.d,$(call fuzz_objects,$(1)))
endef
$(foreach target,$(FUZZ_TARGETS),$(eval $(call fuzz_target,$(target))))
-include $(FUZZ_SUPPORT:%.c=build/fuzz/objects/%.d)

endif
