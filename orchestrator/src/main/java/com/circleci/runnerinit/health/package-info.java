/** Liveness, readiness and metrics over HTTP, on {@code :7623}. */
@NullMarked
package com.circleci.runnerinit.health;

import org.jspecify.annotations.NullMarked;
