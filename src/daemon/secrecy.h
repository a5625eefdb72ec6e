/* secrecy: the process's memory is nobody else's to read. */
#ifndef DAEMON_SECRECY_H
#define DAEMON_SECRECY_H

/*
 * It has keys and passwords in it.  From here on it is never written into a core file, and
 * processes of the same user can neither read nor trace it; root can.
 */
void secrecy_begin(void);

#endif
