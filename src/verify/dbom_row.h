/*
 * dbom_row: several statement topics as one row of partitions.
 *
 *   "makoto.dbom,west.makoto.dbom"   those of the n-th topic, counted from 0, have the numbers from n * DBOM_ROW_PARTITIONS on
 */
#ifndef VERIFY_DBOM_ROW_H
#define VERIFY_DBOM_ROW_H

#include "base/err.h"
#include "base/slice.h"

enum { DBOM_ROW_PARTITIONS = 1 << 20 /* more than any cluster has */, DBOM_ROW_TOPICS = 2047, DBOM_ROW_NAME = 250 };

/* The topic and its own partition of a number.  0, or ERR_NOTFOUND: there are not so many. */
int dbom_row_place(const char *topics, int32_t number, char ret_topic[DBOM_ROW_NAME], int32_t *ret_partition) MUSTCHECK;

/* Are these names of topics, as far as one can tell, none of them twice? */
bool dbom_row_is_good(const char *topics);

#endif
