/* here: what a start needs of this machine: the key, the state directory, the ports.  Nothing is made or changed. */
#ifndef SURVEY_HERE_H
#define SURVEY_HERE_H

#include "config/config.h"
#include "kafka/metadata.h"
#include "survey/findings.h"

/* The signing key that a start would use, or make. */
void here_check_key(const struct config *c, const char *dir, struct findings *r);

/* Can a proxy start with the state directory?  *ret_held: one runs with it. */
void here_check_state(const struct config *c, const char *dir, bool *ret_held, struct findings *r);

/* Can the ports be opened, and are there enough for so many brokers (0: nobody knows)?  `held`: a proxy runs, which may have them. */
void here_check_ports(const struct config *c, size_t brokers, bool held, struct findings *r);

#endif
