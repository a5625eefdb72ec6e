/* cores: how much of the machine's CPU time this process is granted. */
#ifndef DAEMON_CORES_H
#define DAEMON_CORES_H

/*
 * `n`, or fewer where a control group grants less: the process's own or one above it, of version 2 (cpu.max) or 1
 * (cpu.cfs_quota_us); a part of a core counts as one.  `root` stands before /proc and /sys; "" but in tests.
 */
unsigned cores_granted(const char *root, unsigned n);

#endif
