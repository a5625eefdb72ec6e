/*
 * attest: the stage that attests what clients produce.
 *
 *   Produce        request: place, rewrite, forward       answer: offsets settle the members
 *   EndTxn, InitProducerId                                answer: how a transaction ended, or that nobody will tell
 */
#ifndef STAGES_ATTEST_H
#define STAGES_ATTEST_H

#include "attest/chains.h"
#include "config/config.h"
#include "proxy/stage.h"
#include "stages/topics.h"

struct attest;

/* Borrows chains and topics until attest_free(); takes a reference on the configuration.  NULL: no memory. */
struct attest *attest_new(struct chains *chains, struct topics *topics, struct config *config) MUSTCHECK;
void attest_free(struct attest *a); /* NULL is fine */

/* Requests from now on go by this configuration; any thread. */
void attest_set_config(struct attest *a, struct config *config);

const struct stage *attest_stage(struct attest *a);

#endif
