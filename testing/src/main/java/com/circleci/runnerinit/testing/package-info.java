/** What tests of the orchestrator put around it: a runner API, its certificates, and eyes. */
@NullMarked
package com.circleci.runnerinit.testing;

import org.jspecify.annotations.NullMarked;
