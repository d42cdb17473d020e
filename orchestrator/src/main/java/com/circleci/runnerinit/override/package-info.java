/** Hands over to a custom init process, which then starts the orchestrator. */
@NullMarked
package com.circleci.runnerinit.override;

import org.jspecify.annotations.NullMarked;
