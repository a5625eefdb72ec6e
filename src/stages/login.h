/*
 * login: the stage that meets the client's own SASL.
 *
 *   follow   it goes to the broker; who logged in is noted once the broker said yes
 *   refuse   the proxy logs in itself: a client that tries to is told that there is no mechanism
 *
 * What a client's tokens hold is looked into, never kept and never logged.
 */
#ifndef STAGES_LOGIN_H
#define STAGES_LOGIN_H

#include "proxy/stage.h"

struct login_stage; /* opaque */

enum login_stage_mode { LOGIN_STAGE_FOLLOW, LOGIN_STAGE_REFUSE };

struct login_stage *login_stage_new(enum login_stage_mode mode) MUSTCHECK; /* NULL: no memory */
void login_stage_free(struct login_stage *l); /* when no session is left; NULL is fine */

const struct stage *login_stage_of(struct login_stage *l);

#endif
