/*
 * survey: what a start would meet, looked at beforehand: this machine, the brokers, the topics, the rights.
 *
 * Reaches brokers as the proxy does, asks, and changes nothing, here or there.  Each step waits for
 * kafka.connect.timeout, or ten seconds for an answer, at most.
 */
#ifndef SURVEY_SURVEY_H
#define SURVEY_SURVEY_H

#include <stdio.h>

#include "config/config.h"

/*
 * `c` was checked.  Lines go to `to` as they are found.  0: nothing failed; ERR_REMOTE: something did;
 * ERR_IO: they could not be written; ERR_NOMEM.
 */
int survey_run(struct config *c, const char *state_dir, FILE *to) MUSTCHECK;

#endif
