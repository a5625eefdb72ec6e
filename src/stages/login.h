/*
 * login: the stage that meets the client's own SASL.
 *
 *   follow   it goes to the broker; who logged in is noted, and admitted, once the broker said yes
 *   refuse   the proxy logs in itself: a client that tries to is told that there is no mechanism
 *   demand   the proxy logs in itself, and clients log in at the proxy: SASL PLAIN
 *
 * What a client's tokens hold is looked into, never kept and never logged.
 */
#ifndef STAGES_LOGIN_H
#define STAGES_LOGIN_H

#include "proxy/stage.h"

struct login_stage; /* opaque */
struct users;       /* sasl/users.h */

enum login_stage_mode { LOGIN_STAGE_FOLLOW, LOGIN_STAGE_REFUSE, LOGIN_STAGE_DEMAND };

/* `users`, borrowed, is for LOGIN_STAGE_DEMAND, with which proxy_settings.demand_login goes (with LOGIN_STAGE_FOLLOW it may).  NULL: no memory. */
struct login_stage *login_stage_new(enum login_stage_mode mode, struct users *users) MUSTCHECK;
void login_stage_free(struct login_stage *l); /* when no session is left; NULL is fine */

const struct stage *login_stage_of(struct login_stage *l);

#endif
