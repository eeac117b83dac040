# The simulated machine: build/sim/sim, a program for this machine (x86-64) with address and
# undefined-behaviour sanitizers, made of the kernel's portable files and of tests/sim.
#
# Headers are looked for in tests/sim/include first: there are the machine's. Files of SIM_HOST see the
# host's library and none of the kernel's headers; all others see the kernel's.

SIM := build/sim
SIM_FOLDERS := lib core mem sched vm block vfs fs/ext2 fs/journal fs/tmpfs fs/devfs
# What the machine has in their place: tests/sim/memory.c.
SIM_WITHOUT := kernel/mem/vmap.c kernel/core/backtrace.c kernel/core/symbols.c \
	kernel/core/failpoint.c
SIM_KERNEL := $(filter-out %_test.c $(SIM_WITHOUT),$(foreach folder,$(SIM_FOLDERS),$(wildcard kernel/$(folder)/*.c)))
SIM_KERNEL += $(patsubst %,kernel/entry/%.c,machine_memory return_to_user)
# Of processes, what has no files to execute and no tracer in it: tests/sim/user_thread.c has the rest.
SIM_KERNEL += $(patsubst %,kernel/proc/%.c,cpu_timers exit fork init_process limits pidfd posix_timers \
	process process_table ptrace ptrace_stop session signal signal_deliver signal_handlers signal_mask \
	signal_queue timers wait)
SIM_HOST := $(addprefix tests/sim/,host.c main.c model.c model_cut.c workload.c family_workload.c space_access.c space_calls.c \
	space_copies.c space_objects.c space_workload.c)
SIM_MACHINE := $(filter-out $(SIM_HOST),$(wildcard tests/sim/*.c))
SIM_OBJECTS := $(patsubst %.c,$(SIM)/%.o,$(SIM_KERNEL) $(SIM_MACHINE) $(SIM_HOST))
# These link what is free through itself, which the sanitizer forbids everybody else.
SIM_UNWATCHED := $(patsubst %,$(SIM)/kernel/mem/%.o,slab page_frame buddy)
SIM_WRAPPED := lock_check_acquire lock_check_release page_frame_alloc page_frame_alloc_order \
	page_frame_put_last page_frame_copy page_table_fork vm_unmap_cache \
	page_frame_set_reclaim slab_cache_create slab_alloc slab_alloc_zeroed slab_free thread_wake thread_exit \
	signal_send_process thread_resume_stopped signal_pending_take

SIM_CFLAGS := -std=gnu17 -O1 -g1 -fno-omit-frame-pointer -fno-common -fno-pie -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined -DCONFIG_DEBUG=1 $(filter-out -Wframe-larger-than=%,$(WARNINGS))
SIM_KERNEL_CFLAGS := -fno-builtin -include tests/sim/include/kernel_names.h -Itests/sim/include -Itests/sim \
	-Ikernel -Iinclude
SIM_FREESTANDING := $(filter-out -nostdinc,$(filter-out -Ikernel -Iinclude,$(INCLUDES)))

.PHONY: sim
sim: $(SIM)/sim

$(SIM)/kernel/%.o: kernel/%.c Makefile tests/sim/rules.mk
	@mkdir -p $(@D)
	$(Q)gcc $(SIM_CFLAGS) $(SIM_EXTRA) $(SIM_KERNEL_CFLAGS) $(DEPENDENCIES) -c -o $@ $<

# Our own string functions are tested beside them; here they have names of their own.
$(SIM)/kernel/lib/string.o: SIM_EXTRA := -include tests/host/include/kernel_names.h
$(SIM_UNWATCHED): SIM_EXTRA := -fno-sanitize=address -Dmemset=sim_plain_memset

$(patsubst %.c,$(SIM)/%.o,$(SIM_MACHINE)): $(SIM)/%.o: %.c Makefile tests/sim/rules.mk
	@mkdir -p $(@D)
	$(Q)gcc $(SIM_CFLAGS) $(SIM_KERNEL_CFLAGS) $(DEPENDENCIES) -c -o $@ $<

$(patsubst %.c,$(SIM)/%.o,$(SIM_HOST)): $(SIM)/%.o: %.c Makefile tests/sim/rules.mk
	@mkdir -p $(@D)
	$(Q)gcc $(SIM_CFLAGS) -Wno-undef $(DEPENDENCIES) -c -o $@ $<

$(SIM)/sim: $(SIM_OBJECTS)
	$(Q)gcc -no-pie -fsanitize=address,undefined $(SIM_WRAPPED:%=-Wl,--wrap=%) -o $@ $^

ifneq ($(filter sim $(SIM)/%,$(MAKECMDGOALS)),)
-include $(SIM_OBJECTS:.o=.d)
endif
