/* Between libFuzzer and a fuzzer: each input is one test of tests/host. */
#include <stdio.h>
#include <stdlib.h>
#include "fuzz.h"
#include "host.h"
#include "test.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const struct test_case test_cases[] = { TEST_END };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	setvbuf(stdout, NULL, _IOLBF, 0);
	host_init();
	host_thread_reset();
	fuzz_start();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	long before = test_allocations_in_use();

	host_thread_reset();
	fuzz_one(data, size);
	test_run_deferred();
	if (test_allocations_in_use() != before) {
		fprintf(stderr, "%ld objects were not given back\n",
			test_allocations_in_use() - before);
		abort();
	}
	return 0;
}
