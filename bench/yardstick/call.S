# The calls that C cannot make; see call.h. Arguments are on the stack.

	.text
	.globl	call6
	.type	call6, @function
call6:
	pushl	%ebx
	pushl	%esi
	pushl	%edi
	pushl	%ebp
	movl	20(%esp), %eax
	movl	24(%esp), %ebx
	movl	28(%esp), %ecx
	movl	32(%esp), %edx
	movl	36(%esp), %esi
	movl	40(%esp), %edi
	movl	44(%esp), %ebp
	int	$0x80
	popl	%ebp
	popl	%edi
	popl	%esi
	popl	%ebx
	ret
	.size	call6, . - call6

	.globl	thread_start
	.type	thread_start, @function
thread_start:
	pushl	%ebx
	pushl	%esi
	pushl	%edi
	movl	16(%esp), %ebx		# flags
	movl	20(%esp), %ecx		# the new thread's stack
	movl	24(%esp), %eax		# its entry, which is put there
	movl	28(%esp), %edx		# where the parent finds its number
	movl	%edx, %edi		# and where it is cleared at the end
	xorl	%esi, %esi
	subl	$4, %ecx
	movl	%eax, (%ecx)
	movl	$120, %eax		# clone
	int	$0x80
	testl	%eax, %eax
	jz	1f
	popl	%edi
	popl	%esi
	popl	%ebx
	ret
1:	popl	%eax
	xorl	%ebp, %ebp
	andl	$-16, %esp
	call	*%eax
	xorl	%ebx, %ebx
	movl	$1, %eax		# exit
	int	$0x80
	hlt
	.size	thread_start, . - thread_start

	.globl	call0_by_entry
	.type	call0_by_entry, @function
call0_by_entry:
	movl	4(%esp), %eax
	movl	8(%esp), %ecx
	pushl	%ebx
	call	*%ecx
	popl	%ebx
	ret
	.size	call0_by_entry, . - call0_by_entry

	.section .note.GNU-stack, "", @progbits
