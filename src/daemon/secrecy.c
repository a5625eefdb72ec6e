#include "daemon/secrecy.h"

#include <sys/prctl.h>

void
secrecy_begin(void)
{
	(void)prctl(PR_SET_DUMPABLE, 0); /* can't fail with this argument (prctl(2)) */
}
