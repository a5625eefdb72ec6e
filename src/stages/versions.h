/*
 * versions: the stage that tells clients what can be done through us.
 *
 * It answers an ApiVersions that is newer than ours, narrows the broker's answer to
 * what we understand, and notes the client's software name and version.
 */
#ifndef STAGES_VERSIONS_H
#define STAGES_VERSIONS_H

#include "proxy/stage.h"

const struct stage *versions_stage(void);

#endif
