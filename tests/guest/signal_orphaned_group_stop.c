/*
 * Terminal stops do nothing in an orphaned process group; and a stopped group that becomes orphaned
 * gets SIGHUP and SIGCONT.
 */
#include "check.h"

int main(void)
{
	struct gate stopped = gate_create(), died = gate_create();
	pid_t leader = FORK();
	int status;

	if (leader == 0) {
		/* A session of its own: nobody outside the group but in the session. */
		CHECK(setsid() == getpid());
		CHECK(raise(SIGTSTP) == 0);
		CHECK(raise(SIGTTIN) == 0);
		pid_t member = FORK();

		if (member == 0) {
			CHECK(setpgid(0, 0) == 0);
			gate_open(&stopped);
			raise(SIGSTOP);
			_exit(1);
		}
		pid_t watcher = FORK();

		if (watcher == 0) {
			/*
			 * Same session: it sees the member die of SIGHUP when the leader is gone.
			 */
			CHECK(setpgid(0, 0) == 0);
			while (kill(member, 0) == 0 && process_state(member) != 'Z')
				sched_yield();
			gate_open(&died);
			_exit(0);
		}
		gate_pass(&stopped);
		CHECK_EQ(waitpid(member, &status, WUNTRACED), member);
		_exit(7);
	}
	CHECK_EQ(wait_exit_status(leader), 7);
	gate_pass(&died);
	return 0;
}
