/* What login.c and login_local.c share. */
#ifndef STAGES_LOGIN_INTERNAL_H
#define STAGES_LOGIN_INTERNAL_H

#include "stages/login.h"

struct login_stage {
	struct stage stage;
	enum login_stage_mode mode;
	struct users *users; /* LOGIN_STAGE_DEMAND; borrowed */
};

/* login_local.c: clients log in here. */
enum stage_verdict login_local_request(struct login_stage *l, struct exchange *x);
void login_local_lost(struct login_stage *l, struct exchange *x);
void login_local_session_free(void *state);

/* "User:NAME". */
void login_set_principal(struct exchange *x, struct slice name);

#endif
