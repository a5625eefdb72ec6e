/*
 * recall_file: a verifier's memory in a file, for one run at a time.
 *
 *   {"format":"makoto-kafka-memory/1","clusterId":"…","dbomTopic":"…","dbomClusterId":"…","chains":[
 *   {"chain":"…","topic":"…","topicId":"…","partition":0,"windowId":7,"statement":"…","end":70},
 *   …]}
 *
 * FILE.lock is locked from opening to closing.  FILE is replaced as a whole: after a crash it is the old one or the new one.
 */
#ifndef CTL_RECALL_FILE_H
#define CTL_RECALL_FILE_H

#include "verify/recall.h"

struct recall_file {
	const char *path;
	int lock_fd; /* below 0: closed */
	bool begins; /* there was no file */
	struct recall memory;
};

/*
 * Reads the file; one that is not there is empty.  0; ERR_CONFIG: it is no such file, or of
 * another statement topic; ERR_NOT_NOW: another run has it; ERR_IO, ERR_NOMEM; `why` says it with the path.
 */
int recall_file_open(const char *path, const char *dbom_topic, struct recall_file *ret, char *why, size_t why_len) MUSTCHECK;
int recall_file_save(struct recall_file *f, const char *dbom_topic, char *why, size_t why_len) MUSTCHECK; /* 0, ERR_IO, ERR_NOMEM */
void recall_file_close(struct recall_file *f);

#endif
