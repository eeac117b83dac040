/*
 * The vDSO's page, as the build made it (Makefile). In .data, because vdso_init() may change its
 * first entry.
 */
	.section .data
	.balign 4096
	.globl vdso_image
vdso_image:
	.incbin "vdso.so"
	.balign 4096
	.section .note.GNU-stack, "", @progbits
